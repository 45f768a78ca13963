//! The SDK against the real registry, as a process of its own.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod agent;
mod backend;
mod blocking;
mod calling;
mod configuring;
mod discovering;
mod integrating;
mod readme;
mod registry;

use std::time::{Duration, Instant};

use paste_registry_client::Options;

/// How long something may take. It bounds a failure; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `condition` gives a value.
async fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Options for the registry at `address`, with nothing from the environment.
fn options(address: &str) -> Options {
    Options {
        urls: vec![format!("http://{address}")],
        token: None,
        drain_delay: Duration::from_millis(50),
        ..Options::default()
    }
}
