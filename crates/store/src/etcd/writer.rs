//! The task that takes what waits, and has the lanes commit it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep};

use super::Config;
use super::grouping::{Limits, Taken};
use super::lane::Lane;
use super::shared::Shared;
use crate::CommitError;

/// Transactions that are in flight at once.
const LANES: usize = 4;
/// Operations of a group.
const GROUP_OPERATIONS: usize = 100;
/// Bytes of a group.
const GROUP_BYTES: usize = 512 * 1024;
/// How often it is looked for commands that have waited for too long.
const OVERDUE_LOOK: Duration = Duration::from_millis(50);

/// Commits until the queue is closed and empty.
pub(super) async fn run(shared: Arc<Shared>) {
    let limits = limits(&shared.config);
    // The lowest lane is the last: while writes come one by one, it does all of them.
    let mut free: Vec<_> = (0..LANES).rev().map(Lane::new).collect();
    let mut taken = Taken::default();
    let mut flying = FuturesUnordered::new();
    loop {
        while let Some(mut lane) = free.pop() {
            let group = shared.queue.pick(&mut taken, limits);
            if group.is_empty() {
                free.push(lane);
                break;
            }
            let shared = &shared;
            flying.push(async move {
                let touches: Vec<_> = group
                    .iter()
                    .flat_map(|command| command.touches.iter().copied())
                    .collect();
                lane.commit(shared, group).await;
                (lane, touches)
            });
        }
        if flying.is_empty() && shared.queue.is_done() {
            return;
        }
        expire(&shared);
        tokio::select! {
            Some((lane, touches)) = flying.next() => {
                taken.release(&touches);
                free.push(lane);
            }
            () = shared.queue.changed() => {}
            () = sleep(OVERDUE_LOOK), if shared.queue.len() > 0 => {}
        }
    }
}

/// With several commands in a group, each may have as many operations fewer as there are others.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        operations: GROUP_OPERATIONS.min(config.txn_ops.saturating_sub(2)),
        bytes: GROUP_BYTES.min(config.request_bytes),
    }
}

/// Answers those who have waited for too long.
fn expire(shared: &Shared) {
    for command in shared.queue.overdue(Instant::now()) {
        let answer = match shared.health().failed {
            Some(error) => CommitError::Unavailable(error),
            None => CommitError::Busy,
        };
        // Nobody has to wait for the answer.
        let _ = command.answer.send(Err(answer));
    }
}
