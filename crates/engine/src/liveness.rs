//! Who is alive: from heartbeats, watch streams and silence to verdicts on sessions.
//!
//! - Silence makes a session `suspect` at two thirds of its ttl, `failing` at the ttl, and removes its ephemeral
//!   instances at `remove_after`. Persistent instances are never judged by silence.
//! - The closing of a session's last watch stream makes it `suspect` at once and `failing` after 10 s, unless a
//!   heartbeat comes; a closing that is our own doing does not count.
//! - A session that appears, also by a restart, has a full grace.
//! - Guards keep a fault of ours from removing what is alive: [`silence`], [`pace`] (with the zones), [`flapping`]. While
//!   the store refuses writes nobody is judged, and after that everybody has a full grace.
//!
//! - Of several nodes, each judges the sessions that it owns; a session that changes hands has a full grace there.
//!
//! Invariants: a renewal commits nothing, takes no lock, and costs one atomic swap and one load. Time is that of
//! [`ticks`]: ticks that came in time. All decisions are made in [`judge`], which is pure; [`run`] is the only loop, and
//! the only place that commits. Nobody is failed or removed who renewed before the verdict was handed to the store.
//!
//! Why a swap and a load suffice: whoever watches a session marks it first and reads the renewal after; whoever renews
//! writes the renewal first and reads the mark after. In every interleaving one of them sees the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use paste_catalog::{Catalog, SessionCell, Transition};
use paste_model::{SessionId, Timestamp};

use crate::cluster::{Cluster, Roster};

use census::Census;
pub use config::{Config, FlappingConfig, PaceConfig, SilenceConfig, ZoneConfig};
pub use holds::{HoldKind, HoldStatus};
use inbox::{Arrival, Inbox, marks};
use judge::{Judge, Now, Sight, Standing};
pub use status::LivenessStatus;
pub use stream::StreamGuard;
use stream::Streams;
use ticks::Ticks;
use verdict::Verdict;

mod census;
mod config;
mod flapping;
mod holds;
mod inbox;
mod judge;
mod pace;
mod run;
mod silence;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod ticks;
mod track;
mod verdict;
mod wheel;

/// The watch over all sessions of a node.
#[derive(Debug)]
pub(crate) struct Liveness {
    ticks: Ticks,
    streams: Streams,
    draining: AtomicBool,
    gaps: AtomicU64,
    inbox: Mutex<Inbox>,
    census: Mutex<Census>,
    judge: Mutex<Judge>,
    /// The other nodes; nobody: everything is ours.
    cluster: Option<Arc<Cluster>>,
}

/// How many sessions changed hands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) adopted: usize,
    pub(crate) released: usize,
}

impl Liveness {
    /// A watch over nobody yet.
    pub(crate) fn new(config: Config, cluster: Option<Arc<Cluster>>) -> Arc<Self> {
        let ticks = Ticks::new();
        let judge = Mutex::new(Judge::new(config, ticks.now()));
        Arc::new(Self {
            ticks,
            streams: Streams::default(),
            draining: AtomicBool::new(false),
            gaps: AtomicU64::new(0),
            inbox: Mutex::default(),
            census: Mutex::default(),
            judge,
            cluster,
        })
    }

    /// The view is about to be loaded anew: what was observed so far counts no more.
    pub(crate) fn reset(&self) {
        *self.inbox.lock() = Inbox {
            reset: true,
            ..Inbox::default()
        };
        *self.census.lock() = Census::default();
    }

    /// Follows what happened to the view. After a load: every session and every member, as if it had just come.
    pub(crate) fn observe(&self, transition: &Transition) {
        match transition {
            Transition::Session { cell, exists } => {
                // Under the lock, so that nothing changes hands between the question and the answer.
                let mut inbox = self.inbox.lock();
                let arrival = match exists {
                    true if self.is_ours(cell.id()) => Arrival::New,
                    true => return,
                    false => Arrival::Gone,
                };
                inbox.sessions.push((Arc::clone(cell), arrival));
            }
            Transition::Member { key, before, after } => {
                self.census
                    .lock()
                    .follow(&key.service, before.as_deref(), after.as_deref());
            }
            Transition::Service { .. }
            | Transition::Policy { .. }
            | Transition::Namespace { .. }
            | Transition::Config { .. }
            | Transition::Token { .. } => {}
        }
    }

    /// Renews a session.
    pub(crate) fn renew(&self, cell: &SessionCell) {
        cell.pulse().swap(self.ticks.now(), Ordering::SeqCst);
        if cell.marks().load(Ordering::SeqCst) & marks::WATCHED != 0 {
            self.show_sign(cell);
        }
    }

