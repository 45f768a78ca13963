//! Change streams: from the log up to now, then live.
//!
//! A stream is a bounded channel. While its reader keeps up, the committer hands it every group. A reader that falls
//! [`GROUPS_MAX`] groups behind is taken off the committer's hands: a thread of its own reads the log for it, at the
//! reader's pace, until it has caught up. The committer never waits for a reader. A reader so slow that the log it
//! still needs is dropped finds its stream ended, asks again, and is told [`ChangesError::Compacted`].

use std::sync::{Arc, Weak};

use paste_model::{Committed, Epoch, Revision};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::shared::{Shared, State};
use crate::record::decode_batch_bytes;
use crate::{Changes, ChangesError, Feed, Reload, StoreError};

/// Most groups that wait in a stream.
const GROUPS_MAX: usize = 256;
/// Groups that a stream reads from the log at a time.
const GROUPS_READ: usize = 64;

/// The sending end of a stream.
pub(super) struct Subscriber {
    sender: mpsc::Sender<Feed>,
    /// The newest revision that was sent.
    sent: Revision,
    /// The history it is in.
    epoch: Epoch,
}

/// Begins a stream of what follows `after`.
pub(super) fn begin(shared: &Arc<Shared>, after: Revision) -> Result<Changes, ChangesError> {
    let (sender, changes) = mpsc::channel(GROUPS_MAX);
    let mut state = shared.state.lock();
    if after < state.oldest || after > state.revision {
        return Err(ChangesError::Compacted {
            oldest: state.oldest,
        });
    }
    let subscriber = Subscriber {
        sender,
        sent: after,
        epoch: state.epoch,
    };
    if after == state.revision {
        state.live.push(subscriber);
    } else {
        drop(state);
        follow(shared, subscriber)?;
    }
    Ok(changes)
}

/// Hands what was committed to every live stream.
pub(super) fn publish(shared: &Arc<Shared>, state: &mut State, feed: &Feed) {
    let (revision, epoch) = (state.revision, state.epoch);
    let mut behind = Vec::new();
    for mut subscriber in std::mem::take(&mut state.live) {
        match subscriber.sender.try_send(feed.clone()) {
            Ok(()) => {
                (subscriber.sent, subscriber.epoch) = (revision, epoch);
                state.live.push(subscriber);
            }
            Err(TrySendError::Full(_)) => behind.push(subscriber),
            Err(TrySendError::Closed(_)) => {}
        }
    }
    for subscriber in behind {
        if let Err(error) = follow(shared, subscriber) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a change stream ended"
            );
        }
    }
}

/// Feeds a stream from the log, in a thread of its own, until it is live.
fn follow(shared: &Arc<Shared>, mut subscriber: Subscriber) -> Result<(), StoreError> {
    let log = shared.log_path.clone();
    // A stream must not keep a store open that was dropped.
    let shared = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("store-changes".to_owned())
        .spawn(move || {
            loop {
                match step(&shared, subscriber) {
                    Ok(Some(next)) => subscriber = next,
                    Ok(None) => return,
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        return tracing::warn!(error, "a change stream ended");
                    }
                }
            }
        })
        .map(drop)
        .map_err(|error| StoreError::io("start a thread to read", &log, error))
}

/// Sends a stretch of the log; gives the subscriber back unless it is live, gone, or too far behind.
fn step(
    shared: &Weak<Shared>,
    mut subscriber: Subscriber,
) -> Result<Option<Subscriber>, StoreError> {
    let feeds = {
        let Some(shared) = shared.upgrade() else {
            return Ok(None);
        };
        let mut state = shared.state.lock();
        if subscriber.epoch != state.epoch {
            (subscriber.epoch, subscriber.sent) = (state.epoch, state.checkpoint);
            vec![Feed::Reload(Reload::Restored)]
        } else if subscriber.sent == state.revision {
            state.live.push(subscriber);
            return Ok(None);
        } else if subscriber.sent < state.oldest {
            return Ok(None);
        } else {
            let until = state.revision;
            drop(state);
            read(&shared, &mut subscriber, until)?
        }
    };
    for feed in feeds {
        if subscriber.sender.blocking_send(feed).is_err() {
            return Ok(None);
        }
    }
    Ok(Some(subscriber))
}

/// The next groups for `subscriber`, none beyond `until`.
fn read(
    shared: &Shared,
    subscriber: &mut Subscriber,
    until: Revision,
) -> Result<Vec<Feed>, StoreError> {
    let failed = |error| StoreError::record(&shared.log_path, error);
    let after = subscriber.sent;
    let mut feeds = Vec::new();
    for row in shared.view()?.rows(after)?.take(GROUPS_READ) {
        let row = row?;
        if feeds.is_empty() && row.first > subscriber.sent.next() {
            // Dropped, or begun anew, since the look at the state: the next step finds out.
            return Ok(feeds);
        }
        let mut group = Vec::new();
        for batch in row.batches() {
            let (revision, bytes) = batch.map_err(failed)?;
            if revision > after && revision <= until {
                let batch = decode_batch_bytes(bytes).map_err(failed)?;
                group.push(Committed {
                    revision,
                    changes: batch.changes,
                    cause: batch.cause,
                });
            }
        }
        if let Some(last) = group.last() {
            subscriber.sent = last.revision;
            feeds.push(Feed::Batches(group.into()));
        }
    }
    Ok(feeds)
}
