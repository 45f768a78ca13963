//! Running the binary: to its end, in the background, and as a registry with a folder of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Nothing takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a command ended.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary with these words, in a clean environment: no HOME, no variables of ours.
pub(crate) fn command(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paste-registry"));
    command
        .args(line.split_whitespace())
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().expect("started");
    Output {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until it holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes that `parent` started.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).expect("listed");
    let lists =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// A process in the background whose output is read. Dropping it kills it.
pub(crate) struct Background {
    child: Child,
    lines: Receiver<String>,
}

/// Starts one.
pub(crate) fn spawn(command: &mut Command) -> Background {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("started");
    let out = child.stdout.take().expect("piped");
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Background { child, lines }
}

impl Background {
    /// The next line that has `part` in it.
    pub(crate) fn line_with(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(part) => return line,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("no line with {part}"),
                Err(RecvTimeoutError::Disconnected) => panic!("ended without a line with {part}"),
            }
        }
    }

    /// As a person does with Ctrl-C.
    pub(crate) fn interrupt(&self) {
        signal(self.child.id(), Signal::INT);
    }

    /// Waits for its end, which is a good one.
    pub(crate) fn ended(mut self) {
        let status = self.child.wait().expect("ended");
        assert_eq!(status.code(), Some(0));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(id: u32, signal: Signal) {
    let id = i32::try_from(id)
        .ok()
        .and_then(Pid::from_raw)
        .expect("an id");
    kill_process(id, signal).expect("signalled");
}

/// A registry on a free port, with a folder of its own. Dropping it kills it.
pub(crate) struct Registry {
    dir: TempDir,
    flags: Vec<String>,
    address: String,
    child: Child,
}

impl Registry {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        Self::start_in(tempfile::tempdir().expect("a folder"), flags, "127.0.0.1:0")
    }

    fn start_in(dir: TempDir, flags: Vec<String>, address: &str) -> Self {
        let child = command("serve --set log.filter=warn")
            .args(["--http", address, "--data-dir"])
            .arg(dir.path())
            .args(&flags)
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        let mut registry = Self {
            dir,
            flags,
            address: String::new(),
            child,
        };
        let file = registry.dir.path().join("address");
        eventually("it serves", || {
            let ended = registry.child.try_wait().expect("asked");
            assert!(ended.is_none(), "it ended: {ended:?}");
            registry.address = std::fs::read_to_string(&file).unwrap_or_default();
            registry.address.ends_with('\n')
        });
        registry.address = registry.address.trim().to_owned();
        registry
    }

    /// Stops it as a system does, and starts it again where it was.
    pub(crate) fn restart(mut self) -> Self {
        self.terminate();
        let (dir, flags) = (
            std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a folder")),
            self.flags.clone(),
        );
        Self::start_in(dir, flags, &self.address.clone())
    }

    /// Stops it, which it does well and tidily.
    pub(crate) fn stop(mut self) {
        self.terminate();
        assert!(!self.dir.path().join("address").exists());
    }

    fn terminate(&mut self) {
        signal(self.child.id(), Signal::TERM);
        let status = self.child.wait().expect("ended");
        assert_eq!(status.code(), Some(0));
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = command(line);
        command.env("PASTE_REGISTRY_URL", self.url());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        run(&mut self.command(line))
    }

    /// Runs a command that ends well, and reads its JSON.
    pub(crate) fn json(&self, line: &str) -> Value {
        let output = self.run(&format!("{line} --output json"));
        assert_eq!(output.code, 0, "{line}: {}", output.err);
        serde_json::from_str(&output.out).expect("JSON")
    }

    pub(crate) fn spawn(&self, line: &str) -> Background {
        spawn(&mut self.command(line))
    }

    /// The answer as it comes, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("read");
        answer
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
