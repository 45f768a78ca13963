//! An etcd of our own: one member on loopback, with its data in a temporary folder.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::eventually;

/// A member that is running, or was stopped.
pub(crate) struct Server {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    peer_port: u16,
    /// All members of its cluster, by the ports on which they find each other.
    peer_ports: Vec<u16>,
    options: Vec<String>,
    tls: bool,
}

impl Server {
    /// Starts a member with these options beside those that it needs.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), options, false)
    }

    /// Starts a member that speaks TLS, with certificates that lie in `folder`.
    pub(crate) fn start_in(folder: TempDir, options: &[&str], tls: bool) -> Self {
        let peer_port = free_port();
        let mut server = Self {
            child: None,
            folder,
            port: free_port(),
            peer_port,
            peer_ports: vec![peer_port],
            options: options.iter().map(ToString::to_string).collect(),
            tls,
        };
        server.resume();
        server
    }

    /// Starts a cluster of three.
    pub(crate) fn start_three() -> Vec<Self> {
        let peer_ports: Vec<_> = (0..3).map(|_| free_port()).collect();
        let mut members: Vec<_> = peer_ports
            .iter()
            .map(|peer_port| Self {
                child: None,
                folder: tempfile::tempdir().expect("a folder"),
                port: free_port(),
                peer_port: *peer_port,
                peer_ports: peer_ports.clone(),
                options: Vec::new(),
                tls: false,
            })
            .collect();
        // None serves before there are two.
        members.iter_mut().for_each(Self::spawn);
        members.iter_mut().for_each(Self::wait);
        members
    }

    /// Starts it again where it was, and waits until it serves.
    pub(crate) fn resume(&mut self) {
        self.spawn();
        self.wait();
    }

    fn spawn(&mut self) {
        let scheme = if self.tls { "https" } else { "http" };
        let client = format!("{scheme}://127.0.0.1:{}", self.port);
        let peer = format!("http://127.0.0.1:{}", self.peer_port);
        let cluster: Vec<_> = self
            .peer_ports
            .iter()
            .map(|port| format!("{port}=http://127.0.0.1:{port}"))
            .collect();
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let child = Command::new("etcd")
            .arg("--data-dir")
            .arg(self.data())
            .args([
                "--listen-client-urls",
                &client,
                "--advertise-client-urls",
                &client,
            ])
            .args([
                "--listen-peer-urls",
                &peer,
                "--initial-advertise-peer-urls",
                &peer,
            ])
            .args(["--name", &self.peer_port.to_string()])
            .args(["--initial-cluster", &cluster.join(",")])
            .args(["--logger", "zap", "--log-level", "error"])
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| {
            panic!("these tests need etcd ({error}): apt-get install etcd-server")
        }));
    }

    fn wait(&mut self) {
        // TLS asks for a certificate before it serves anything, so there it is enough that it listens.
        eventually("etcd serves", || {
            let exited = self.child.as_mut().and_then(|child| child.try_wait().ok());
            if let Some(Some(status)) = exited {
                let log = std::fs::read_to_string(self.folder.path().join("log"));
                panic!("etcd ended with {status}: {}", log.unwrap_or_default());
            }
            match self.tls {
                true => TcpStream::connect(("127.0.0.1", self.port)).is_ok(),
                false => healthy(self.port),
            }
        });
    }

    /// Ends it as a crash would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
        }
    }

    /// Stops it in its tracks, connections open: it takes what is sent and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let child = self.child.as_ref().expect("it runs");
        let id = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(id, signal).expect("it is ours");
    }

    /// Stops it and takes all its data away.
    pub(crate) fn wipe(&mut self) {
        self.stop();
        std::fs::remove_dir_all(self.data()).expect("removable");
    }

    /// A copy of its data, which must be stopped.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        run(Command::new("cp")
            .arg("-a")
            .arg(self.data())
            .arg(copy.path()));
        copy
    }

    /// Takes it, stopped, back to a copy.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        std::fs::remove_dir_all(self.data()).expect("removable");
        let data = copy.path().join("data");
        run(Command::new("cp")
            .arg("-a")
            .arg(data)
            .arg(self.folder.path()));
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Asks its JSON gateway.
    pub(crate) fn ask(&self, path: &str, body: &str) -> String {
        let answer = http(self.port, "POST", path, body).expect("etcd answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        answer
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it starts").success());
}

fn healthy(port: u16) -> bool {
    http(port, "GET", "/health", "").is_ok_and(|answer| answer.contains("\"true\""))
}

fn http(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The number in the first field of this name in a JSON text.
pub(crate) fn field(json: &str, name: &str) -> String {
    let start = format!("\"{name}\":\"");
    let rest = json.split(&start).nth(1).expect("the field");
    rest.split('"').next().expect("its value").to_owned()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
