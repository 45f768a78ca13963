//! What the end-to-end tests are made of: registry processes, alone or as the nodes of a cluster on etcd, service
//! processes, consumers that watch, and the faults that befall them.
//!
//! Deliberately written without the registry's own crates: these are strangers that know the API from its
//! documentation, so a mistake in our types can't cancel itself out.

pub mod client;
pub mod cluster;
pub mod crowd;
pub mod dice;
pub mod etcd;
pub mod faketime;
pub mod gate;
pub mod http;
pub mod linear;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod registers;
pub mod registry;
pub mod service;
pub mod tour;
pub mod vigil;
pub mod watch;

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// How long a condition may take to come true before a test fails. It bounds a failure; it measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of a log that are shown when a test fails.
const TAIL_LINES: usize = 40;

/// Waits until `condition` gives a value; panics with `what` and `seen` when it doesn't within [`PATIENCE`].
pub fn until<T>(what: &str, seen: impl Fn() -> String, condition: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, seen, condition)
}

/// The same with a patience of its own, for what takes its time by design.
pub fn until_within<T>(
    patience: Duration,
    what: &str,
    seen: impl Fn() -> String,
    mut condition: impl FnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            started.elapsed() < patience,
            "waited {} s in vain: {what}; seen: {}",
            patience.as_secs(),
            seen()
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// The end of a log.
pub fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let mut tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    tail.push('\n');
    tail
}

/// What carries connections through proxies and plays many clients: it lives as long as the test program.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime")
    })
}
