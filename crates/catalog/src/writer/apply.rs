//! Turning changes of records into new snapshots.
//!
//! A batch, or a run of them, goes through in four steps: changes are sorted into drafts, one per service; registrations
//! are linked to their sessions, and sessions whose verdict changed add their members to the drafts; each draft is joined
//! with what is there; the new snapshots are swapped in, one per service.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use foldhash::fast::RandomState;
use paste_model::{
    Change, Committed, Entry, InstanceKey, Key, Record, Revision, ServiceKey, SessionId,
};

use super::draft::{Draft, Drafted, Edit};
use crate::cell::Cell;
use crate::configs::ConfigEdits;
use crate::merge::Changed;
use crate::session::{Link, SessionCell};
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::transition::Transition;

/// Batches on their way into the view.
pub(super) struct Application<'a> {
    shared: &'a Shared,
    /// Of the batch whose changes are coming in.
    revision: Revision,
    /// In the order in which the batches first speak of each service.
    drafts: Vec<Draft>,
    places: HashMap<ServiceKey, usize, RandomState>,
    configs: ConfigEdits,
    /// Made by these batches.
    born: Vec<Arc<SessionCell>>,
    /// Perhaps at their end.
    left: Vec<Arc<SessionCell>>,
    /// Whose verdict changed.
    judged: Vec<Arc<SessionCell>>,
    /// `None`: nobody wants to know.
    transitions: Option<Vec<Transition>>,
}

/// What the batches did.
pub(super) struct Outcome {
    /// Of the last of them.
    pub(super) revision: Revision,
    pub(super) changed: Vec<Changed>,
    pub(super) transitions: Vec<Transition>,
}

impl<'a> Application<'a> {
    pub(super) fn new(shared: &'a Shared, revision: Revision, tell: bool) -> Self {
        Self {
            shared,
            revision,
            drafts: Vec::new(),
            places: HashMap::default(),
            configs: ConfigEdits::default(),
            born: Vec::new(),
            left: Vec::new(),
            judged: Vec::new(),
            transitions: tell.then(Vec::new),
        }
    }

    /// Takes in a batch.
    pub(super) fn batch(&mut self, batch: &Committed) {
        self.revision = batch.revision;
        for change in &batch.changes {
            match change {
                Change::Put(record) => self.put(record.clone(), batch.revision),
                Change::Delete(key) => self.delete(key),
            }
        }
    }

    pub(super) fn put_all(&mut self, entries: Vec<Entry>) {
        let is_instance = |entry: &&Entry| matches!(entry.record, Record::Instance(..));
        let instances = entries.iter().filter(is_instance).count();
        // Mostly a session each.
        self.shared.sessions.reserve(instances);
        for entry in entries {
            self.put(entry.record, entry.revision);
        }
    }

    fn put(&mut self, record: Record, revision: Revision) {
        match record {
            Record::Namespace(name, settings) => {
                self.shared.directory.set_namespace(&name, Some(settings));
                self.tell(Transition::Namespace { name, exists: true });
            }
            Record::Service(key, settings) => {
                self.draft(&key).settings = Some(Some((settings, revision)));
            }
            Record::Policy(key, history) => {
                self.draft(&key).policy = Some(Some((history, revision)));
            }
            Record::Instance(key, instance) => {
                self.edit(&key).instance = Some(Some((instance, revision)));
            }
            Record::Session(id, session) => {
                let cell = self.session(&id);
                if cell.set_record(Some((session, revision))) {
                    self.judged.push(cell);
                }
            }
            Record::Check(key, health) => {
                self.edit(&key).check_health = Some(Some(Arc::new(health)));
            }
            Record::Override(key, word) => self.edit(&key).overridden = Some(Some(word)),
            Record::Token(token) => {
                let id = token.id.clone();
                self.shared.tokens.put(token, revision);
                self.tell(Transition::Token { id, exists: true });
            }
            Record::Config(key, item) => self.configs.item(&key, Some((item, revision))),
            Record::Release(key, number, release) => {
                self.configs
                    .release(&key, number, Some((release, revision)));
            }
            Record::Blob(..) => {}
        }
    }

    pub(super) fn delete(&mut self, key: &Key) {
        match key {
            Key::Namespace(name) => {
                if self.shared.directory.set_namespace(name, None).is_some() {
                    self.tell(Transition::Namespace {
                        name: name.clone(),
                        exists: false,
                    });
                }
            }
            Key::Service(key) => self.draft(key).settings = Some(None),
            Key::Policy(key) => self.draft(key).policy = Some(None),
            Key::Instance(key) => self.edit(key).instance = Some(None),
            Key::Session(id) => {
                if let Some(cell) = self.shared.sessions.get(id.as_str()) {
                    if cell.set_record(None) {
                        self.judged.push(Arc::clone(&cell));
                    }
                    self.left.push(cell);
                }
            }
            Key::Check(key) => self.edit(key).check_health = Some(None),
            Key::Override(key) => self.edit(key).overridden = Some(None),
            Key::Token(id) => {
                if self.shared.tokens.remove(id) {
                    self.tell(Transition::Token {
                        id: id.clone(),
                        exists: false,
                    });
                }
            }
            Key::Config(key) => self.configs.item(key, None),
            Key::Release(key, number) => self.configs.release(key, *number, None),
            Key::Blob(_) | Key::Node(_) => {}
        }
    }

