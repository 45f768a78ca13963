//! How expiry does, for status, metrics and explanations.

use super::holds::{HoldKind, HoldStatus};

/// How expiry does, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LivenessStatus {
    /// Sessions watched over.
    pub sessions: usize,
    /// Those that are suspect.
    pub suspect: usize,
    /// Those that are failing.
    pub failing: usize,
    /// Watch streams that speak for a session.
    pub streams: usize,
    /// Steps back to passing since the start.
    pub passed_total: u64,
    /// Steps to suspect since the start.
    pub suspected_total: u64,
    /// Steps to failing since the start.
    pub failed_total: u64,
    /// Sessions removed since the start.
    pub removed_total: u64,
    /// Gaps in the node's own ticking since the start.
    pub gaps_total: u64,
    /// What guards hold now, those that affect most sessions first; at most 100.
    pub holds: Vec<HoldStatus>,
    /// Holds in force, in the order of [`HoldKind::ALL`].
    pub holds_in_force: [usize; HoldKind::ALL.len()],
    /// Holds begun since the start, in the order of [`HoldKind::ALL`].
    pub holds_total: [u64; HoldKind::ALL.len()],
}
