//! Change streams: a watch of etcd each, and what is done when it can't go on.
//!
//! A watch that breaks is begun again, at another member perhaps, right after what was told last; before that it is looked
//! up whether etcd still holds the same history, as a watch from a revision that etcd doesn't have yet would just be silent.
//!
//! A stream that lags (its reader takes nothing for [`Config::lag`](super::Config::lag), etcd has more than
//! [`Config::lag_revisions`](super::Config::lag_revisions) to catch up on, or has compacted what follows) gives its watch
//! up, so that etcd need not keep anything for it. When its reader comes back, it says [`Reload::Behind`], and goes on from
//! what is newest then.

use std::sync::Arc;
use std::time::Duration;

use paste_model::{Epoch, Revision};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::sleep;

use super::EtcdError;
use super::shared::Shared;
use super::split::{Fragments, Said, split};
use super::transaction::{number, one, revision};
use super::wire::{Event, RangeRequest, WatchCreateRequest, WatchResponse};
use crate::{Changes, ChangesError, Feed, Reload, StoreError};

/// Most items that wait in a stream.
const ITEMS_MAX: usize = 256;
/// Between two tries to begin a watch again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A stream that is being fed.
struct Stream {
    shared: Arc<Shared>,
    sender: mpsc::Sender<Feed>,
    /// Everything up to here was told.
    told: Revision,
    /// The history it is in.
    epoch: Epoch,
}

/// How a watch ended.
enum End {
    /// Nobody reads.
    Gone,
    /// It has to be begun anew.
    Again,
    /// It can't be gone on with from where it is.
    Behind,
}

/// Begins a stream of what follows `after`.
pub(super) async fn begin(shared: Arc<Shared>, after: Revision) -> Result<Changes, ChangesError> {
    let until = shared.read_until();
    let known = shared.refresh(until).await.map_err(StoreError::Etcd)?;
    let oldest = known.since.max(shared.health().compacted);
    if after < oldest || after > known.seen {
        return Err(ChangesError::Compacted { oldest });
    }
    if after < known.seen {
        // etcd refuses to look at what it compacted.
        let look = RangeRequest {
            revision: number(after.next()),
            keys_only: true,
            ..one(shared.layout.history())
        };
        match shared.client.range(look, until).await {
            Ok(_) => {}
            Err(EtcdError::Compacted(_)) => {
                return Err(ChangesError::Compacted { oldest: known.seen });
            }
            Err(error) => return Err(StoreError::Etcd(error).into()),
        }
    }
    let (sender, changes) = mpsc::channel(ITEMS_MAX);
    let stream = Stream {
        shared,
        sender,
        told: after,
        epoch: known.history.epoch,
    };
    tokio::spawn(stream.run());
    Ok(changes)
}

/// The revision of the first of `events`.
fn oldest(events: &[Event]) -> Revision {
    let first = events.first().and_then(|event| event.kv.as_ref());
    first.map_or(Revision::ZERO, |kv| revision(kv.mod_revision))
}

impl Stream {
    async fn run(mut self) {
        while !self.sender.is_closed() {
            let end = match self.follow().await {
                Ok(End::Behind) => self.leap().await,
                end => end,
            };
            match end {
                Ok(End::Gone) => return,
                Ok(End::Again | End::Behind) => {}
                Err(error) if error.is_passing() || matches!(error, EtcdError::Denied(_)) => {
                    sleep(RETRY_PAUSE).await;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    return tracing::error!(error, "a change stream ended");
                }
            }
        }
    }

    /// Watches until something comes in between.
    async fn follow(&mut self) -> Result<End, EtcdError> {
        let until = self.shared.read_until();
        let known = self.shared.refresh(until).await?;
        let history = known.history;
        if history.epoch != self.epoch {
            (self.epoch, self.told) = (history.epoch, known.since);
            if let Some(end) = self.send(Feed::Reload(history.reason)).await {
                return Ok(end);
            }
        }
        let (key, range_end) = self.shared.layout.log();
        let create = WatchCreateRequest {
            key,
            range_end,
            start_revision: number(self.told.next()),
            progress_notify: true,
            fragment: true,
        };
        let mut watch = self.shared.client.watch(create, until).await?;
        let mut fragments = Fragments::default();
        loop {
            let answer = tokio::select! {
                answer = watch.message() => answer.map_err(EtcdError::from_status)?,
                () = self.sender.closed() => return Ok(End::Gone),
            };
            let Some(answer) = answer else {
                return Ok(End::Again);
            };
            let Some(header) = &answer.header else {
                return Err(EtcdError::Answer {
                    found: "an answer of the watch has no header",
                });
            };
            let now = revision(header.revision);
            if header.cluster_id != history.cluster || now < self.told {
                return Ok(End::Again);
            }
            if answer.canceled {
                return self.canceled(&answer);
            }
            let created = answer.created;
            let Some(events) = fragments.join(answer) else {
                continue;
            };
            let Some(newest) = events.last().and_then(|event| event.kv.as_ref()) else {
                // A watch that was just begun may have something to catch up on; one that has news of none hasn't.
                if !created {
                    self.told = self.told.max(now);
                }
                continue;
            };
            let newest = revision(newest.mod_revision);
            if now.0.saturating_sub(oldest(&events).0) > self.shared.config.lag_revisions {
                return Ok(End::Behind);
            }
            for said in split(&self.shared.layout, history.tree, events)? {
                let Said::Batches(batches) = said else {
                    return Ok(End::Again);
                };
                if let Some(last) = batches.last() {
                    self.told = last.revision;
                }
                if let Some(end) = self.send(Feed::Batches(batches.into())).await {
                    return Ok(end);
                }
            }
            self.told = newest;
        }
    }

    /// What it means that etcd ended the watch.
    fn canceled(&self, answer: &WatchResponse) -> Result<End, EtcdError> {
        if answer.compact_revision > 0 {
            let compacted = revision(answer.compact_revision);
            self.shared.set_compacted(compacted);
            return Ok(End::Behind);
        }
        let reason = answer.cancel_reason.clone();
        Err(self.shared.client.canceled(reason))
    }

    /// Hands an item over; says how the watch has to end if that doesn't work.
    async fn send(&self, feed: Feed) -> Option<End> {
        match self.sender.send_timeout(feed, self.shared.config.lag).await {
            Ok(()) => None,
            Err(SendTimeoutError::Timeout(_)) => Some(End::Behind),
            Err(SendTimeoutError::Closed(_)) => Some(End::Gone),
        }
    }

    /// Waits for the reader, then has it load everything again, and goes on from what is newest.
    async fn leap(&mut self) -> Result<End, EtcdError> {
        let Ok(place) = self.sender.reserve().await else {
            return Ok(End::Gone);
        };
        let known = self.shared.refresh(self.shared.read_until()).await?;
        let reason = match known.history.epoch == self.epoch {
            true => Reload::Behind,
            false => known.history.reason,
        };
        (self.epoch, self.told) = (known.history.epoch, known.seen);
        tracing::warn!(?reason, at = %self.told, "a change stream begins anew");
        place.send(Feed::Reload(reason));
        Ok(End::Again)
    }
}
