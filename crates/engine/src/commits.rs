//! What became of the commits of this node, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use paste_store::CommitError;

/// What became of commits since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitCounts {
    /// Committed.
    pub done: u64,
    /// Refused, as something else was there than was expected; most are tried again.
    pub conflicts: u64,
    /// Refused by the store: too much was waiting, or it was away, failed or closed.
    pub refused: u64,
    /// Of which the store didn't say in time what came.
    pub unknown: u64,
}

/// The counters.
#[derive(Default)]
pub(crate) struct Commits {
    done: AtomicU64,
    conflicts: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
}

impl Commits {
    /// Counts one.
    pub(crate) fn note<T>(&self, outcome: &Result<T, CommitError>) {
        let counter = match outcome {
            Ok(_) => &self.done,
            Err(CommitError::Conflict { .. }) => &self.conflicts,
            Err(CommitError::Unknown(_)) => &self.unknown,
            Err(
                CommitError::Busy
                | CommitError::Unavailable(_)
                | CommitError::Failed(_)
                | CommitError::Closed,
            ) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> CommitCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CommitCounts {
            done: read(&self.done),
            conflicts: read(&self.conflicts),
            refused: read(&self.refused),
            unknown: read(&self.unknown),
        }
    }
}
