//! The store on etcd: against a real one, started for the tests on loopback.
//!
//! `suite` is the contract that every backend keeps; the others are named after what went wrong elsewhere.

#![expect(clippy::expect_used, clippy::panic, reason = "tests, all of it")]

mod agreement;
mod histories;
mod membership;
mod outages;
mod place;
mod proxy;
mod reach;
mod server;
mod streams;

use std::time::{Duration, Instant};

use place::EtcdPlace;

paste_store::contract_suite!(EtcdPlace::new());

/// Longest wait for what must come; only a broken store reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` holds.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