    pub(super) fn finish(mut self) -> Outcome {
        let configs = std::mem::take(&mut self.configs);
        configs.finish(self.shared, self.transitions.as_mut());
        self.link();
        self.reach_members();
        let born = std::mem::take(&mut self.born);
        for cell in born {
            if !self.shared.sessions.forget_if_dead(&cell) {
                self.tell(Transition::Session { cell, exists: true });
            }
        }
        let mut drafted = Vec::with_capacity(self.drafts.len());
        for draft in std::mem::take(&mut self.drafts) {
            let cell = Arc::clone(&draft.cell);
            let joined = draft.join(&self.shared.sessions, self.transitions.as_mut());
            match joined {
                Some(joined) => drafted.push(joined),
                None => self.drop_if_unknown(&cell),
            }
        }
        let changed = drafted
            .into_iter()
            .map(|drafted| self.swap(drafted))
            .collect();
        for cell in std::mem::take(&mut self.left) {
            if self.shared.sessions.forget_if_dead(&cell) {
                self.tell(Transition::Session {
                    cell,
                    exists: false,
                });
            }
        }
        Outcome {
            revision: self.revision,
            changed,
            transitions: self.transitions.unwrap_or_default(),
        }
    }

    fn tell(&mut self, transition: Transition) {
        if let Some(transitions) = &mut self.transitions {
            transitions.push(transition);
        }
    }

    fn draft(&mut self, key: &ServiceKey) -> &mut Draft {
        // Records of one service mostly follow each other.
        let place = match self.drafts.last() {
            Some(last) if *last.cell.key == *key => self.drafts.len() - 1,
            _ => *self.places.entry(key.clone()).or_insert_with(|| {
                self.drafts
                    .push(Draft::new(self.shared.directory.cell(key)));
                self.drafts.len() - 1
            }),
        };
        let draft = &mut self.drafts[place];
        draft.revision = self.revision;
        draft
    }

    fn edit(&mut self, key: &InstanceKey) -> &mut Edit {
        self.draft(&key.service).edit(&key.id)
    }

    fn session(&mut self, id: &SessionId) -> Arc<SessionCell> {
        let (cell, made) = self.shared.sessions.get_or_make(id);
        if made {
            self.born.push(Arc::clone(&cell));
        }
        cell
    }

    /// Links registrations that come to their sessions, and unlinks those that go.
    fn link(&mut self) {
        let sessions = &self.shared.sessions;
        for draft in &mut self.drafts {
            let before = draft.cell.snapshot.load_full();
            for (id, edit) in &mut draft.edits {
                let Some(next) = &edit.instance else { continue };
                let old = before
                    .as_deref()
                    .and_then(|snapshot| snapshot.member(id.as_str()))
                    .and_then(|member| member.instance.session.as_ref());
                let new = next
                    .as_ref()
                    .and_then(|(instance, _)| instance.session.as_ref());
                if old == new {
                    continue;
                }
                let link = Link {
                    cell: Arc::clone(&draft.cell),
                    id: id.clone(),
                };
                if let Some(cell) = old.and_then(|old| sessions.get(old.as_str())) {
                    cell.unlink(&link);
                    self.left.push(cell);
                }
                if let Some(new) = new {
                    let (cell, made) = sessions.get_or_make(new);
                    cell.link(link);
                    if made {
                        self.born.push(Arc::clone(&cell));
                    }
                    edit.session = Some(cell);
                }
            }
        }
    }

    /// Brings the members of sessions whose verdict changed into the drafts.
    fn reach_members(&mut self) {
        for session in std::mem::take(&mut self.judged) {
            for Link { cell, id } in session.links() {
                self.draft(&cell.key).edits.entry(id).or_default();
            }
        }
    }

    /// Puts a service's new snapshot in the place of the old one.
    fn swap(&self, drafted: Drafted) -> Changed {
        let Drafted {
            cell,
            revision,
            before,
            after,
            ids,
            policy,
        } = drafted;
        let directory = &self.shared.directory;
        let gauges = &self.shared.gauges;
        let length = |snapshot: Option<&Arc<Snapshot>>| snapshot.map_or(0, |it| it.len());
        gauges
            .instances
            .fetch_add(length(after.as_ref()), Ordering::Relaxed);
        gauges
            .instances
            .fetch_sub(length(before.as_ref()), Ordering::Relaxed);
        let (begins, vanished) = (before.is_none(), after.is_none());
        cell.snapshot.store(after);
        match (!begins, vanished) {
            (false, false) => {
                directory.list(&cell);
                gauges.services.fetch_add(1, Ordering::Relaxed);
            }
            (true, true) => {
                directory.unlist(&cell.key);
                gauges.services.fetch_sub(1, Ordering::Relaxed);
                self.drop_if_unknown(&cell);
            }
            (true, false) | (false, true) => {}
        }
        Changed {
            cell,
            revision,
            ids,
            policy,
            begins,
            vanished,
        }
    }

    /// Forgets a cell that holds nothing.
    fn drop_if_unknown(&self, cell: &Cell) {
        if cell.snapshot.load().is_none() && cell.desk.lock().orphans.is_empty() {
            self.shared.directory.remove(&cell.key);
        }
    }
}
