//! The truth: the records after each batch, and what they mean, computed without any index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use paste_model::*;

use crate::universe;

/// The records at one revision.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) revision: Revision,
    records: BTreeMap<Key, Entry>,
}

/// All that has happened in one epoch.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) epoch: Epoch,
    /// Before the first batch, and after each.
    pub(crate) states: Vec<State>,
    pub(crate) batches: Vec<Committed>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            epoch: Epoch(1),
            states: vec![State::default()],
            batches: Vec::new(),
        }
    }
}

impl History {
    pub(crate) fn newest(&self) -> State {
        self.states.last().expect("one at least").clone()
    }

    pub(crate) fn commit(&mut self, changes: Vec<Change>) {
        let mut state = self.newest();
        // Revisions grow, by more than one now and then.
        state.revision = Revision(state.revision.0 + 1 + u64::from(changes.len() == 3));
        for change in &changes {
            match change {
                Change::Put(record) => {
                    let revision = state.revision;
                    let entry = Entry {
                        revision,
                        record: record.clone(),
                    };
                    state.records.insert(record.key(), entry);
                }
                Change::Delete(key) => {
                    state.records.remove(key);
                }
            }
        }
        self.batches
            .push(universe::committed(state.revision, changes));
        self.states.push(state);
    }

    /// A history that begins with some older state, at its old revision or a later one.
    pub(crate) fn restored(&self, choice: usize, epoch: u64) -> Self {
        let mut state = self.states[choice % self.states.len()].clone();
        if choice.is_multiple_of(3) {
            state.revision = Revision(self.newest().revision.0 + 1);
        }
        Self {
            epoch: Epoch(epoch + 1),
            states: vec![state],
            batches: Vec::new(),
        }
    }
}

impl State {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.records.values().cloned().collect()
    }

    pub(crate) fn settings(
        &self,
        service: &ServiceKey,
    ) -> Option<(Arc<ServiceSettings>, Revision)> {
        let entry = self.records.get(&Key::Service(service.clone()))?;
        match &entry.record {
            Record::Service(_, settings) => Some((Arc::clone(settings), entry.revision)),
            _ => None,
        }
    }

    pub(crate) fn policy(&self, service: &ServiceKey) -> Option<(Arc<PolicyHistory>, Revision)> {
        let entry = self.records.get(&Key::Policy(service.clone()))?;
        match &entry.record {
            Record::Policy(_, history) => Some((Arc::clone(history), entry.revision)),
            _ => None,
        }
    }

    /// The policy that holds.
    pub(crate) fn holding(&self, service: &ServiceKey) -> Option<Arc<Policy>> {
        self.policy(service)?.0.policy().cloned()
    }

    pub(crate) fn members(&self, service: &ServiceKey) -> BTreeMap<InstanceId, Arc<Member>> {
        let instances = self
            .records
            .values()
            .filter_map(|entry| match &entry.record {
                Record::Instance(key, instance) if key.service == *service => {
                    Some((key, instance, entry.revision))
                }
                _ => None,
            });
        instances
            .map(|(key, instance, revision)| {
                let member = Member {
                    id: key.id.clone(),
                    instance: Arc::clone(instance),
                    revision,
                    overridden: self.overridden(key),
                    session_health: self.session_health(instance),
                    check_health: self.check_health(key),
                };
                (key.id.clone(), Arc::new(member))
            })
            .collect()
    }

    pub(crate) fn sessions(&self) -> BTreeSet<SessionId> {
        let named = |entry: &Entry| match &entry.record {
            Record::Instance(_, instance) => instance.session.clone(),
            Record::Session(id, _) => Some(id.clone()),
            _ => None,
        };
        self.records.values().filter_map(named).collect()
    }

    pub(crate) fn session(&self, id: &SessionId) -> Option<&Session> {
        match &self.records.get(&Key::Session(id.clone()))?.record {
            Record::Session(_, session) => Some(session),
            _ => None,
        }
    }

    fn session_health(&self, instance: &Instance) -> Option<Arc<Health>> {
        let session = self.session(instance.session.as_ref()?)?;
        session.health.clone().map(Arc::new)
    }

    fn overridden(&self, key: &InstanceKey) -> Option<Arc<Override>> {
        match &self.records.get(&Key::Override(key.clone()))?.record {
            Record::Override(_, word) => Some(Arc::clone(word)),
            _ => None,
        }
    }

    fn check_health(&self, key: &InstanceKey) -> Option<Arc<Health>> {
        match &self.records.get(&Key::Check(key.clone()))?.record {
            Record::Check(_, health) => Some(Arc::new(health.clone())),
            _ => None,
        }
    }
}
