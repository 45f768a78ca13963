//! A node in a process of its own, which can be killed.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use paste_store::etcd::Config;

use super::member;
use crate::place::open;

/// Where the process is told what to be: endpoint, prefix, node and lease, with spaces between.
const WHAT: &str = "PASTE_STORE_TEST_NODE";

/// A process with a node in it.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(config: &Config, node: &str, lease_ttl: Duration) -> Self {
        let what = format!(
            "{} {} {node} {}",
            config.endpoints[0],
            config.prefix,
            lease_ttl.as_millis()
        );
        let child = Command::new(std::env::current_exe().expect("its path"))
            .args(["--exact", "membership::process::the_process"])
            .env(WHAT, what)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("it starts"))
    }

    pub(super) fn kill(&mut self) {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: what runs in the process.
#[test]
fn the_process() {
    let Ok(what) = std::env::var(WHAT) else {
        return;
    };
    let words: Vec<_> = what.split(' ').collect();
    let [endpoint, prefix, node, lease_ms] = words[..] else {
        panic!("{what:?}");
    };
    let config = Config {
        prefix: prefix.to_owned(),
        ..Config::new(vec![endpoint.to_owned()], node.parse().expect("a name"))
    };
    let lease_ttl = Duration::from_millis(lease_ms.parse().expect("a number"));
    let _store = open(&member(&config, node, lease_ttl));
    // Its standard input ends with whoever started it.
    let _ = std::io::stdin().read(&mut [0]);
    std::process::abort();
}
