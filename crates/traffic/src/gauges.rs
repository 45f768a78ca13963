//! What is known of one endpoint from the calls that were made to it. Written by whoever calls, read by whoever chooses,
//! without a lock: each number stands for itself, and a choice made of numbers that are a call apart is as good.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Latency that is assumed of an endpoint while nothing of its service is known, in ns.
const UNKNOWN: f64 = 30e6;
/// Least latency that a failure counts as, in ns: what fails fast must not look fast.
const FAILURE_MIN: f64 = 100e6;

/// The stamp of an endpoint that was never used.
const UNUSED: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Gauges {
    in_flight: AtomicU32,
    /// Failures since the last success.
    pub(crate) consecutive: AtomicU32,
    /// Of the interval that runs.
    pub(crate) successes: AtomicU32,
    pub(crate) failures: AtomicU32,
    /// Peak EWMA: the cost in ns as it was at `stamp`, the bits of a double.
    cost: AtomicU64,
    stamp: AtomicU64,
    observed: AtomicBool,
    /// Smooth round robin: the bits of a double. Written by whoever has the turn.
    current: AtomicU64,
}

impl Default for Gauges {
    fn default() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            consecutive: AtomicU32::new(0),
            successes: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            cost: AtomicU64::new(0),
            stamp: AtomicU64::new(UNUSED),
            observed: AtomicBool::new(false),
            current: AtomicU64::new(0),
        }
    }
}

impl Gauges {
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(crate) fn end(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Notes a success for outlier detection.
    pub(crate) fn succeeded(&self) {
        if self.consecutive.load(Relaxed) != 0 {
            self.consecutive.store(0, Relaxed);
        }
        self.successes.fetch_add(1, Relaxed);
    }

    /// Notes a failure for outlier detection; how many there are in a row.
    pub(crate) fn failed(&self) -> u32 {
        self.failures.fetch_add(1, Relaxed);
        self.consecutive.fetch_add(1, Relaxed) + 1
    }

    /// Calls needed for the same share of work: what least request compares.
    pub(crate) fn crowding(&self, weight: f64) -> f64 {
        (f64::from(self.in_flight()) + 1.0) / weight
    }

    pub(crate) fn is_used(&self) -> bool {
        self.stamp.load(Relaxed) != UNUSED
    }

    /// Gives an endpoint at its first use the latency that is usual in its service.
    pub(crate) fn seed(&self, usual: Option<f64>, now: u64) {
        self.cost.store(usual.unwrap_or(UNKNOWN).to_bits(), Relaxed);
        self.stamp.store(now, Relaxed);
    }

    /// The cost as it stands, if it rests on something observed.
    pub(crate) fn observed_cost(&self) -> Option<f64> {
        self.observed.load(Relaxed).then(|| self.cost())
    }

    #[cfg(any(test, feature = "vectors"))]
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.load(Relaxed)
    }

    fn cost(&self) -> f64 {
        f64::from_bits(self.cost.load(Relaxed))
    }

    /// What peak EWMA compares. The endpoint must have been used before.
    pub(crate) fn load(&self, now: u64, decay: f64, weight: f64) -> f64 {
        let cost = self.cost() * kept(self.stamp.load(Relaxed), now, decay);
        (cost + 1.0) * (f64::from(self.in_flight()) + 1.0) / weight
    }

    /// Takes in a latency, in ns. The endpoint must have been used before.
    pub(crate) fn observe(&self, latency: f64, now: u64, decay: f64) {
        let stamp = self.stamp.load(Relaxed);
        let kept = kept(stamp, now, decay);
        let mut bits = self.cost.load(Relaxed);
        loop {
            let cost = f64::from_bits(bits);
            let new = if latency > cost {
                latency
            } else {
                cost * kept + latency * (1.0 - kept)
            };
            match self
                .cost
                .compare_exchange_weak(bits, new.to_bits(), Relaxed, Relaxed)
            {
                Ok(_) => break,
                Err(other) => bits = other,
            }
        }
        if now > stamp {
            self.stamp.fetch_max(now, Relaxed);
        }
        if !self.observed.load(Relaxed) {
            self.observed.store(true, Relaxed);
        }
    }

    /// Takes in a failure; `usual` is the latency that is usual among the others.
    pub(crate) fn observe_failure(&self, latency: f64, usual: Option<f64>, now: u64, decay: f64) {
        let counts_as = latency.max(2.0 * usual.unwrap_or(0.0)).max(FAILURE_MIN);
        self.observe(counts_as, now, decay);
    }

    pub(crate) fn current(&self) -> f64 {
        f64::from_bits(self.current.load(Relaxed))
    }

    pub(crate) fn set_current(&self, current: f64) {
        self.current.store(current.to_bits(), Relaxed);
    }
}

/// The share of the past that still counts.
fn kept(stamp: u64, now: u64, decay: f64) -> f64 {
    (-(now.saturating_sub(stamp) as f64) / decay).exp()
}

/// The lower median of the costs that rest on something observed.
pub(crate) fn usual_cost<'a>(gauges: impl Iterator<Item = &'a Gauges>) -> Option<f64> {
    let mut costs: Vec<f64> = gauges.filter_map(Gauges::observed_cost).collect();
    if costs.is_empty() {
        return None;
    }
    let middle = (costs.len() - 1) / 2;
    let (_, median, _) = costs.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}
