//! Reading the view.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use paste_model::{
    Entry, InstanceId, InstanceKey, Member, Namespace, NamespaceSettings, Override, Position,
    Revision, Token, TokenHash,
};

use crate::configs::{ConfigFollower, ConfigItem, ConfigTopic};
use crate::emission::Topic;
use crate::heralds::Herald;
use crate::records::records;
use crate::session::SessionCell;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::subscription::Subscription;
use crate::wait::WaitFor;

/// A reader of the view. Cheap to clone; reading a service, a member, a session or a token takes no lock.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

/// Sizes of the view, for metrics: each exact, together only nearly so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Known services.
    pub services: usize,
    /// Registered instances.
    pub instances: usize,
    /// Sessions with an instance or a record.
    pub sessions: usize,
    /// Configuration items.
    pub configs: usize,
    /// Live subscriptions.
    pub subscribers: usize,
    /// Changes kept in the ring.
    pub ring_changes: usize,
    /// Bytes kept in the ring, by estimate.
    pub ring_bytes: usize,
}

impl Catalog {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// A task for this thread that wakes the others that wait here for changes, unless it has one: to be spawned on it.
    pub fn herald(&self) -> Option<Herald> {
        Herald::new(&self.shared)
    }

    /// The history that is shown, and how far.
    pub fn position(&self) -> Position {
        self.shared.progress().position()
    }

    /// All batches up to here are shown.
    pub fn revision(&self) -> Revision {
        self.shared.progress.load().revision
    }

    /// Waits until the view has reached `revision` (immediately ready when it has).
    pub fn wait_for(&self, revision: Revision) -> WaitFor {
        WaitFor::new(Arc::clone(&self.shared), revision)
    }

    /// The newest snapshot of a service; `None`: unknown (no settings, and never an instance since they were loaded or
    /// its settings deleted). No allocation, no lock.
    pub fn service(&self, namespace: &str, service: &str) -> Option<Arc<Snapshot>> {
        self.shared.directory.snapshot(namespace, service)
    }

    /// The services of a namespace in name order whose names begin with `prefix` and come after `after` (exclusive), at
    /// most `limit`.
    pub fn services(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Arc<Snapshot>> {
        self.shared
            .directory
            .services(namespace, prefix, after, limit)
    }

    /// One instance.
    pub fn member(&self, key: &InstanceKey) -> Option<Arc<Member>> {
        self.service(key.service.namespace.as_str(), key.service.name.as_str())?
            .member(key.id.as_str())
            .cloned()
    }

    /// The overrides of a service in id order, those of instances that aren't registered included. Takes a lock that the
    /// writer takes, too: for administrators.
    pub fn overrides(&self, namespace: &str, service: &str) -> Vec<(InstanceId, Arc<Override>)> {
        let Some(cell) = self.shared.directory.find(namespace, service) else {
            return Vec::new();
        };
        let desk = cell.desk.lock();
        let snapshot = cell.snapshot.load_full();
        let members = snapshot.iter().flat_map(|snapshot| snapshot.members());
        let registered =
            members.filter_map(|member| Some((member.id.clone(), member.overridden.clone()?)));
        let orphans = desk.orphans.iter();
        let absent =
            orphans.filter_map(|(id, orphan)| Some((id.clone(), orphan.overridden.clone()?)));
        let overrides: BTreeMap<_, _> = registered.chain(absent).collect();
        overrides.into_iter().collect()
    }

    /// A configuration item that has a record. No allocation, no lock.
    pub fn config(&self, namespace: &str, group: &str, name: &str) -> Option<Arc<ConfigItem>> {
        self.shared.configs.find(namespace, group, name)
    }

    /// The configuration items of a namespace, or of one of its groups, whose names begin with `prefix` and that come after
    /// `after` (a group and a name, exclusive), in the order of group and name; at most `limit`.
    pub fn configs(
        &self,
        namespace: &str,
        group: Option<&str>,
        prefix: &str,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Vec<Arc<ConfigItem>> {
        self.shared
            .configs
            .list(namespace, group, prefix, after, limit)
    }

    /// Every configuration item of a group, in the order of their names.
    pub fn config_group(&self, namespace: &str, group: &str) -> Vec<Arc<ConfigItem>> {
        self.shared.configs.group(namespace, group)
    }

    /// Every configuration item, in no order.
    pub fn all_configs(&self) -> Vec<Arc<ConfigItem>> {
        self.shared.configs.all()
    }

    /// What the contents of a namespace's configuration take in the store, in bytes; of each item each content counts once.
    pub fn config_bytes(&self, namespace: &str) -> u64 {
        self.shared.configs.bytes(namespace)
    }

    /// Follows configuration items.
    pub fn follow_configs(&self, topics: Vec<ConfigTopic>) -> ConfigFollower {
        ConfigFollower::new(Arc::clone(&self.shared), topics)
    }

    /// Namespaces in name order: those with settings, and those with services.
    pub fn namespaces(&self) -> Vec<(Namespace, Option<NamespaceSettings>)> {
        self.shared.directory.namespaces()
    }

    /// The settings of a namespace, when it has them.
    pub fn namespace(&self, name: &str) -> Option<NamespaceSettings> {
        self.shared.directory.namespace(name)
    }

    /// A session that an instance names or that has a record.
    pub fn session(&self, id: &str) -> Option<Arc<SessionCell>> {
        self.shared.sessions.get(id)
    }

    /// What `look` makes of a session. Cheaper than [`Self::session`], as no reference is counted.
    pub fn with_session<T>(&self, id: &str, look: impl FnOnce(&SessionCell) -> T) -> Option<T> {
        self.shared.sessions.with(id, |cell| look(cell))
    }

    /// All sessions, in no order: a pointer each, for those who begin to watch over them.
    pub fn sessions(&self) -> Vec<Arc<SessionCell>> {
        self.shared.sessions.all()
    }

    /// All tokens in order of their ids, with the revisions of their records.
    pub fn tokens(&self) -> Vec<(Arc<Token>, Revision)> {
        self.shared.tokens.all()
    }

    /// Whether there is a token of that name.
    pub fn has_token(&self, name: &str) -> bool {
        self.shared.tokens.has(name)
    }

    /// The token of that hash.
    pub fn token(&self, hash: &TokenHash) -> Option<Arc<Token>> {
        self.shared.tokens.find(hash)
    }

    /// Every record that the view shows, in no particular order; where the view doesn't keep a record's revision,
    /// `unknown` stands for it. Costs a walk through everything.
    pub fn records(&self, unknown: Revision) -> Vec<Entry> {
        records(&self.shared, unknown)
    }

    /// Sizes of the view.
    pub fn counts(&self) -> Counts {
        let gauges = &self.shared.gauges;
        Counts {
            services: gauges.services.load(Ordering::Relaxed),
            instances: gauges.instances.load(Ordering::Relaxed),
            sessions: self.shared.sessions.len(),
            configs: self.shared.configs.len(),
            subscribers: gauges.subscribers.load(Ordering::Relaxed),
            ring_changes: gauges.ring_changes.load(Ordering::Relaxed),
            ring_bytes: gauges.ring_bytes.load(Ordering::Relaxed),
        }
    }

    /// Subscribes; `from`: resume after this position.
    pub fn subscribe(&self, topics: Vec<Topic>, from: Option<Position>) -> Subscription {
        Subscription::new(Arc::clone(&self.shared), topics, from)
    }
}
