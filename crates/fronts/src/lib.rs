//! The protocols: each parses a request, asks the engine or the catalog, and renders the answer.
//!
//! Invariants: a front never sees the store and never calls another front. Everything a peer feeds is bounded by a
//! named limit. No lock is taken on the way of a read.

mod body;
mod fronts;
pub mod listener;
mod metrics;
pub mod nodes;
mod peer;
pub mod rest;

pub use body::{Body, Stream};
pub use fronts::Fronts;
pub use metrics::{BUCKETS_SECONDS, Gauge, Histogram, Metrics, RouteMetrics};
pub use peer::Peer;
