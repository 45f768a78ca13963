//! The other nodes of a world, and a clock that stands until it is set.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use paste_model::Timestamp;
use paste_store::Membership;
use tokio::sync::watch;

use crate::Clock;
use crate::cluster::Cluster;
use crate::cluster::tests::{Mute, membership, node_name};

/// What we know of the other nodes, and the hand that changes it.
pub(super) struct Others {
    pub(super) cluster: Arc<Cluster>,
    pub(super) clock: Arc<HandClock>,
    pub(super) known: watch::Sender<Membership>,
}

/// A clock that stands until it is set.
pub(super) struct HandClock {
    start: Instant,
    ms: AtomicU64,
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.ms.load(Relaxed))
    }

    fn wall(&self) -> Timestamp {
        Timestamp(self.ms.load(Relaxed))
    }
}

impl Others {
    /// We are `n1`, one of `nodes`.
    pub(super) fn of(nodes: &[&str]) -> Self {
        let clock = Arc::new(HandClock {
            start: Instant::now(),
            ms: AtomicU64::new(0),
        });
        let known = watch::Sender::new(membership(nodes, Some("n1")));
        let cluster = Cluster::new(
            node_name("n1"),
            known.subscribe(),
            Arc::new(Mute),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self {
            cluster,
            clock,
            known,
        }
    }
}

impl HandClock {
    /// Sets it to so many milliseconds after its start.
    pub(super) fn set(&self, ms: u64) {
        self.ms.store(ms, Relaxed);
    }
}
