//! Waiting until the view has reached a revision.
//!
//! Invariant: a waiter registers first and looks second, the writer publishes first and wakes second, so that none is
//! missed.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use paste_model::{Epoch, Revision};

use crate::heralds::{self, Bag, Sleeper};
use crate::shared::Shared;

/// Those who wait, by what they wait for.
#[derive(Default)]
pub(crate) struct Waiters {
    tickets: AtomicU64,
    waiting: Mutex<BTreeMap<(Revision, u64), Sleeper>>,
}

impl Waiters {
    /// Wakes those who wait for `revision` or less.
    pub(crate) fn wake_through(&self, revision: Revision) {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return;
        }
        let later = waiting.split_off(&(revision.next(), 0));
        let woken = std::mem::replace(&mut *waiting, later);
        drop(waiting);
        heralds::wake(woken.into_values());
    }

    /// Wakes everyone.
    pub(crate) fn wake_all(&self) {
        let woken = std::mem::take(&mut *self.waiting.lock());
        heralds::wake(woken.into_values());
    }
}

/// Waits until the view has reached a revision, or until another history took its place: then what was waited for is
/// neither here nor to come, and the view shows what there is instead.
#[must_use = "a future does nothing unless it is polled"]
pub struct WaitFor {
    shared: Arc<Shared>,
    epoch: Epoch,
    revision: Revision,
    ticket: Option<u64>,
    bag: Option<Arc<Bag>>,
}

impl WaitFor {
    pub(crate) fn new(shared: Arc<Shared>, revision: Revision) -> Self {
        let epoch = shared.progress.load().epoch;
        Self {
            bag: shared.heralds.here(),
            shared,
            epoch,
            revision,
            ticket: None,
        }
    }

    fn reached(&self) -> bool {
        let progress = self.shared.progress.load();
        progress.revision >= self.revision || progress.epoch != self.epoch
    }
}

impl Future for WaitFor {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.reached() {
            return Poll::Ready(());
        }
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => self.shared.waiters.tickets.fetch_add(1, Ordering::Relaxed),
        };
        self.ticket = Some(ticket);
        self.shared.waiters.waiting.lock().insert(
            (self.revision, ticket),
            (context.waker().clone(), self.bag.clone()),
        );
        if self.reached() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for WaitFor {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared
                .waiters
                .waiting
                .lock()
                .remove(&(self.revision, ticket));
        }
    }
}
