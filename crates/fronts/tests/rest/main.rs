//! The native API, driven in this process: a real engine on the embedded store, everything but the socket.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod access;
mod administration;
mod audit;
mod behind;
mod cluster;
mod codes;
mod configs;
mod harness;
mod limits;
#[path = "../nodes/neighbours.rs"]
mod neighbours;
mod openapi;
mod policies;
mod reads;
mod resources;
mod watch;
