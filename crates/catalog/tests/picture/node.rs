//! A catalog that follows a history, compared with the truth after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use paste_catalog::{Catalog, Limits, Snapshot, Transition, Writer, catalog};
use paste_model::*;

use crate::history::{History, State};
use crate::universe;

pub(crate) struct Node {
    pub(crate) catalog: Catalog,
    writer: Writer,
    now: Instant,
    /// Which history it follows, and how many of its batches it has applied.
    history: usize,
    applied: usize,
    state: State,
    /// The services it must know, with their revisions.
    known: BTreeMap<ServiceKey, Revision>,
}

impl Node {
    pub(crate) fn new(limits: &Limits, histories: &[History]) -> Self {
        let (writer, catalog) = catalog(limits.clone());
        let mut node = Self {
            catalog,
            writer,
            now: Instant::now(),
            history: 0,
            applied: 0,
            state: State::default(),
            known: BTreeMap::new(),
        };
        node.reload(histories);
        node
    }

    /// Loads the newest history from its newest state.
    pub(crate) fn reload(&mut self, histories: &[History]) {
        self.history = histories.len() - 1;
        let history = &histories[self.history];
        self.applied = history.batches.len();
        let state = history.newest();
        let transitions =
            self.writer
                .load(history.epoch, state.revision, state.entries(), self.now);
        assert!(transitions.is_empty());
        self.known.clear();
        self.state = State::default();
        self.advance(state, None);
        for revision in self.known.values_mut() {
            *revision = self.state.revision;
        }
        self.check();
    }

    /// Applies up to `count` batches more, in one group.
    pub(crate) fn apply(&mut self, histories: &[History], count: usize) {
        let history = &histories[self.history];
        let group = &history.batches[self.applied..];
        let group = &group[..group.len().min(count)];
        self.now += Duration::from_millis(7);
        let told = self.writer.apply_group(group, self.now);
        assert_eq!(told.len(), group.len());
        let sessions = self.state.sessions();
        for transitions in &told {
            self.applied += 1;
            self.advance(history.states[self.applied].clone(), Some(transitions));
        }
        check_sessions(&told.concat(), &sessions, &self.state.sessions());
        self.check();
    }

    /// Lists the history it follows anew.
    pub(crate) fn relist(&mut self, histories: &[History]) {
        let history = &histories[self.history];
        self.applied = history.batches.len();
        let state = history.newest();
        let transitions =
            self.writer
                .load(history.epoch, state.revision, state.entries(), self.now);
        let sessions = self.state.sessions();
        self.advance(state, Some(&transitions));
        check_sessions(&transitions, &sessions, &self.state.sessions());
        self.check();
    }

    pub(crate) fn flush(&mut self, millis: u64) -> bool {
        self.now += Duration::from_millis(millis);
        self.writer.flush(self.now).is_some()
    }

    /// Goes to the end of the newest history, and emits everything.
    pub(crate) fn catch_up(&mut self, histories: &[History]) {
        if self.history + 1 != histories.len() {
            self.reload(histories);
        }
        while self.applied < histories[self.history].batches.len() {
            self.apply(histories, 1);
        }
        while self.flush(50) {}
    }

    /// The step to `next`; what is told of it must be what differs.
    fn advance(&mut self, next: State, transitions: Option<&[Transition]>) {
        let mut members = BTreeMap::new();
        let mut settings = BTreeSet::new();
        let mut policies = BTreeSet::new();
        for service in universe::services() {
            let (before, after) = (self.state.members(&service), next.members(&service));
            let ids: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            let mut changed = false;
            for id in ids {
                let (before, after) = (before.get(id).cloned(), after.get(id).cloned());
                if before != after {
                    changed = true;
                    members.insert((service.clone(), id.clone()), (before, after));
                }
            }
            let recorded = (self.state.settings(&service), next.settings(&service));
            if recorded.0 != recorded.1 {
                changed = true;
                settings.insert(service.clone());
            }
            let policy = (self.state.policy(&service), next.policy(&service));
            if policy.0 != policy.1 {
                changed = true;
                policies.insert(service.clone());
            }
            let was_set = recorded.0.is_some() || policy.0.is_some();
            let is_set = recorded.1.is_some() || policy.1.is_some();
            let ended = was_set && !is_set && after.is_empty();
            if ended {
                self.known.remove(&service);
            } else if changed {
                self.known.insert(service, next.revision);
            }
        }
        if let Some(transitions) = transitions {
            check_transitions(transitions, members, settings, policies);
        }
        self.state = next;
    }

