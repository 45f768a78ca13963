//! A subscriber that folds what it is told into a picture, and knows only that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::noop_waker_ref;
use paste_catalog::{Event, Subscription, Topic};
use paste_model::*;

use crate::history::{History, State};
use crate::node::Node;
use crate::universe;

pub(crate) struct Watcher {
    pub(crate) node: usize,
    topics: Vec<Topic>,
    subscription: Subscription,
    picture: BTreeMap<ServiceKey, BTreeMap<InstanceId, Arc<Member>>>,
    policies: BTreeMap<ServiceKey, Arc<Policy>>,
    /// The last revision of each service in this stream.
    revisions: BTreeMap<ServiceKey, Revision>,
    /// The last id it was sent.
    id: Option<Position>,
    /// Where this stream was resumed, until a reset.
    resumed: Option<Revision>,
}

impl Watcher {
    pub(crate) fn new(node: &Node, place: usize, topics: Vec<Topic>) -> Self {
        Self {
            node: place,
            subscription: node.catalog.subscribe(topics.clone(), None),
            topics,
            picture: BTreeMap::new(),
            policies: BTreeMap::new(),
            revisions: BTreeMap::new(),
            id: None,
            resumed: None,
        }
    }

    pub(crate) fn reconnect(&mut self, node: &Node, place: usize) {
        self.node = place;
        self.subscription = node.catalog.subscribe(self.topics.clone(), self.id);
        self.revisions.clear();
        self.resumed = self.id.map(|id| id.revision);
        if self.id.is_none() {
            self.picture.clear();
            self.policies.clear();
        }
    }

    /// Takes the next event; false when there is none.
    pub(crate) fn poll(&mut self) -> bool {
        let mut context = Context::from_waker(noop_waker_ref());
        let Poll::Ready(event) = self.subscription.poll_next(&mut context) else {
            // The line that keeps a quiet stream resumable.
            self.id = Some(self.subscription.settled());
            return false;
        };
        match event {
            Event::Reset => {
                self.picture.clear();
                self.policies.clear();
                self.revisions.clear();
                self.id = None;
                self.resumed = None;
            }
            Event::Snapshot { snapshot, last } => {
                self.note(snapshot.key(), snapshot.revision());
                let members = snapshot.members().cloned();
                let members = members.map(|member| (member.id.clone(), member)).collect();
                self.picture.insert(snapshot.key().clone(), members);
                self.hold(snapshot.key(), snapshot.policy());
                if last {
                    self.id = Some(self.subscription.settled());
                }
            }
            Event::Delta(emission) => {
                assert!(self.resumed < Some(emission.revision), "handed out before");
                self.note(&emission.service, emission.revision);
                if emission.begins {
                    // All of it: what was known before, if anything, was of a service that ended since.
                    self.picture.remove(&emission.service);
                }
                if let Some(policy) = &emission.policy {
                    self.hold(&emission.service, policy.as_ref());
                }
                let picture = self.picture.entry(emission.service.clone()).or_default();
                for member in &emission.upserted {
                    picture.insert(member.id.clone(), Arc::clone(member));
                }
                for id in &emission.removed {
                    picture.remove(id);
                }
                self.id = Some(emission.settled);
            }
        }
        true
    }

    fn hold(&mut self, service: &ServiceKey, policy: Option<&Arc<Policy>>) {
        match policy {
            Some(policy) => self.policies.insert(service.clone(), Arc::clone(policy)),
            None => self.policies.remove(service),
        };
    }

    fn follows(&self, service: &ServiceKey) -> bool {
        self.topics.iter().any(|topic| match topic {
            Topic::Service(key) => key == service,
            Topic::Namespace(namespace) => *namespace == service.namespace,
        })
    }

    fn note(&mut self, service: &ServiceKey, revision: Revision) {
        assert!(self.follows(service), "{service} wasn't asked for");
        let last = self.revisions.insert(service.clone(), revision);
        assert!(last <= Some(revision), "{service} went back to {revision}");
    }

    /// Its id is a promise: of everything up to there it must have heard. So what it shows of each instance must be the
    /// truth of then, or a later one.
    pub(crate) fn check_promise(&self, histories: &[History]) {
        let Some(id) = self.id else { return };
        let is_its = |history: &&History| history.epoch == id.epoch;
        let history = histories.iter().find(is_its).expect("a history of ours");
        let reached = history
            .states
            .partition_point(|state| state.revision <= id.revision);
        let states = &history.states[reached.saturating_sub(1)..];
        for service in universe::services().iter().filter(|it| self.follows(it)) {
            let truths: Vec<_> = states.iter().map(|state| state.members(service)).collect();
            let policy = self.policies.get(service);
            assert!(
                states
                    .iter()
                    .any(|state| state.holding(service).as_ref() == policy),
                "{id} promises another policy of {service} than {policy:?}"
            );
            let none = BTreeMap::new();
            let shown = self.picture.get(service).unwrap_or(&none);
            for instance in (0..3).map(|index| universe::key(0, index).id) {
                let shown = shown.get(&instance);
                assert!(
                    truths.iter().any(|truth| truth.get(&instance) == shown),
                    "{id} promises more of {service}/{instance} than {shown:?}"
                );
            }
        }
    }

    /// Nothing is owed any more: the picture must be the truth, and all of it may be resumed from.
    pub(crate) fn check(&self, truth: &State, position: Position) {
        assert_eq!(self.subscription.settled(), position);
        for service in universe::services() {
            let shown = self.picture.get(&service).cloned().unwrap_or_default();
            if self.follows(&service) {
                assert_eq!(shown, truth.members(&service), "picture of {service}");
                let policy = self.policies.get(&service).cloned();
                assert_eq!(policy, truth.holding(&service), "policy of {service}");
            } else {
                assert!(shown.is_empty());
            }
        }
    }
}
