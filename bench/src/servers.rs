//! The servers that are measured, each a process on the server's core, killed when dropped.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Arguments, Failure, SERVER_CORE};

/// How long a server may take to listen; a registry with a million instances reads them first.
const START_LIMIT: Duration = Duration::from_secs(120);

/// As many as a machine may have; those that it doesn't have are passed over.
pub(crate) const ALL_CORES: &str = "0-1023";

/// A running server.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// Removed with the server, unless it was given.
    _folder: Option<tempfile::TempDir>,
    data: PathBuf,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same server, to be spoken to at another of its ports.
    pub(crate) fn moved_to(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(&mut self) -> Result<(), Failure> {
        let kill = format!("kill -TERM {}", self.child.id());
        Command::new("sh").args(["-c", &kill]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("a server ended with {status}").into())
        }
    }

    /// Starts a server on the server's core.
    fn launch(
        program: &Path,
        arguments: &[String],
        port: u16,
        folder: Folder,
    ) -> Result<Self, Failure> {
        Self::launch_on(&SERVER_CORE.to_string(), program, arguments, port, folder)
    }

    /// Starts a server on these cores, and waits until it listens.
    pub(crate) fn launch_on(
        cores: &str,
        program: &Path,
        arguments: &[String],
        port: u16,
        folder: Folder,
    ) -> Result<Self, Failure> {
        let log = fs::File::create(folder.path.join("bench.log"))?;
        // `exec`, so that the process we know is the server itself.
        let child = Command::new("taskset")
            .args(["-c", cores])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _folder: folder.owned,
            data: folder.path,
        };
        server.await_listener()?;
        Ok(server)
    }

    fn await_listener(&mut self) -> Result<(), Failure> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let log = || fs::read_to_string(self.data.join("bench.log")).unwrap_or_default();
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("a server ended with {status}: {}", log()).into());
            }
            if started.elapsed() > START_LIMIT {
                return Err(format!("a server does not listen: {}", log()).into());
            }
            thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }
}

impl Server {
    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder for a server's data.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    owned: Option<tempfile::TempDir>,
}

impl Folder {
    /// An empty one on the disk that the binaries are on, because a fsync in memory costs nothing.
    pub(crate) fn temporary(arguments: &Arguments) -> Result<Self, Failure> {
        let owned = tempfile::tempdir_in(&arguments.binaries)?;
        Ok(Self {
            path: owned.path().to_owned(),
            owned: Some(owned),
        })
    }

    /// One that outlives the server.
    pub(crate) fn kept(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            owned: None,
        }
    }
}

/// The registry, as shipped but for its log level.
pub(crate) fn registry(arguments: &Arguments, folder: Folder) -> Result<Server, Failure> {
    registry_on(&SERVER_CORE.to_string(), arguments, folder)
}

/// The registry on all cores, for what has no reference beside it.
pub(crate) fn registry_at_large(arguments: &Arguments, folder: Folder) -> Result<Server, Failure> {
    registry_on(ALL_CORES, arguments, folder)
}

fn registry_on(cores: &str, arguments: &Arguments, folder: Folder) -> Result<Server, Failure> {
    let port = free_port()?;
    let options = [
        "serve".to_owned(),
        "--http".to_owned(),
        format!("127.0.0.1:{port}"),
        "--data-dir".to_owned(),
        folder.path.display().to_string(),
    ];
    Server::launch_on(
        cores,
        &arguments.binaries.join("paste-registry"),
        &options,
        port,
        folder,
    )
}

/// An empty registry.
pub(crate) fn empty_registry(arguments: &Arguments) -> Result<Server, Failure> {
    registry(arguments, Folder::temporary(arguments)?)
}

/// nginx with one worker, serving `body` as the static file `/answer`.
pub(crate) fn nginx(arguments: &Arguments, body: &[u8]) -> Result<Server, Failure> {
    let port = free_port()?;
    let folder = Folder::temporary(arguments)?;
    fs::write(folder.path.join("answer"), body)?;
    let configuration = format!(
        "daemon off; master_process off; error_log stderr; pid nginx.pid; worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
  open_file_cache max=16 inactive=1h; default_type application/json;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}",
        root = folder.path.canonicalize()?.display(),
    );
    // The worker gives up root and must still reach the file.
    let configuration = format!("user root;\n{configuration}");
    let file = folder.path.canonicalize()?.join("nginx.conf");
    fs::write(&file, configuration)?;
    let prefix = folder.path.canonicalize()?.display().to_string();
    let options = [
        "-p".to_owned(),
        prefix,
        "-c".to_owned(),
        file.display().to_string(),
    ];
    Server::launch(Path::new("/usr/sbin/nginx"), &options, port, folder)
}

/// etcd alone, on the same disk, as shipped.
pub(crate) fn etcd(arguments: &Arguments) -> Result<Server, Failure> {
    let (port, peers) = (free_port()?, free_port()?);
    let folder = Folder::temporary(arguments)?;
    let options = [
        format!("--data-dir={}", folder.path.join("etcd").display()),
        format!("--listen-client-urls=http://127.0.0.1:{port}"),
        format!("--advertise-client-urls=http://127.0.0.1:{port}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peers}"),
        format!("--initial-cluster=default=http://127.0.0.1:{peers}"),
    ];
    let server = Server::launch(Path::new("etcd"), &options, port, folder)?;
    // It listens a moment before it has elected itself; the first put then waits for that.
    Ok(server)
}

/// r-nacos, which keeps instances in memory; `None` where it wasn't built.
pub(crate) fn rnacos(arguments: &Arguments) -> Result<Option<Server>, Failure> {
    rnacos_node(&SERVER_CORE.to_string(), free_port()?, "", arguments)
}

/// One of its nodes, on these cores and with this port for gRPC; `further` are more lines of its file.
pub(crate) fn rnacos_node(
    cores: &str,
    grpc: u16,
    further: &str,
    arguments: &Arguments,
) -> Result<Option<Server>, Failure> {
    let program = Path::new(".tools/bin/rnacos").canonicalize();
    let Ok(program) = program else {
        return Ok(None);
    };
    let port = free_port()?;
    let folder = Folder::temporary(arguments)?;
    let file = folder.path.join("rnacos.env");
    fs::write(
        &file,
        format!(
            "RNACOS_HTTP_PORT={port}\nRNACOS_GRPC_PORT={grpc}\nRNACOS_HTTP_CONSOLE_PORT={}\nRNACOS_DATA_DIR={}\n{further}",
            free_port()?,
            folder.path.join("data").display()
        ),
    )?;
    let options = ["-e".to_owned(), file.display().to_string()];
    Server::launch_on(cores, &program, &options, port, folder).map(Some)
}

/// A bare server of `bare.rs`, in one of its modes.
pub(crate) fn bare(arguments: &Arguments, mode: &str) -> Result<Server, Failure> {
    let port = free_port()?;
    let options = [mode.to_owned(), port.to_string()];
    let program = arguments.binaries.join("paste-bench-bare");
    Server::launch(&program, &options, port, Folder::temporary(arguments)?)
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
