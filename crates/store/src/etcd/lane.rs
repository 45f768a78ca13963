//! A lane: one transaction after the other, each of which etcd applies once or never.
//!
//! An answer can get lost, and then nobody knows whether etcd applied the transaction, or still will. Each lane therefore
//! has a fence (`fence.rs`), which every transaction of the lane moves on. After a lost answer the lane moves it itself: if
//! that succeeds, the transaction was not applied and never will be, and is sent again; if not, the fence shows that it was
//! applied, and when. Until that is settled the keys stay taken, so that no later write of theirs can be overtaken by an
//! earlier one. A process that takes over a node's name takes its fences, too, and what the dead one had on its way comes
//! to nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use paste_model::Revision;
use tokio::time::{Instant, sleep};

use super::EtcdError;
use super::command::Command;
use super::fence::{Fence, Moves, Settled, nonce};
use super::shared::Shared;
use super::transaction::{Conflict, Frame, Outcome, build, read, revision};
use crate::{CommitError, StoreError};

/// Least time that a transaction is given, however long its commands waited before.
const TRANSACTION_LIMIT_MIN: Duration = Duration::from_millis(200);
/// Between two tries.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Time for one try to move the fence, once nobody waits for the answer any more.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);

/// A lane.
pub(super) struct Lane {
    number: usize,
    fence: Fence,
}

impl Lane {
    pub(super) fn new(number: usize) -> Self {
        Self {
            number,
            fence: Fence::new(number),
        }
    }

    /// Commits `group` and answers all of it.
    pub(super) async fn commit(&mut self, shared: &Shared, mut group: Vec<Command>) {
        let first = group.iter().map(|command| command.until).min();
        let least = Instant::now() + TRANSACTION_LIMIT_MIN;
        let until = first.map_or(least, |first| first.max(least));
        let mut cause = None;
        while !group.is_empty() {
            let error = match self.attempt(shared, &mut group, until).await {
                Ok(()) => continue,
                Err(error) => error.because(cause.take()),
            };
            if error.is_passing() && Instant::now() + RETRY_PAUSE < until {
                cause = Some(error);
                sleep(RETRY_PAUSE).await;
                continue;
            }
            let error = failed(shared, error);
            for command in group.drain(..) {
                // Nobody has to wait for the answer.
                let _ = command.answer.send(Err(error.clone()));
            }
        }
    }

    /// Sends the group once. Those that were answered are taken out of it; an error means that none of it was committed.
    async fn attempt(
        &mut self,
        shared: &Shared,
        group: &mut Vec<Command>,
        until: Instant,
    ) -> Result<(), EtcdError> {
        if Instant::now() >= until {
            return Err(EtcdError::TimedOut);
        }
        let last = self.fence.value(shared, until).await?;
        let (known, next) = (shared.known(), nonce());
        let frame = Frame {
            layout: &shared.layout,
            known: &known,
            lane: self.number,
            last: &last,
            next: &next,
        };
        let request = build(&frame, group);
        let answer = match shared.client.txn(request, until).await {
            Ok(answer) => answer,
            Err(failure) if failure.perhaps_done => {
                self.settle(shared, group, (&last, &next), failure.error, until)
                    .await;
                return Ok(());
            }
            Err(failure) => return Err(failure.error),
        };
        match read(answer, group) {
            Ok(Outcome::Committed(header, conflicts)) => {
                shared.observe(&known, &header);
                shared.set_failed(None);
                self.fence.set(Some(next));
                respond(group, revision(header.revision), conflicts);
            }
            Ok(Outcome::Stale { header, fence }) => {
                shared.observe(&known, &header);
                self.fence.set(fence.filter(|fence| *fence == last));
                shared.refresh(until).await?;
            }
            // It was answered, but nobody understands how.
            Err(error) => {
                self.fence.set(None);
                give_up(group, error);
            }
        }
        Ok(())
    }

    /// Finds out what became of a transaction from fence `last` to `next`, and doesn't return before that is known.
    async fn settle(
        &mut self,
        shared: &Shared,
        group: &mut Vec<Command>,
        (last, next): (&Bytes, &Bytes),
        lost: EtcdError,
        until: Instant,
    ) {
        self.fence.set(None);
        let mut lost = Some(lost);
        let moves = Moves {
            last,
            next,
            moved: &nonce(),
        };
        loop {
            let now = Instant::now();
            if now >= until
                && let Some(lost) = lost.take()
            {
                shared.set_failed(Some(give_up(group, lost)));
            }
            let limit = if now < until {
                until
            } else {
                now + SETTLE_LIMIT
            };
            match self.fence.settle(shared, group.len(), &moves, limit).await {
                Ok(Settled::Never) => return,
                Ok(Settled::Applied(revision, held)) => {
                    // Those that failed then are tried again at a later place: where they failed is not known any more.
                    let (done, again) = std::mem::take(group)
                        .into_iter()
                        .zip(held)
                        .partition::<Vec<_>, _>(|(_, held)| *held);
                    for (command, _) in done {
                        let _ = command.answer.send(Ok(revision));
                    }
                    group.extend(again.into_iter().map(|(command, _)| command));
                    return;
                }
                Ok(Settled::Nobody) => {
                    give_up(group, lost.unwrap_or(EtcdError::Overtaken));
                    return;
                }
                Err(_) if shared.queue.is_closed() && Instant::now() >= until => return,
                Err(_) => sleep(RETRY_PAUSE).await,
            }
        }
    }
}

/// Answers a group that was committed at `revision`.
fn respond(group: &mut Vec<Command>, revision: Revision, conflicts: Vec<Option<Conflict>>) {
    for (command, conflict) in group.drain(..).zip(conflicts) {
        let answer = match conflict {
            None => Ok(revision),
            Some((key, found)) => Err(CommitError::Conflict { key, found }),
        };
        // Nobody has to wait for the answer.
        let _ = command.answer.send(answer);
    }
}

/// Answers a group of which nobody can say whether it was committed.
fn give_up(group: &mut Vec<Command>, error: EtcdError) -> Arc<StoreError> {
    let error = Arc::new(StoreError::Etcd(error));
    for command in group.drain(..) {
        // Nobody has to wait for the answer.
        let _ = command
            .answer
            .send(Err(CommitError::Unknown(Arc::clone(&error))));
    }
    error
}

/// What a command is told when `error` kept it from being committed.
fn failed(shared: &Shared, error: EtcdError) -> CommitError {
    let trouble = error.is_passing() || matches!(error, EtcdError::Full(_) | EtcdError::Denied(_));
    let error = Arc::new(StoreError::Etcd(error));
    if trouble {
        shared.set_failed(Some(Arc::clone(&error)));
        CommitError::Unavailable(error)
    } else {
        CommitError::Failed(error)
    }
}
