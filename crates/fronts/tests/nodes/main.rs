//! What nodes tell each other, over real engines that share a store in this process.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "the tests of the native API use more of it")]
#[path = "../rest/harness.rs"]
mod harness;
mod joined;
#[expect(dead_code, reason = "the tests of the native API use more of it")]
mod neighbours;
mod signs;