    /// Renews a session that another node heard `age` ago; `ear` says which.
    pub(crate) fn renew_through(&self, cell: &SessionCell, age: Duration, ear: u16) {
        let heard = self.ticks.now().saturating_sub(config::millis(age));
        cell.pulse().fetch_max(heard, Ordering::SeqCst);
        self.note_ear(cell, ear);
        if cell.marks().load(Ordering::SeqCst) & marks::WATCHED != 0 {
            self.show_sign(cell);
        }
    }

    /// Remembers through whom a session was heard last.
    pub(crate) fn note_ear(&self, cell: &SessionCell, ear: u16) {
        let heard_by = |found: u64| {
            let wanted = marks::with_ear(found, ear);
            (wanted != found).then_some(wanted)
        };
        // An error says that it is so already.
        let _ = cell
            .marks()
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, heard_by);
    }

    /// Whether this node watches over a session, as far as the last tick took it in.
    pub(crate) fn watches(&self, cell: &SessionCell) -> bool {
        cell.marks().load(Ordering::SeqCst) & (marks::TRACKED | marks::GONE) == marks::TRACKED
    }

    /// The last stream of a session at another node closed `age` ago.
    pub(crate) fn close_elsewhere(&self, session: &SessionId, age: Duration) {
        let closed = self.ticks.now().saturating_sub(config::millis(age));
        self.inbox.lock().closed.push((session.clone(), closed));
    }

    /// Has sessions change hands: `swap` takes over who is there now, and answers who was before.
    pub(crate) fn reassign(&self, catalog: &Catalog, swap: impl FnOnce() -> Arc<Roster>) -> Moved {
        let mut inbox = self.inbox.lock();
        let before = swap();
        let mut moved = Moved::default();
        for cell in catalog.sessions() {
            let (was, is) = (before.owns(cell.id().as_str()), self.is_ours(cell.id()));
            let arrival = match (was, is) {
                (false, true) => Arrival::Adopted,
                (true, false) => Arrival::Gone,
                _ => continue,
            };
            moved.adopted += usize::from(is);
            moved.released += usize::from(was);
            inbox.sessions.push((cell, arrival));
        }
        moved
    }

    fn is_ours(&self, session: &SessionId) -> bool {
        self.cluster
            .as_ref()
            .is_none_or(|cluster| cluster.owns(session.as_str()))
    }

    /// Sessions that this node watches over.
    pub(crate) fn owned(&self) -> usize {
        self.judge.lock().sessions()
    }

    #[cold]
    fn show_sign(&self, cell: &SessionCell) {
        if cell.marks().fetch_or(marks::ASKED, Ordering::SeqCst) & marks::ASKED == 0 {
            self.inbox.lock().signs.push(cell.id().clone());
        }
    }

    /// A watch stream that speaks for a session was opened.
    pub(crate) fn open_stream(self: &Arc<Self>, session: &SessionId) -> StreamGuard {
        self.streams.open(session);
        StreamGuard::new(Arc::clone(self), session.clone())
    }

    fn close_stream(&self, session: &SessionId, ours: bool) {
        if self.streams.close(session) && !ours && !self.draining.load(Ordering::Relaxed) {
            let closed = (session.clone(), self.ticks.now());
            self.inbox.lock().closed.push(closed);
        }
    }

    /// From here on closings of streams are our own doing.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// How expiry does.
    pub(crate) fn status(&self) -> LivenessStatus {
        LivenessStatus {
            gaps_total: self.gaps.load(Ordering::Relaxed),
            streams: self.streams.len(),
            ..self.judge.lock().census(self.ticks.now())
        }
    }

    fn now(&self, wall: Timestamp) -> Now {
        Now {
            ms: self.ticks.now(),
            wall,
        }
    }

    fn standing(&self) -> Standing {
        self.cluster
            .as_ref()
            .map_or_else(Standing::default, |cluster| Standing {
                deaf: cluster.deaf(),
                nodes: cluster.roster().nodes().len().max(1),
            })
    }

    fn note_gap(&self, gap: Duration) {
        tracing::warn!(
            ?gap,
            "this process was paused; every deadline moves by as much"
        );
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    /// One tick: what is to be committed.
    fn decide(
        &self,
        wall: Timestamp,
        sessions: &dyn Fn(&str) -> Option<Arc<SessionCell>>,
    ) -> Vec<Verdict> {
        let mut inbox = std::mem::take(&mut *self.inbox.lock());
        // Who opened another stream in the meantime has not gone.
        inbox
            .closed
            .retain(|(session, _)| !self.streams.is_open(session));
        if let Some(cluster) = &self.cluster {
            inbox.closed.retain(|(session, _)| {
                let ours = cluster.owns(session.as_str());
                if !ours {
                    cluster.closed(session);
                }
                ours
            });
        }
        let sight = Sight {
            sessions,
            census: &self.census,
        };
        let mut judge = self.judge.lock();
        judge.stand(self.standing());
        judge.tick(self.now(wall), inbox, &sight)
    }
}
