//! Where a service's newest snapshot lives, beside what only the writer needs to know of the service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use paste_model::{Health, InstanceId, Override, Revision, ServiceKey};

use crate::snapshot::Snapshot;

/// The place of one service.
pub(crate) struct Cell {
    pub(crate) key: Arc<ServiceKey>,
    /// `None`: unknown, and here only for the sake of [`Desk::orphans`].
    pub(crate) snapshot: ArcSwapOption<Snapshot>,
    /// Only the writer takes this lock, so it never waits.
    pub(crate) desk: Mutex<Desk>,
}

impl Cell {
    pub(crate) fn new(key: ServiceKey) -> Self {
        Self {
            key: Arc::new(key),
            snapshot: ArcSwapOption::empty(),
            desk: Mutex::default(),
        }
    }
}

/// The writer's notes on a service.
#[derive(Default)]
pub(crate) struct Desk {
    /// What was said about instances that are not there.
    pub(crate) orphans: BTreeMap<InstanceId, Orphan>,
    /// Changes that wait to be emitted.
    pub(crate) pending: Option<Box<Pending>>,
    /// When the service last changed.
    pub(crate) changed_at: Option<Instant>,
    /// Its place among the services that are known and empty.
    pub(crate) vacancy: Option<u64>,
}

/// What others wrote about an instance that is not there.
#[derive(Default)]
pub(crate) struct Orphan {
    pub(crate) overridden: Option<Arc<Override>>,
    pub(crate) check_health: Option<Arc<Health>>,
}

impl Orphan {
    pub(crate) fn is_empty(&self) -> bool {
        self.overridden.is_none() && self.check_health.is_none()
    }
}

/// Changes of one service that are being merged.
pub(crate) struct Pending {
    /// Which entry of the schedule speaks for it.
    pub(crate) ticket: u64,
    /// The view's revision before the first of them.
    pub(crate) after: Revision,
    /// Of the last of them.
    pub(crate) last: Revision,
    pub(crate) since: Instant,
    /// Whether the service became known with one of them.
    pub(crate) begins: bool,
    pub(crate) due: Instant,
    pub(crate) ids: BTreeSet<InstanceId>,
    /// Whether another policy holds since one of them.
    pub(crate) policy: bool,
}
