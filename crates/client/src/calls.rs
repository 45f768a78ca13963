//! What this process called, counted for the heartbeat.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use paste_traffic::{LATENCY_BUCKETS, latency_bucket};

/// The calls of one service since they were last told of.
pub(crate) struct Tally {
    count: AtomicU64,
    errors: AtomicU64,
    latency: [AtomicU64; LATENCY_BUCKETS],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            latency: array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

/// Calls that were taken out of a [`Tally`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    /// By bucket, trailing zeros left out.
    pub(crate) latency: Vec<u64>,
}

impl Tally {
    /// A call ended.
    pub(crate) fn add(&self, failed: bool, latency: Option<Duration>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if failed {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(latency) = latency {
            self.latency[latency_bucket(latency)].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes what was counted, if anything was.
    pub(crate) fn take(&self) -> Option<Counted> {
        let count = self.count.swap(0, Ordering::Relaxed);
        if count == 0 {
            return None;
        }
        let errors = self.errors.swap(0, Ordering::Relaxed).min(count);
        let mut latency: Vec<u64> = self
            .latency
            .iter()
            .map(|n| n.swap(0, Ordering::Relaxed))
            .collect();
        let filled = latency
            .iter()
            .rposition(|n| *n > 0)
            .map_or(0, |last| last + 1);
        latency.truncate(filled);
        Some(Counted {
            count,
            errors,
            latency,
        })
    }

    /// Counts again what couldn't be told.
    pub(crate) fn put_back(&self, counted: &Counted) {
        self.count.fetch_add(counted.count, Ordering::Relaxed);
        self.errors.fetch_add(counted.errors, Ordering::Relaxed);
        for (bucket, count) in self.latency.iter().zip(&counted.latency) {
            bucket.fetch_add(*count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        latency: u64,
        bucket: usize,
    }

    #[test]
    fn latencies_fall_into_the_buckets_of_every_sdk() {
        let text = include_str!("../../../conformance/latency-buckets.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).expect("vectors");
        for vector in vectors {
            let tally = Tally::default();
            tally.add(false, Some(Duration::from_nanos(vector.latency)));
            let counted = tally.take().expect("one call");
            assert_eq!(
                counted.latency.len(),
                vector.bucket + 1,
                "{}",
                vector.latency
            );
        }
    }

    #[test]
    fn what_could_not_be_told_is_told_with_what_came_since() {
        let tally = Tally::default();
        assert_eq!(tally.take(), None);
        tally.add(false, Some(Duration::ZERO));
        tally.add(true, None);
        let first = tally.take().expect("two calls");
        let expected = Counted {
            count: 2,
            errors: 1,
            latency: vec![1],
        };
        assert_eq!(first, expected);
        tally.put_back(&first);
        tally.add(false, Some(Duration::from_nanos(100_001)));
        let all = tally.take().expect("three calls");
        assert_eq!((all.count, all.errors, all.latency), (3, 1, vec![1, 1]));
    }
}
