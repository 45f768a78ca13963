//! How far the view has come: one value, replaced whole, so that its parts always agree.

use paste_model::{Epoch, Position, Revision};

/// How far the view has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) epoch: Epoch,
    /// All batches up to here are in the snapshots.
    pub(crate) revision: Revision,
    /// All changes up to here are in the emissions.
    pub(crate) settled: Revision,
    /// The number that the next emission will have: those below it may be handed out.
    pub(crate) emitted: u64,
    /// The last revision at which some service became unknown.
    pub(crate) vanished: Revision,
    /// How often the view jumped ahead by listing anew, past states that other nodes have shown.
    pub(crate) relists: u64,
    /// Grows when one history takes the place of another; odd while it does.
    pub(crate) generation: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            epoch: Epoch(0),
            revision: Revision::ZERO,
            settled: Revision::ZERO,
            emitted: 0,
            vanished: Revision::ZERO,
            relists: 0,
            generation: 0,
        }
    }
}

impl Progress {
    pub(crate) fn position(&self) -> Position {
        self.at(self.revision)
    }

    pub(crate) fn at(&self, revision: Revision) -> Position {
        Position {
            epoch: self.epoch,
            revision,
        }
    }

    /// Whether one history is just taking the place of another.
    pub(crate) fn is_changing(&self) -> bool {
        self.generation % 2 == 1
    }
}
