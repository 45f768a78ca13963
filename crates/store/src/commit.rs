//! The answer to a commit: a future that needs no task, and what it may say.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use paste_model::{Key, Revision};
use tokio::sync::oneshot;

use crate::StoreError;

/// The answer to a commit, once it is known. Dropping it does not take the batch back.
#[derive(Debug)]
pub struct Commit(oneshot::Receiver<Result<Revision, CommitError>>);

impl Commit {
    /// A pending answer, and where to put it.
    pub fn pending() -> (oneshot::Sender<Result<Revision, CommitError>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }

    /// An answer that is known already.
    pub fn ready(answer: Result<Revision, CommitError>) -> Self {
        let (sender, commit) = Self::pending();
        // The receiver is in our hand, so the answer arrives.
        let _ = sender.send(answer);
        commit
    }
}

impl Future for Commit {
    type Output = Result<Revision, CommitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or(Err(CommitError::Closed)))
    }
}

/// Why a batch was not committed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Something the batch expected is not so: read again and decide anew.
    #[error("the record has changed: it is at revision {found:?}")]
    Conflict {
        /// The key whose expectation failed.
        key: Key,
        /// Where that key is now; `None` when it has no record.
        found: Option<Revision>,
    },
    /// Too much is waiting to be committed: try again later.
    #[error("too many writes are waiting; try again shortly")]
    Busy,
    /// The store can't be written to now. Nothing was committed: try again later.
    #[error("the store takes no writes now: {0}")]
    Unavailable(Arc<StoreError>),
    /// The store was lost while it was being written to. Whether the batch was committed will show on the change stream:
    /// look again before deciding anew.
    #[error("whether the write was committed is not known: {0}")]
    Unknown(Arc<StoreError>),
    /// The store can't keep its promise and refuses writes until it is restarted.
    #[error("the store refuses writes: {0}")]
    Failed(Arc<StoreError>),
    /// The store is being shut down.
    #[error("the store is closed")]
    Closed,
}

impl CommitError {
    /// Whether the same batch may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_))
    }
}
