//! Services that are known and empty, and that nothing on disk speaks of: no settings, no policy, no instances. Whoever may register
//! can make any number of them, so that only so many are kept.
//!
//! A service that is forgotten is unknown again, which is another answer than an empty one: nobody takes it for a service
//! whose instances are all gone. Its watchers have been told that it is empty, and are told when it begins anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cell::Cell;
use crate::shared::Shared;

/// Their cells, those first that have been empty for the longest.
#[derive(Default)]
pub(super) struct Vacancies {
    cells: BTreeMap<u64, Arc<Cell>>,
    tickets: u64,
}

impl Vacancies {
    /// A service has changed.
    pub(super) fn note(&mut self, cell: &Arc<Cell>) {
        let vacant = cell
            .snapshot
            .load()
            .as_ref()
            .is_some_and(|snapshot| snapshot.is_empty() && snapshot.terms().is_empty());
        let mut desk = cell.desk.lock();
        if let Some(ticket) = desk.vacancy.take() {
            self.cells.remove(&ticket);
        }
        if vacant {
            self.tickets += 1;
            desk.vacancy = Some(self.tickets);
            self.cells.insert(self.tickets, Arc::clone(cell));
        }
    }

    /// Forgets those beyond `max`, but none of which something is still to be told: another cell of the same name would
    /// overtake it.
    pub(super) fn forget_beyond(&mut self, max: usize, shared: &Shared) {
        while self.cells.len() > max {
            let Some(oldest) = self.cells.first_entry() else {
                return;
            };
            let mut desk = oldest.get().desk.lock();
            if desk.pending.is_some() {
                return;
            }
            desk.vacancy = None;
            let unspoken_of = desk.orphans.is_empty();
            drop(desk);
            let cell = oldest.remove();
            cell.snapshot.store(None);
            shared.directory.unlist(&cell.key);
            shared.gauges.services.fetch_sub(1, Ordering::Relaxed);
            if unspoken_of {
                shared.directory.remove(&cell.key);
            }
        }
    }
}
