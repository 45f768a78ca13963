//! A registry as a process of its own, started, stopped, killed and paused like one in production.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::http::{self, Reply};
use crate::{process, until};

/// The binary under test: `PASTE_TESTS_BINARY`, else the one that cargo builds, built once if it isn't there.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = env::var_os("PASTE_TESTS_BINARY") {
            return named.into();
        }
        let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--package", "paste-registry"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "cannot build paste-registry"
        );
        // target/<profile>/deps/e2e-<hash> is what runs.
        let program = env::current_exe().expect("a program knows its own path");
        let profile = program
            .parent()
            .and_then(Path::parent)
            .expect("it lies in target/<profile>/deps");
        profile.join("paste-registry")
    })
}

/// A running registry. Dropping it kills it and removes its data.
pub struct Registry {
    child: Child,
    data: PathBuf,
    /// Removes the folder, where it is ours.
    _folder: Option<tempfile::TempDir>,
    address: String,
    options: Vec<String>,
    variables: Vec<(String, String)>,
    /// Open files that it may have, where that is limited.
    files_max: Option<u32>,
}

/// Where a registry listens, and what it is started with.
#[derive(Default)]
struct Setup<'a> {
    /// A free port of the loopback interface where nothing is said.
    http: Option<&'a str>,
    options: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    files_max: Option<u32>,
}

impl Registry {
    /// Starts one with an empty data folder on a free port of the loopback interface.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options of `serve`.
    pub fn start_with(options: &[&str]) -> Self {
        Self::launch_anew(&Setup {
            options,
            ..Setup::default()
        })
    }

    /// Starts one that listens at `http`, with further options of `serve` and variables of its environment.
    pub fn start_at(http: &str, options: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::launch_anew(&Setup {
            http: Some(http),
            options,
            variables,
            ..Setup::default()
        })
    }

    /// Starts one that may have only so many files open, connections included.
    pub fn start_with_files(files_max: u32) -> Self {
        Self::launch_anew(&Setup {
            files_max: Some(files_max),
            ..Setup::default()
        })
    }

    /// Starts one with its data in `data`, which stays.
    pub fn start_in(data: &Path) -> Self {
        Self::launch(data.to_owned(), None, &Setup::default())
    }

    fn launch_anew(setup: &Setup<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().to_owned();
        Self::launch(data, Some(folder), setup)
    }

    fn launch(data: PathBuf, folder: Option<tempfile::TempDir>, setup: &Setup<'_>) -> Self {
        let owned = |text: &&str| (*text).to_owned();
        let variables = setup.variables.iter();
        let options: Vec<String> = setup.options.iter().map(owned).collect();
        let variables: Vec<_> = variables
            .map(|(name, value)| (owned(name), owned(value)))
            .collect();
        let http = setup.http.unwrap_or("127.0.0.1:0");
        let child = spawn(&data, http, &options, &variables, setup.files_max);
        let mut registry = Self {
            child,
            data,
            _folder: folder,
            address: String::new(),
            options,
            variables,
            files_max: setup.files_max,
        };
        registry.address = registry.await_address();
        registry
    }

    /// `host:port` of its HTTP listener; the same after a restart.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        fs::read_to_string(log_file(&self.data)).unwrap_or_default()
    }

    /// Ends it without warning, as a crash does.
    pub fn kill(&mut self) {
        self.child.kill().expect("a running child can be killed");
        self.child.wait().expect("a killed child can be reaped");
    }

    /// Asks it to drain and end, and waits.
    pub fn terminate(&mut self) -> ExitStatus {
        process::signal(self.child.id(), "TERM");
        process::await_end(&mut self.child)
    }

    /// Starts it again after [`Registry::kill`] or [`Registry::terminate`], on the same data and port.
    pub fn start_again(&mut self) {
        self.child = self.respawn();
        self.await_address();
    }

    /// Tries to start it on the same data; gives the exit status and the log of a start that was refused.
    pub fn start_refused(&mut self) -> (ExitStatus, String) {
        self.child = self.respawn();
        let status = process::await_end(&mut self.child);
        (status, self.log())
    }

    fn respawn(&self) -> Child {
        spawn(
            &self.data,
            &self.address,
            &self.options,
            &self.variables,
            self.files_max,
        )
    }

    /// One request that must be answered with `status`.
    pub fn expect(&self, method: &str, target: &str, body: Option<&Value>, status: u16) -> Reply {
        http::expect(&self.address, method, target, body, status)
    }

    /// The server removes `address` when it begins and writes it once it answers.
    fn await_address(&mut self) -> String {
        let file = self.data.join("address");
        let log = log_file(&self.data);
        let child = &mut self.child;
        until(
            "the registry answers",
            || fs::read_to_string(&log).unwrap_or_default(),
            || {
                if let Some(status) = child.try_wait().expect("a child can be waited for") {
                    panic!(
                        "the registry ended with {status}: {}",
                        fs::read_to_string(&log).unwrap_or_default()
                    );
                }
                let address = fs::read_to_string(&file).ok()?;
                Some(address.trim().to_owned())
            },
        )
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(
    data: &Path,
    http: &str,
    options: &[String],
    variables: &[(String, String)],
    files_max: Option<u32>,
) -> Child {
    let _stale = fs::remove_file(data.join("address"));
    let log = fs::File::create(log_file(data)).expect("a log file");
    let mut command = match files_max {
        None => command(),
        // The shell sets both limits, so that the process can't raise it, and then becomes the process.
        Some(files_max) => {
            let mut shell = without_our_variables("sh");
            shell
                .args([
                    "-c",
                    &format!("ulimit -n {files_max} && exec \"$0\" \"$@\""),
                ])
                .arg(binary());
            shell
        }
    };
    command
        .args(["serve", "--http", http, "--data-dir"])
        .arg(data)
        .args(options)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", binary().display()))
}

/// The binary, without what the environment of these tests would tell it.
pub fn command() -> Command {
    without_our_variables(binary())
}

fn without_our_variables(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("PASTE_REGISTRY_") {
            command.env_remove(name);
        }
    }
    command
}

fn log_file(data: &Path) -> PathBuf {
    data.join("test.log")
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address").port()
}
