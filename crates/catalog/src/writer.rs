//! The only thing that changes the view.
//!
//! The order of publication is what readers rely on: snapshots first, then emissions into the topics, then one store of
//! `Progress`, then wakes.

mod apply;
mod draft;
mod relist;
mod run;
mod vacancies;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use paste_model::{Committed, Entry, Epoch, Revision};

use crate::cell::{Cell, Pending};
use crate::emission::Emission;
use crate::heralds::{self, Sleeper};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::progress::Progress;
use crate::ring::Ring;
use crate::shared::Shared;
use crate::slots::Slots;
use crate::snapshot::Snapshot;
use crate::topics::Channel;
use crate::transition::Transition;
use apply::Application;
use run::Run;
use vacancies::Vacancies;

/// The only thing that changes the view. Not Clone.
pub struct Writer {
    shared: Arc<Shared>,
    limits: Limits,
    progress: Progress,
    merge: Merge,
    ring: Ring,
    vacancies: Vacancies,
    /// Channels to wake once `progress` is published.
    touched: Vec<Arc<Channel>>,
    /// Kept for its room.
    wakers: Vec<Sleeper>,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, limits: Limits) -> Self {
        Self {
            progress: shared.progress(),
            shared,
            limits,
            merge: Merge::default(),
            ring: Ring::default(),
            vacancies: Vacancies::default(),
            touched: Vec::new(),
            wakers: Vec::new(),
        }
    }

    /// Replaces the picture by the records in `entries`, as of `revision`.
    ///
    /// In the epoch that the view shows already, and not before its revision, this is a relist: it applies the
    /// difference, each service that differs at `revision`, and answers what happened; subscribers who resumed what they
    /// began at another node are reset. Else it is another history: all
    /// services start at `revision`, every subscriber is reset, and the answer is empty: look at everything anew
    /// ([`crate::Catalog::sessions`]). While one history takes the place of another, readers see parts of both, but of each
    /// service always one of the two: what both have is never missing.
    pub fn load(
        &mut self,
        epoch: Epoch,
        revision: Revision,
        entries: Vec<Entry>,
        now: Instant,
    ) -> Vec<Transition> {
        let relist = self.progress.epoch == epoch && self.progress.revision <= revision;
        if relist && self.progress.generation > 0 {
            self.merge.hurry(now);
            self.emit_due(now);
            let deletes = relist::missing(&self.shared, &entries);
            let mut application = Application::new(&self.shared, revision, true);
            deletes.iter().for_each(|key| application.delete(key));
            application.put_all(entries);
            let outcome = application.finish();
            // What came and went in between is in no emission: whoever saw it elsewhere must not go on with deltas.
            self.shared.topics.raise_floor(revision);
            self.progress.vanished = revision;
            self.progress.relists += 1;
            let after = self.progress.revision;
            let transitions = self.note(outcome, after, now);
            self.show(now);
            return transitions;
        }
        self.begin_history(epoch, revision);
        let deletes = relist::missing(&self.shared, &entries);
        let mut application = Application::new(&self.shared, revision, false);
        deletes.iter().for_each(|key| application.delete(key));
        application.put_all(entries);
        application.finish();
        self.start_services(revision);
        self.progress.generation += 1;
        self.shared.publish(self.progress);
        self.shared.waiters.wake_all();
        self.touched = self.shared.topics.followed();
        self.wake();
        Vec::new()
    }

    /// Applies one batch: readers see all of it or nothing (per service one snapshot swap), then `Catalog::revision`
    /// moves, then `wait_for` waiters wake. Emits at once where the service was quiet, else merges. Returns what
    /// happened.
    pub fn apply(&mut self, batch: &Committed, now: Instant) -> Vec<Transition> {
        self.apply_group(std::slice::from_ref(batch), now)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Applies batches that were committed together, and answers what each did. Their last revision is reached, for
    /// everyone, when all of them are applied. Registrations that follow each other take one snapshot swap per service;
    /// the sessions they made or ended are told with the last.
    pub fn apply_group(&mut self, group: &[Committed], now: Instant) -> Vec<Vec<Transition>> {
        let after = self.progress.revision;
        let mut told = Vec::with_capacity(group.len());
        let mut rest = group;
        while !rest.is_empty() {
            let (run, later) = Run::first_of(rest, &self.shared.sessions);
            let mut application = Application::new(&self.shared, self.progress.revision, true);
            (run.batches.iter()).for_each(|batch| application.batch(batch));
            let outcome = application.finish();
            told.extend(run.by_batch(self.note(outcome, after, now)));
            rest = later;
        }
        self.show(now);
        told
    }

    /// Emits merged changes that are due; returns when it wants to be called next, if anything is pending.
    pub fn flush(&mut self, now: Instant) -> Option<Instant> {
        self.show(now);
        self.merge.next_due()
    }

    /// Takes note of what changed since `after`.
    fn note(
        &mut self,
        outcome: apply::Outcome,
        // A relist brings the changes of many batches at once, the first of which may follow right here.
        after: Revision,
        now: Instant,
    ) -> Vec<Transition> {
        let revision = outcome.revision.max(after);
        self.progress.revision = revision;
        for changed in outcome.changed {
            if changed.vanished {
                self.progress.vanished = revision;
            }
            self.vacancies.note(&changed.cell);
            self.merge.record(&self.limits, changed, after, now);
        }
        outcome.transitions
    }

    /// Emits what is due, and makes it all visible.
    fn show(&mut self, now: Instant) {
        self.emit_due(now);
        self.vacancies
            .forget_beyond(self.limits.empty_services_max, &self.shared);
        self.evict(now);
        self.publish();
    }

    fn publish(&mut self) {
        self.progress.settled = self.merge.settled(self.progress.revision);
        self.shared.publish(self.progress);
        self.shared.waiters.wake_through(self.progress.revision);
        self.wake();
    }

    fn wake(&mut self) {
        // Many emissions of one flush share their namespace's channel.
        self.touched.sort_unstable_by_key(Arc::as_ptr);
        self.touched.dedup_by(|one, other| Arc::ptr_eq(one, other));
        for channel in self.touched.drain(..) {
            channel.take_wakers(&mut self.wakers);
        }
        heralds::wake(self.wakers.drain(..));
    }

    fn emit_due(&mut self, now: Instant) {
        while let Some((cell, pending)) = self.merge.pop_due(now) {
            let emission = Arc::new(self.emission(&cell, pending));
            self.progress.emitted += 1;
            self.shared.topics.emit(&emission, &mut self.touched);
            self.ring.push(emission, now);
        }
    }

    /// What subscribers are told of `pending`: each instance as it is by now.
    fn emission(&self, cell: &Cell, pending: Pending) -> Emission {
        let known = cell.snapshot.load_full();
        let begins = pending.begins && known.is_some();
        let snapshot =
            known.unwrap_or_else(|| Arc::new(Snapshot::empty(Arc::clone(&cell.key), pending.last)));
        let mut upserted = Vec::new();
        let mut removed = Vec::new();
        for id in pending.ids {
            match snapshot.member(id.as_str()) {
                Some(member) => upserted.push(Arc::clone(member)),
                None => removed.push(id),
            }
        }
        Emission {
            service: (*cell.key).clone(),
            revision: pending.last,
            settled: self.progress.at(self.merge.settled(self.progress.revision)),
            protected: snapshot.protected(),
            policy: (begins || pending.policy).then(|| snapshot.policy().cloned()),
            upserted,
            removed,
            begins,
            since: pending.since,
            slots: Slots::default(),
            sequence: self.progress.emitted,
            applied: self.progress.revision,
        }
    }

    fn evict(&mut self, now: Instant) {
        while let Some(emission) = self.ring.pop_excess(&self.limits, now) {
            self.shared.topics.evict(&emission);
        }
        let (changes, bytes) = self.ring.size();
        let gauges = &self.shared.gauges;
        gauges.ring_changes.store(changes, Ordering::Relaxed);
        gauges.ring_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Tells readers that another history begins, and forgets what was owed of this one.
    fn begin_history(&mut self, epoch: Epoch, revision: Revision) {
        let generation = self.progress.generation + 1;
        self.shared.publish(Progress {
            generation,
            ..self.progress
        });
        self.merge.clear();
        self.ring.clear();
        self.vacancies = Vacancies::default();
        self.shared.topics.clear(revision);
        self.progress = Progress {
            epoch,
            revision,
            settled: revision,
            emitted: self.progress.emitted,
            vanished: revision,
            relists: self.progress.relists,
            generation,
        };
    }

    /// Has every service start at `revision`. Those that nothing speaks of are not known to this history.
    fn start_services(&self, revision: Revision) {
        let directory = &self.shared.directory;
        for cell in directory.cells() {
            let mut desk = cell.desk.lock();
            desk.vacancy = None;
            desk.changed_at = None;
            let unspoken_of = desk.orphans.is_empty();
            drop(desk);
            let Some(snapshot) = cell.snapshot.load_full() else {
                continue;
            };
            if !snapshot.is_empty() || !snapshot.terms().is_empty() {
                if snapshot.revision() != revision {
                    cell.snapshot.store(Some(Arc::new(snapshot.at(revision))));
                }
                continue;
            }
            cell.snapshot.store(None);
            directory.unlist(&cell.key);
            self.shared.gauges.services.fetch_sub(1, Ordering::Relaxed);
            if unspoken_of {
                directory.remove(&cell.key);
            }
        }
    }
}