    /// What a reader sees must be the truth.
    fn check(&self) {
        assert_eq!(self.catalog.revision(), self.state.revision);
        for service in universe::services() {
            let snapshot = self
                .catalog
                .service(service.namespace.as_str(), service.name.as_str());
            assert_eq!(
                snapshot.as_ref().map(|it| it.revision()),
                self.known.get(&service).copied(),
                "revision of {service}"
            );
            if let Some(snapshot) = snapshot {
                check_snapshot(&snapshot, &self.state, &service);
            }
        }
        self.check_lists();
        for id in (0..3).map(universe::session) {
            self.check_session(&id);
        }
        let counts = self.catalog.counts();
        assert_eq!(counts.services, self.known.len());
        assert_eq!(counts.sessions, self.state.sessions().len());
        let members = |service: &ServiceKey| self.state.members(service).len();
        let instances: usize = universe::services().iter().map(members).sum();
        assert_eq!(counts.instances, instances);
    }

    fn check_lists(&self) {
        let mut listed = Vec::new();
        for (namespace, _) in self.catalog.namespaces() {
            let services = self
                .catalog
                .services(namespace.as_str(), "", None, usize::MAX);
            listed.extend(services.iter().map(|snapshot| snapshot.key().clone()));
        }
        assert!(listed.iter().eq(self.known.keys()));
    }

    fn check_session(&self, id: &SessionId) {
        let Some(cell) = self.catalog.session(id.as_str()) else {
            assert!(!self.state.sessions().contains(id));
            return;
        };
        let recorded = self.state.session(id);
        assert_eq!(
            *cell.record().0,
            recorded.cloned().unwrap_or_default(),
            "record of {id}"
        );
        let mut expected = Vec::new();
        for service in universe::services() {
            for (instance, member) in self.state.members(&service) {
                if member.instance.session.as_ref() == Some(id) {
                    let service = service.clone();
                    let key = InstanceKey {
                        service,
                        id: instance,
                    };
                    expected.push((key, member));
                }
            }
        }
        assert_eq!(cell.members(), expected, "members of {id}");
    }
}

fn check_snapshot(snapshot: &Snapshot, state: &State, service: &ServiceKey) {
    let expected: Vec<_> = state.members(service).into_values().collect();
    let shown: Vec<_> = snapshot.members().cloned().collect();
    assert_eq!(shown, expected, "members of {service}");
    assert_eq!(snapshot.len(), expected.len());
    assert_eq!(snapshot.members().len(), expected.len());
    let up = || expected.iter().filter(|it| it.status() == Status::Up);
    assert_eq!(snapshot.up(), up().count());
    assert_eq!(
        snapshot.up_healthy(),
        up().filter(|it| it.healthy()).count()
    );
    let settings = state.settings(service);
    assert_eq!(
        snapshot.settings_revision(),
        settings.as_ref().map(|(_, revision)| *revision)
    );
    let settings = settings.map(|(settings, _)| (*settings).clone());
    let settings = settings.unwrap_or_default();
    assert_eq!(*snapshot.settings(), settings);
    let recorded = snapshot.policy_history();
    let recorded = recorded.map(|(history, revision)| (Arc::clone(history), revision));
    assert_eq!(recorded, state.policy(service));
    let policy = state.holding(service);
    assert_eq!(snapshot.policy(), policy.as_ref());
    let threshold = policy.and_then(|policy| policy.protect_threshold);
    let threshold = threshold.unwrap_or(settings.protect_threshold);
    assert_eq!(snapshot.protect_threshold(), threshold);
}

type MemberChanges = BTreeMap<(ServiceKey, InstanceId), (Option<Arc<Member>>, Option<Arc<Member>>)>;

fn check_transitions(
    transitions: &[Transition],
    mut members: MemberChanges,
    mut settings: BTreeSet<ServiceKey>,
    mut policies: BTreeSet<ServiceKey>,
) {
    for transition in transitions {
        match transition {
            Transition::Member { key, before, after } => {
                let expected = members.remove(&(key.service.clone(), key.id.clone()));
                assert_eq!(expected, Some((before.clone(), after.clone())), "{key}");
            }
            Transition::Service { key, .. } => assert!(settings.remove(key), "{key}"),
            Transition::Policy { key, .. } => assert!(policies.remove(key), "{key}"),
            _ => {}
        }
    }
    assert!(members.is_empty(), "not told: {members:?}");
    assert!(settings.is_empty(), "not told: {settings:?}");
    assert!(policies.is_empty(), "not told: {policies:?}");
}

/// The sessions that are told to come and go lead from those before to those after.
fn check_sessions(
    transitions: &[Transition],
    before: &BTreeSet<SessionId>,
    after: &BTreeSet<SessionId>,
) {
    let mut sessions = before.clone();
    for transition in transitions {
        if let Transition::Session { cell, exists } = transition {
            let news = if *exists {
                sessions.insert(cell.id().clone())
            } else {
                sessions.remove(cell.id())
            };
            assert!(news, "{} is told twice", cell.id());
        }
    }
    assert_eq!(sessions, *after);
}
