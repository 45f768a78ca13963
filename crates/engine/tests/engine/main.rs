//! The engine over the embedded store: what each command promises, across restarts too.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod access;
mod batch;
mod expiry;
mod harness;
mod history;
mod instances;
mod lost;
mod sessions;
mod settings;
