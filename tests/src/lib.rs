//! What the end-to-end tests are made of: a registry process, service processes, and a consumer that watches.
//!
//! Deliberately written without the registry's own crates: these are strangers that know the API from its
//! documentation, so a mistake in our types can't cancel itself out.

pub mod http;
pub mod process;
pub mod registry;
pub mod service;
pub mod watch;

use std::thread;
use std::time::{Duration, Instant};

/// How long a condition may take to come true before a test fails. It bounds a failure; it measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` gives a value; panics with `what` and `seen` when it doesn't within [`PATIENCE`].
pub fn until<T>(
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
            started.elapsed() < PATIENCE,
            "waited {} s in vain: {what}; seen: {}",
            PATIENCE.as_secs(),
            seen()
        );
        thread::sleep(Duration::from_millis(20));
    }
}
