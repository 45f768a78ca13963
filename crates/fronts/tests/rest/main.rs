//! The native API, driven in this process: a real engine on the embedded store, everything but the socket.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod access;
mod administration;
mod audit;
mod codes;
mod harness;
mod limits;
mod openapi;
mod reads;
mod resources;
mod watch;
