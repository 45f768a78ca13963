//! An etcd of our own: one member or three on loopback, with their data in temporary folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{http, ports, process, until};

/// How long a member may take to answer a question of these tests.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A cluster of etcd. Dropping it ends its members and removes their data.
pub struct Etcd {
    members: Vec<Member>,
}

impl Etcd {
    /// Starts `count` members and waits until they serve.
    pub fn start(count: usize) -> Self {
        let places: Vec<(u16, u16)> = (0..count)
            .map(|_| (ports::reserve(), ports::reserve()))
            .collect();
        let cluster: Vec<String> = places
            .iter()
            .map(|(_, peer)| format!("m{peer}=http://127.0.0.1:{peer}"))
            .collect();
        let mut etcd = Self {
            members: places
                .into_iter()
                .map(|(port, peer)| Member::new(port, peer, cluster.join(",")))
                .collect(),
        };
        etcd.resume();
        etcd
    }

    /// Its members.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One of them.
    pub fn member(&mut self, index: usize) -> &mut Member {
        &mut self.members[index]
    }

    /// Kills all that run.
    pub fn kill(&mut self) {
        self.members.iter_mut().for_each(Member::kill);
    }

    /// Starts all that don't run, and waits until all serve.
    pub fn resume(&mut self) {
        // None serves before most of them run.
        self.members.iter_mut().for_each(Member::spawn);
        self.members.iter_mut().for_each(Member::wait);
    }

    /// Kills all and takes their data away: they begin anew, each knowing the others, when they are resumed.
    pub fn wipe(&mut self) {
        self.kill();
        for member in &self.members {
            fs::remove_dir_all(member.data()).expect("removable");
        }
    }

    /// The member that leads, if one does.
    pub fn leader(&self) -> Option<usize> {
        self.members.iter().position(|member| {
            member
                .ask("/v3/maintenance/status", &json!({}))
                .is_some_and(|status| {
                    status["leader"].is_string()
                        && status["leader"] == status["header"]["member_id"]
                })
        })
    }

    /// Forgets all that was before now. Whoever follows from further back is told so.
    pub fn compact(&self) {
        let member = &self.members[0];
        let status = member.ask("/v3/maintenance/status", &json!({}));
        let revision = status.expect("etcd answers")["header"]["revision"].clone();
        let compacted = member.ask(
            "/v3/kv/compaction",
            &json!({ "revision": revision, "physical": true }),
        );
        assert!(compacted.is_some(), "etcd compacts");
    }

    /// The last lines of what each member has logged.
    pub fn tails(&self) -> String {
        let tails = self.members.iter().map(|member| {
            let log = fs::read_to_string(member.log()).unwrap_or_default();
            format!("--- etcd {}\n{}", member.port, crate::tail(&log))
        });
        tails.collect()
    }
}

/// One member, which is running or was stopped.
pub struct Member {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    peer_port: u16,
    cluster: String,
}

impl Member {
    fn new(port: u16, peer_port: u16, cluster: String) -> Self {
        Self {
            child: None,
            folder: folder(),
            port,
            peer_port,
            cluster,
        }
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would, if it runs.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
        }
    }

    /// Starts it again where it was, and waits until it serves.
    pub fn resume(&mut self) {
        self.spawn();
        self.wait();
    }

    /// Stops it in its tracks, connections open: it takes what is sent and answers nothing.
    pub fn freeze(&self) {
        process::signal(self.pid(), "STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        process::signal(self.pid(), "CONT");
    }

    /// A copy of its data. It must be stopped.
    pub fn copy(&self) -> TempDir {
        assert!(self.child.is_none(), "a copy of what changes is no copy");
        let copy = folder();
        replicate(&self.data(), copy.path());
        copy
    }

    /// Takes it, stopped, back to a copy.
    pub fn put_back(&self, copy: &TempDir) {
        assert!(self.child.is_none(), "it is stopped first");
        fs::remove_dir_all(self.data()).expect("removable");
        replicate(&copy.path().join("data"), self.folder.path());
    }

    /// Asks its JSON gateway; `None` when it doesn't answer with 200.
    pub fn ask(&self, path: &str, body: &Value) -> Option<Value> {
        let address = self.address();
        let reply = http::request_within(&address, "POST", path, &[], Some(body), ANSWER_LIMIT);
        reply
            .ok()
            .filter(|reply| reply.status == 200)
            .map(|reply| reply.json())
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn spawn(&mut self) {
        if self.child.is_some() {
            return;
        }
        let client = format!("http://{}", self.address());
        let peer = format!("http://127.0.0.1:{}", self.peer_port);
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log");
        let child = Command::new("etcd")
            .args(["--name", &format!("m{}", self.peer_port)])
            .arg("--data-dir")
            .arg(self.data())
            .args(["--listen-client-urls", &client])
            .args(["--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer])
            .args(["--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &self.cluster])
            .args(["--logger", "zap", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| {
            panic!("these tests need etcd ({error}): apt-get install etcd-server")
        }));
    }

    fn wait(&mut self) {
        let (address, log) = (self.address(), self.log());
        let child = self.child.as_mut().expect("it was started");
        let said = || fs::read_to_string(&log).unwrap_or_default();
        until("etcd serves", said, || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("etcd ended with {status}: {}", said());
            }
            let reply = http::request_within(&address, "GET", "/health", &[], None, ANSWER_LIMIT);
            // Without a leader it says that it isn't healthy.
            reply
                .is_ok_and(|reply| reply.json()["health"] == "true")
                .then_some(())
        });
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// In memory where that can be: these tests kill processes and not machines, and a busy disk is none of their faults.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a temporary folder")
}

fn replicate(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "cannot copy {}",
        from.display()
    );
}
