//! What this process serves, counted for the heartbeat by its server middleware.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the calls that a process serves. Cloning it counts on together.
#[derive(Debug, Clone, Default)]
pub struct Served(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    used: AtomicU64,
    in_flight: AtomicU64,
    requests: AtomicU64,
    errors: AtomicU64,
}

/// A call that is being served. Dropping it without a word counts it as failed: whoever served it was interrupted.
#[derive(Debug)]
#[must_use = "dropped at once, it counts as failed"]
pub struct Serving {
    served: Served,
    failed: bool,
}

impl Served {
    /// A call began.
    pub fn begin(&self) -> Serving {
        self.0.used.store(1, Ordering::Relaxed);
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        Serving {
            served: self.clone(),
            failed: true,
        }
    }

    /// In flight, requests and errors since this was last asked; nothing where nobody counts.
    pub(crate) fn take(&self) -> Option<(u64, u64, u64)> {
        if self.0.used.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let errors = self.0.errors.swap(0, Ordering::Relaxed);
        let requests = self.0.requests.swap(0, Ordering::Relaxed);
        let in_flight = self.0.in_flight.load(Ordering::Relaxed);
        Some((in_flight, requests, errors.min(requests)))
    }

    /// Counts again what couldn't be told.
    pub(crate) fn put_back(&self, requests: u64, errors: u64) {
        self.0.requests.fetch_add(requests, Ordering::Relaxed);
        self.0.errors.fetch_add(errors, Ordering::Relaxed);
    }
}

impl Serving {
    /// It was served.
    pub fn done(mut self, success: bool) {
        self.failed = !success;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let counters = &self.served.0;
        counters.requests.fetch_add(1, Ordering::Relaxed);
        if self.failed {
            counters.errors.fetch_add(1, Ordering::Relaxed);
        }
        counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_once() {
        let served = Served::default();
        assert_eq!(served.take(), None);
        let open = served.begin();
        served.begin().done(true);
        drop(served.begin());
        assert_eq!(served.take(), Some((1, 2, 1)));
        open.done(true);
        served.put_back(2, 1);
        assert_eq!(served.take(), Some((0, 3, 1)));
    }
}
