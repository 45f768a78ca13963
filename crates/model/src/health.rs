//! What is known of an instance's or a session's health.

use compact_str::CompactString;

use crate::Timestamp;

/// How healthy: the order is from best to worst, so that the worse of two is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum HealthState {
    /// Nothing speaks against it.
    #[default]
    Passing,
    /// Silent for longer than expected, or its stream closed: still served.
    Suspect,
    /// Silent beyond its time to live, or its checks fail: not served, unless the service is protected.
    Failing,
}

impl HealthState {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Suspect => "suspect",
            Self::Failing => "failing",
        }
    }
}

/// A state of health, with who saw it, why and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How healthy.
    pub state: HealthState,
    /// Why, in words for a person.
    pub reason: CompactString,
    /// Who saw it: a node's name.
    pub observer: CompactString,
    /// Since when.
    pub since: Timestamp,
}
