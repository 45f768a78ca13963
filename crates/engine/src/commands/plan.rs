//! A batch in the making.

use std::collections::HashSet;

use compact_str::CompactString;
use paste_catalog::Catalog;
use paste_model::{Change, Expect, InstanceKey, Key, Member, Record, Revision, SessionId};

/// What a command wants changed, and what it takes for granted.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) expect: Vec<(Key, Expect)>,
    pub(super) changes: Vec<Change>,
    pub(super) reason: CompactString,
}

/// What a command found to do: nothing, or a plan, with the answer in either case.
#[derive(Debug)]
pub(super) enum Step<T> {
    Done(T),
    Commit(Plan, T),
}

impl Plan {
    pub(super) fn put(&mut self, record: Record) {
        self.changes.push(Change::Put(record));
    }

    pub(super) fn delete(&mut self, key: Key) {
        self.changes.push(Change::Delete(key));
    }

    pub(super) fn expect(&mut self, key: Key, expect: Expect) {
        self.expect.push((key, expect));
    }

    /// Removes a registration, and what the probes found of it.
    pub(super) fn remove(&mut self, key: &InstanceKey, member: &Member, expect: Expect) {
        self.expect(Key::Instance(key.clone()), expect);
        self.delete(Key::Instance(key.clone()));
        if member.check_health.is_some() {
            self.delete(Key::Check(key.clone()));
        }
    }

    /// Expects a record to be as a client said, if it said so.
    pub(super) fn condition(&mut self, key: Key, condition: Option<Revision>) {
        if let Some(revision) = condition {
            self.expect(key, expected(revision));
        }
    }

    /// The sessions whose records it changes.
    pub(super) fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.changes.iter().filter_map(|change| match change {
            Change::Put(Record::Session(id, _)) | Change::Delete(Key::Session(id)) => Some(id),
            _ => None,
        })
    }

    /// Leaves each session record at most one change, after several plans were absorbed: one that an instance of this
    /// plan names stays, whoever else leaves it.
    pub(super) fn settle_sessions(&mut self) {
        let named: HashSet<SessionId> = self
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Put(Record::Instance(_, instance)) => instance.session.clone(),
                _ => None,
            })
            .collect();
        let mut seen = HashSet::new();
        self.changes.retain(|change| match change {
            Change::Delete(Key::Session(id)) => !named.contains(id) && seen.insert(id.clone()),
            Change::Put(Record::Session(id, _)) => seen.insert(id.clone()),
            _ => true,
        });
    }

    /// Takes the steps of another plan into this one, for an atomic batch.
    pub(super) fn absorb(&mut self, other: Self) {
        self.expect.extend(other.expect);
        self.changes.extend(other.changes);
    }

    /// Takes `key` out of the session it was in, whose record goes with its last instance.
    pub(super) fn leave_session(&mut self, catalog: &Catalog, id: &SessionId, key: &InstanceKey) {
        let Some(cell) = catalog.session(id.as_str()) else {
            return;
        };
        if let (_, Some(revision)) = cell.record()
            && cell.members().iter().all(|(member, _)| member == key)
        {
            self.expect(Key::Session(id.clone()), Expect::At(revision));
            self.delete(Key::Session(id.clone()));
        }
    }
}

/// What a client expects that names a revision; 0 is that of what isn't there.
pub(super) fn expected(revision: Revision) -> Expect {
    match revision {
        Revision(0) => Expect::Absent,
        revision => Expect::At(revision),
    }
}
