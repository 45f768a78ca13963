//! What may be set about probes.

use std::time::Duration;

use super::range::Range;

/// Settings of the active checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Time between two probes of a check that names no interval; varied by a quarter each way.
    pub interval: Duration,
    /// The same while its result is changing.
    pub interval_changing: Duration,
    /// So many failures in a row make a check failing.
    pub failures: u32,
    /// So many passes in a row bring it back.
    pub passes: u32,
    /// Most probes on their way at once.
    pub in_flight_max: usize,
    /// Most probes started in a second.
    pub per_second_max: usize,
    /// Whether loopback addresses may be probed: so while the registry itself listens on loopback.
    pub loopback: bool,
    /// Addresses that are never probed, besides those that never are.
    pub forbidden: Vec<Range>,
    /// The prober suspects its own network when more than this percentage of its targets fail within one interval (100
    /// switches the guard off)…
    pub suspicion_percent: u8,
    /// …and at least so many targets…
    pub suspicion_targets_min: usize,
    /// …of at least so many services.
    pub suspicion_services_min: usize,
    /// How long it stays silent at most.
    pub suspicion_max: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            interval_changing: Duration::from_secs(2),
            failures: 3,
            passes: 2,
            in_flight_max: 1_000,
            per_second_max: 5_000,
            loopback: false,
            forbidden: Vec::new(),
            suspicion_percent: 30,
            suspicion_targets_min: 20,
            suspicion_services_min: 3,
            suspicion_max: Duration::from_secs(300),
        }
    }
}
