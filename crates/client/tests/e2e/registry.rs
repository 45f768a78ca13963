//! A registry as a process of its own.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// The binary under test: `PASTE_TESTS_BINARY`, else the one that lies beside these tests.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("PASTE_TESTS_BINARY") {
        return named.into();
    }
    let binary = profile().join("paste-registry");
    assert!(
        binary.exists(),
        "build it first: cargo build --package paste-registry (looked for {})",
        binary.display()
    );
    binary
}

/// target/<profile>; what runs is target/<profile>/deps/e2e-<hash>.
pub(crate) fn profile() -> PathBuf {
    let program = env::current_exe().expect("a program knows its own path");
    let profile = program
        .ancestors()
        .nth(2)
        .expect("it lies in target/<profile>/deps");
    profile.to_owned()
}

/// A running registry. Dropping it kills it and removes its data.
pub(crate) struct Registry {
    child: Child,
    data: tempfile::TempDir,
    address: String,
}

impl Registry {
    /// Starts one with an empty data folder on a free port.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// Starts one with an empty data folder, which is a registry that lost its data if it was there before.
    pub(crate) fn start_at(http: &str) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(binary());
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PASTE_REGISTRY_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args(["serve", "--http", http, "--data-dir"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the registry starts");
        let mut registry = Self {
            child,
            data,
            address: String::new(),
        };
        registry.address = registry.await_address();
        registry
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it without warning, and its data with it.
    pub(crate) fn kill(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }

    /// One request, whose answer must have a status below 300; gives its body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let good = answer.starts_with("HTTP/1.1 2");
        assert!(good, "{method} {path}: {answer}");
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }

    /// Registers an instance that stays until it is taken out.
    pub(crate) fn put(&self, service: &str, id: &str, port: u16, rest: &str) {
        let path = format!("/api/v1/services/{service}/instances/{id}");
        let body = format!(r#"{{"address":"127.0.0.1","port":{port},"ephemeral":false{rest}}}"#);
        self.ask("PUT", &path, &body);
    }

    /// The server writes its address once it answers.
    fn await_address(&mut self) -> String {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none(), "the registry ended: {ended:?}");
            if let Ok(address) = fs::read_to_string(self.data.path().join("address")) {
                return address.trim().to_owned();
            }
            assert!(started.elapsed() < PATIENCE, "the registry doesn't answer");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}
