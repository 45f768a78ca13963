//! The change stream: every batch once, in order.

use std::sync::Arc;

use paste_model::{Committed, Revision};
use tokio::sync::mpsc;

use crate::StoreError;

/// The change stream: batches in order, in the groups in which they were committed.
pub type Changes = mpsc::Receiver<Feed>;

/// One item of the change stream.
#[derive(Debug, Clone)]
pub enum Feed {
    /// Batches that were committed together, in order. Those that share a revision are never in two items.
    Batches(Arc<[Committed]>),
    /// The stream can't lead from what was said to what is there now: everything has to be loaded again. What comes next
    /// on the stream may be in the picture that is loaded then already.
    Reload(Reload),
}

/// Why everything has to be loaded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// Somebody restored a picture: the epoch is a new one, and what the picture doesn't hold is meant to be gone.
    Restored,
    /// The store was wiped, or went back to an earlier state: the epoch is a new one, and what is missing was deleted by
    /// nobody. Who still knows it should hold on to it, and write it back.
    Lost,
    /// The stream was too far behind to catch up. The epoch is the same; what differs from what was known is news.
    Behind,
}

/// Why the change stream can't begin where it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// The log before `oldest` has been dropped: load again.
    #[error("changes after the requested revision were compacted; the oldest kept follow {oldest}")]
    Compacted {
        /// Changes after this revision are still there.
        oldest: Revision,
    },
    /// The log can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
