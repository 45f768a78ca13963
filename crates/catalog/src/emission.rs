//! What subscribers ask for, and what they get.

use std::sync::Arc;
use std::time::Instant;

use paste_model::{InstanceId, Member, Namespace, Policy, Position, Revision, ServiceKey};

use crate::slots::Slots;
use crate::snapshot::Snapshot;

/// What a subscriber wants to hear of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One service, known or not.
    Service(ServiceKey),
    /// Every service of a namespace, those to come included.
    Namespace(Namespace),
}

/// The next thing owed to a subscriber.
#[derive(Debug, Clone)]
pub enum Event {
    /// What was handed out so far, or the position to resume from, belongs to another history or to the future, or can't
    /// be mended by snapshots alone: forget everything; snapshots follow.
    Reset,
    /// One service as it is.
    Snapshot {
        /// As it is. Of a service never seen: empty, at the view's revision.
        snapshot: Arc<Snapshot>,
        /// The last of the first snapshots, or one that catches a lagging subscription up: its id may be sent.
        last: bool,
    },
    /// What changed of one service.
    Delta(Arc<Emission>),
}

/// Merged changes of one service, handed to all its subscribers. Encoded once, in its slots.
#[derive(Debug)]
pub struct Emission {
    /// Which service.
    pub service: ServiceKey,
    /// Of the last batch merged here.
    pub revision: Revision,
    /// With this emission and those before it, everything up to here has been handed out (the stream's `id:`).
    pub settled: Position,
    /// Whether so few are healthy now that all members with status `up` are eligible.
    pub protected: bool,
    /// The policy that holds now, where it changed or the service became known with this.
    pub policy: Option<Option<Arc<Policy>>>,
    /// Members that came or changed, as they are now, in id order.
    pub upserted: Vec<Arc<Member>>,
    /// Ids of those that went, in order. A subscriber may never have heard of one that came and went between emissions.
    pub removed: Vec<InstanceId>,
    /// Whether the service became known with this: then `upserted` is all of it.
    pub begins: bool,
    /// When the first change merged here was applied.
    pub since: Instant,
    /// Where fronts keep what they encoded of it.
    pub slots: Slots,
    /// Its number among all emissions.
    pub(crate) sequence: u64,
    /// The view's revision when it was made: grows with `sequence`, which `revision` need not.
    pub(crate) applied: Revision,
}
