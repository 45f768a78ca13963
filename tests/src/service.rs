//! A service as a process of its own: `paste-test-service`, which registers, serves and renews.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::process;

/// One running copy of a service. Dropping it kills it.
pub struct Service {
    /// The service that it belongs to.
    pub name: String,
    /// Its instance id.
    pub id: String,
    child: Child,
}

impl Service {
    /// Starts `program` (`paste-test-service`) as an instance of `name`; it registers itself at `registry`.
    pub fn start(
        program: &Path,
        registry: &str,
        name: &str,
        id: &str,
        liveness: &Liveness,
    ) -> Self {
        let child = Command::new(program)
            .args([registry, name, id, &liveness.ttl, &liveness.remove_after])
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Self {
            name: name.to_owned(),
            id: id.to_owned(),
            child,
        }
    }

    /// Ends it without warning.
    pub fn kill(&mut self) {
        self.child.kill().expect("a running child can be killed");
        self.child.wait().expect("a killed child can be reaped");
    }

    /// Asks it to stop; it deregisters first.
    pub fn stop(&mut self) {
        process::signal(self.child.id(), "TERM");
        let status = process::await_end(&mut self.child);
        assert!(status.success(), "{} ended with {status}", self.id);
    }

    /// Suspends it.
    pub fn pause(&self) {
        process::signal(self.child.id(), "STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        process::signal(self.child.id(), "CONT");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// How long silence is borne, as durations of the API.
pub struct Liveness {
    /// Silence until an instance is failing.
    pub ttl: String,
    /// Silence until it is removed.
    pub remove_after: String,
}

impl Liveness {
    /// `ttl` and `remove_after` in seconds.
    pub fn seconds(ttl: u64, remove_after: u64) -> Self {
        Self {
            ttl: format!("{ttl}s"),
            remove_after: format!("{remove_after}s"),
        }
    }
}
