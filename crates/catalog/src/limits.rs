//! Bounds of what the view keeps of the past, of how long it merges, and of services that are known and empty.

use std::time::Duration;

/// Bounds of the ring of recent changes, of merging, and of what is known of services without instances.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a change is kept for those who follow or resume.
    pub ring_age: Duration,
    /// Most changes kept: instances upserted or removed, at least one per emission.
    pub ring_changes: usize,
    /// Most bytes kept, by estimate: what the emissions keep alive and their encoded forms.
    pub ring_bytes: usize,
    /// A service is quiet after this long without a change.
    pub merge_quiet: Duration,
    /// Longest time that a change waits to be merged with others.
    pub merge_max: Duration,
    /// Most services without instances and settings that are known as empty; beyond, the one that has been empty for the
    /// longest becomes unknown again, as all of them do when the process ends.
    pub empty_services_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ring_age: Duration::from_secs(10 * 60),
            ring_changes: 1_000_000,
            ring_bytes: 64 * 1024 * 1024,
            merge_quiet: Duration::from_millis(50),
            merge_max: Duration::from_millis(500),
            empty_services_max: 10_000,
        }
    }
}
