//! Several nodes over one store: who is there, who watches over whom, and what one tells the others.
//!
//! - A node is there as long as it keeps its lease in the store. Each session, and each probed instance, is owned by the
//!   node that rendezvous hashing picks of those ([`roster`]): when one goes, only what it owned moves.
//! - Any node takes any heartbeat. What it hears of a session that it doesn't own it tells the owner, in batches
//!   ([`outbox`], [`link`]), with the time that has passed since.
//! - Who becomes the owner of a session gives it a full grace, at least [`GRACE`]. Whatever an owner decides is committed
//!   under the fence of its own lease, so that a node that has lost it decides nothing, whatever it believes.
//! - Nobody is judged who was last heard through a node that is there and can't be heard now ([`hearing`]).
//!
//! Invariants: ownership is never written down; what waits for another node is at most one sign of each session.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use paste_model::{Expect, Key, NodeName, Revision, SessionId};
use paste_store::{Membership, Secret};
use tokio::sync::watch;

use crate::{Clock, LoadReport};
use hearing::Hearing;
use outbox::{Outbox, Sign};

mod hearing;
mod inquiry;
mod link;
mod message;
mod outbox;
mod receive;
mod roster;
mod run;
mod status;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use hearing::{HERE, UNHEARD};
pub use link::{Transport, TransportError};
pub use receive::InvalidSigns;
pub(crate) use roster::Roster;
pub(crate) use run::run;
pub use status::{ClusterStatus, NodeStatus};

/// Least time that a session which changed hands is given, however short its ttl is.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// What a node knows of the others.
pub(crate) struct Cluster {
    name: NodeName,
    membership: watch::Receiver<Membership>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    roster: ArcSwap<Roster>,
    outbox: Outbox,
    hearing: Hearing,
    progress: Mutex<status::Progress>,
    /// Since when the store can't be reached, if it can't.
    lost: Mutex<Option<Instant>>,
    /// Whole seconds for which it couldn't, rounded up; 0: it can.
    stale_s: AtomicU64,
}

impl Cluster {
    pub(crate) fn new(
        name: NodeName,
        membership: watch::Receiver<Membership>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let roster = Roster::of(&membership.borrow(), &name);
        let hearing = Hearing::default();
        for node in roster.others() {
            hearing.hear(&node.name, clock.now());
        }
        Arc::new(Self {
            name,
            membership,
            transport,
            clock,
            roster: ArcSwap::from_pointee(roster),
            outbox: Outbox::default(),
            hearing,
            progress: Mutex::default(),
            lost: Mutex::default(),
            stale_s: AtomicU64::new(0),
        })
    }

    /// The nodes as ownership goes by them now.
    pub(crate) fn roster(&self) -> Arc<Roster> {
        self.roster.load_full()
    }

    /// Takes over who is there now; answers who was before.
    pub(crate) fn follow(&self, membership: &Membership) -> Arc<Roster> {
        let roster = Roster::of(membership, &self.name);
        let before = self.roster();
        for node in roster.others() {
            // One that has just appeared has the time to make itself heard.
            if !before.others().any(|known| known.name == node.name) {
                self.hearing.hear(&node.name, self.clock.now());
            }
        }
        self.progress.lock().keep(&roster);
        self.roster.swap(Arc::new(roster))
    }

    /// Another node makes itself heard: the ear of the sessions that it speaks of.
    pub(crate) fn ear_of(&self, node: &NodeName) -> u16 {
        self.hearing.hear(node, self.clock.now())
    }

    /// Whether this node watches over what has this name.
    pub(crate) fn owns(&self, name: &str) -> bool {
        self.roster.load().owns(name)
    }

    /// What a verdict has to expect so that it is one of a member; `None`: this node isn't one, and may pass none.
    pub(crate) fn fence(&self) -> Option<(Key, Expect)> {
        let own = self.membership.borrow().own?;
        Some((Key::Node(self.name.clone()), Expect::At(own)))
    }

    /// What nodes show each other.
    pub(crate) fn secret(&self) -> Secret {
        self.membership.borrow().secret.clone()
    }

    /// Passes on that a session which another node owns was heard here, with what it said of its load. That goes to all
    /// nodes, as any may be asked.
    pub(crate) fn heard(&self, session: &SessionId, load: Option<LoadReport>) {
        let roster = self.roster.load();
        let sign = Sign::renewal(self.clock.now(), load);
        match roster.owner(session.as_str()) {
            Some(owner) if owner.name != self.name => self.outbox.put(&owner.name, session, &sign),
            _ => {}
        }
        if load.is_some() {
            let owner = roster.owner(session.as_str()).map(|owner| &owner.name);
            for node in roster.others() {
                if Some(&node.name) != owner {
                    self.outbox.put(&node.name, session, &sign);
                }
            }
        }
    }

    /// Passes on that the last stream here of a session which another node owns has closed.
    pub(crate) fn closed(&self, session: &SessionId) {
        let roster = self.roster.load();
        if let Some(owner) = roster.owner(session.as_str())
            && owner.name != self.name
        {
            let sign = Sign::closing(self.clock.now());
            self.outbox.put(&owner.name, session, &sign);
        }
    }

    /// Whom the judge must not trust its silence about: see [`Hearing::deaf`].
    pub(crate) fn deaf(&self) -> Vec<u16> {
        self.hearing.deaf(&self.roster.load(), self.clock.now())
    }

    /// Whether no other node has said that its view came further than `revision`.
    pub(crate) fn is_foremost(&self, revision: Revision) -> bool {
        self.progress.lock().furthest() <= revision
    }

    /// For how long the store hasn't been reached, in whole seconds; `None` while it is.
    pub(crate) fn stale(&self) -> Option<u64> {
        match self.stale_s.load(Ordering::Relaxed) {
            0 => None,
            seconds => Some(seconds),
        }
    }

    /// Whether this node is cut off: it can't reach the store, or has lost its place among the others.
    pub(crate) fn isolated(&self) -> bool {
        self.stale().is_some() || self.roster.load().is_outsider()
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({})", self.name)
    }
}
