//! Probes as scenarios over a network that a test makes up, and over real servers on loopback.

mod plan;
mod wire;
mod world;
