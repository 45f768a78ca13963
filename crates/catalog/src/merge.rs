//! When changes are emitted: the first of a quiet service at once, those of a storm merged until it pauses.
//!
//! Invariants: a cell with pending changes has one valid entry in the schedule, that of its ticket (an entry may be
//! early, never late). `pending_after` counts the services with pending changes by the revision before the first of
//! these, so that all changes up to its lowest key are emitted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::RandomState;
use paste_model::{InstanceId, Revision};

use crate::cell::{Cell, Pending};
use crate::limits::Limits;

/// A service whose answer changed.
pub(crate) struct Changed {
    pub(crate) cell: Arc<Cell>,
    /// Of the last batch that changed it.
    pub(crate) revision: Revision,
    pub(crate) ids: Vec<InstanceId>,
    /// Whether another policy holds.
    pub(crate) policy: bool,
    /// Whether the service was unknown before.
    pub(crate) begins: bool,
    /// Whether the service is unknown now.
    pub(crate) vanished: bool,
}

/// Changes that wait to be emitted, of all services.
#[derive(Default)]
pub(crate) struct Merge {
    schedule: BinaryHeap<Reverse<(Instant, u64)>>,
    cells: HashMap<u64, Arc<Cell>, RandomState>,
    tickets: u64,
    pending_after: BTreeMap<Revision, usize>,
}

impl Merge {
    /// Takes note of a change by batches after `after`.
    pub(crate) fn record(
        &mut self,
        limits: &Limits,
        changed: Changed,
        after: Revision,
        now: Instant,
    ) {
        let (cell, revision) = (&changed.cell, changed.revision);
        let desk = &mut *cell.desk.lock();
        let quiet_again = now + limits.merge_quiet;
        let quiet = desk
            .changed_at
            .is_none_or(|at| now.saturating_duration_since(at) >= limits.merge_quiet);
        desk.changed_at = Some(now);
        // The cell of a service that vanished is gone: a later change would come through another.
        let at_once = quiet || changed.vanished;
        let Some(pending) = &mut desk.pending else {
            let due = if at_once { now } else { quiet_again };
            *self.pending_after.entry(after).or_default() += 1;
            desk.pending = Some(Box::new(Pending {
                ticket: self.schedule(due, cell),
                after,
                last: revision,
                since: now,
                begins: changed.begins,
                due,
                ids: changed.ids.into_iter().collect(),
                policy: changed.policy,
            }));
            return;
        };
        pending.last = revision;
        pending.begins |= changed.begins;
        pending.ids.extend(changed.ids);
        pending.policy |= changed.policy;
        if at_once {
            self.cells.remove(&pending.ticket);
            pending.due = now;
            pending.ticket = self.schedule(now, cell);
        } else if pending.due > now {
            pending.due = quiet_again.min(pending.since + limits.merge_max);
        }
    }

    fn schedule(&mut self, due: Instant, cell: &Arc<Cell>) -> u64 {
        self.tickets += 1;
        self.cells.insert(self.tickets, Arc::clone(cell));
        self.schedule.push(Reverse((due, self.tickets)));
        self.tickets
    }

    /// Something that is due, with its service.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Arc<Cell>, Pending)> {
        while let Some(Reverse((due, ticket))) = self.schedule.peek().copied() {
            let Some(cell) = self.cells.get(&ticket) else {
                self.schedule.pop();
                continue;
            };
            if due > now {
                return None;
            }
            self.schedule.pop();
            let mut desk = cell.desk.lock();
            let Some(pending) = desk.pending.take() else {
                drop(desk);
                self.cells.remove(&ticket);
                continue;
            };
            if pending.due > now {
                self.schedule.push(Reverse((pending.due, ticket)));
                desk.pending = Some(pending);
                continue;
            }
            drop(desk);
            let cell = self.cells.remove(&ticket)?;
            self.settle(pending.after);
            return Some((cell, *pending));
        }
        None
    }

    fn settle(&mut self, after: Revision) {
        if let Some(count) = self.pending_after.get_mut(&after) {
            *count -= 1;
            if *count == 0 {
                self.pending_after.remove(&after);
            }
        }
    }

    /// Makes everything due.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.schedule.clear();
        for (ticket, cell) in &self.cells {
            if let Some(pending) = &mut cell.desk.lock().pending {
                pending.due = now;
            }
            self.schedule.push(Reverse((now, *ticket)));
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        for cell in self.cells.values() {
            cell.desk.lock().pending = None;
        }
        *self = Self {
            tickets: self.tickets,
            ..Self::default()
        };
    }

    /// When the next change is due, or may be.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.schedule.peek().map(|Reverse((due, _))| *due)
    }

    /// All changes up to here have been emitted, when those up to `revision` have been recorded.
    pub(crate) fn settled(&self, revision: Revision) -> Revision {
        self.pending_after
            .first_key_value()
            .map_or(revision, |(after, _)| *after)
    }
}
