//! What the fronts count, as plain atomics: the server renders them.
//!
//! Invariants: nothing here takes a lock or allocates; the number of series is fixed when this is compiled.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds of the histograms' buckets, in seconds; beyond the last there is one more bucket.
pub const BUCKETS_SECONDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    30.0, 300.0,
];

/// Durations, by how long they were.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; BUCKETS_SECONDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    /// Notes one duration.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BUCKETS_SECONDS.partition_point(|bound| *bound < seconds);
        self.counts[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(
            u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
            Relaxed,
        );
    }

    /// How many fell into each bucket (not cumulated), the last of them unbounded.
    pub fn counts(&self) -> [u64; BUCKETS_SECONDS.len() + 1] {
        std::array::from_fn(|bucket| self.counts[bucket].load(Relaxed))
    }

    /// All durations together, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64()
    }
}

/// Requests to one route.
#[derive(Debug, Default)]
pub struct RouteMetrics {
    classes: [AtomicU64; 5],
    /// From the request's head to the answer's head.
    pub durations: Histogram,
}

impl RouteMetrics {
    /// Notes a request that was answered with `status`.
    pub fn observe(&self, status: http::StatusCode, duration: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Relaxed);
        self.durations.observe(duration);
    }

    /// Requests by the first digit of the status, `1xx` to `5xx`.
    pub fn classes(&self) -> [u64; 5] {
        std::array::from_fn(|class| self.classes[class].load(Relaxed))
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What the fronts count.
#[derive(Debug)]
pub struct Metrics {
    /// Requests by route, in the order of [`Metrics::ROUTES`].
    pub routes: [RouteMetrics; Self::ROUTES.len()],
    /// From the moment a change was applied until it was handed to a subscriber's socket.
    pub change_latency: Histogram,
    /// Watch streams that are open.
    pub streams_open: Gauge,
    /// Requests that wait: long polls, and those that name a revision which another node has told.
    pub polls_waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            routes: std::array::from_fn(|_| RouteMetrics::default()),
            change_latency: Histogram::default(),
            streams_open: Gauge::default(),
            polls_waiting: Gauge::default(),
        }
    }
}

impl Metrics {
    /// The words for the routes of all fronts: those of the native API, then those of the others.
    pub const ROUTES: [&'static str; 47] = [
        "services",
        "service",
        "instances",
        "instance",
        "instance-heartbeat",
        "override",
        "explain",
        "events",
        "batch",
        "session",
        "session-heartbeat",
        "watch",
        "namespaces",
        "namespace",
        "tokens",
        "token",
        "status",
        "cluster",
        "owner",
        "backup",
        "restore",
        "openapi",
        "healthz",
        "readyz",
        "metrics",
        "overrides",
        "policies",
        "policy",
        "policy-history",
        "service-stats",
        "unknown",
        "configs",
        "config",
        "config-releases",
        "config-release",
        "config-diff",
        "config-rollback",
        "config-gray",
        "config-draft",
        "config-approve",
        "config-subscribers",
        "config-events",
        "configs-release",
        "configs-clone",
        "configs-acks",
        "configs-effective",
        "node-signs",
    ];

    /// Where the routes of configuration begin.
    pub(crate) const CONFIG_ROUTES_AT: usize = 31;

    /// Every route's word with what was counted of it.
    pub fn by_route(&self) -> impl Iterator<Item = (&'static str, &RouteMetrics)> {
        Self::ROUTES.into_iter().zip(&self.routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(1));
        histogram.observe(Duration::from_secs(1000));
        let counts = histogram.counts();
        assert_eq!((counts[3], counts[16], counts.iter().sum()), (1, 1, 2_u64));
        assert!((histogram.sum_seconds() - 1000.001).abs() < 1e-6);
    }

    #[test]
    fn requests_are_counted_by_class() {
        let metrics = Metrics::default();
        metrics.routes[2].observe(http::StatusCode::NOT_MODIFIED, Duration::ZERO);
        let (word, route) = metrics.by_route().nth(2).expect("there");
        assert_eq!((word, route.classes()), ("instances", [0, 0, 1, 0, 0]));
    }
}
