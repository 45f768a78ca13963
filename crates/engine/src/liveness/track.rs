//! What is kept of a session that is not simply passing, and what its silence has come to.
//!
//! Pure: a look compares the last renewal with the deadlines and says what should be; whether it may be is for the
//! guards.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use compact_str::{CompactString, format_compact};
use paste_catalog::SessionCell;
use paste_model::{HealthState, Session};

use super::census::Zone;
use super::config::millis;
use super::inbox::marks;

/// A session that was found silent, whose stream closed, or that is not passing.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) cell: Arc<SessionCell>,
    /// The last renewal when it was last judged: a later one is a sign of life.
    pub(super) seen: u64,
    /// It counts as renewed no earlier than this.
    pub(super) floor: u64,
    /// When its last stream closed, if no heartbeat has come since.
    pub(super) closed: Option<u64>,
    /// When it was counted as silent.
    pub(super) silent: Option<u64>,
    /// Whether the silence guard held a step of it back.
    pub(super) held: bool,
    /// Whether it waits for its turn.
    pub(super) waiting: bool,
    /// The unhealthy zone because of which it waits longer.
    pub(super) slowed: Option<Zone>,
    /// Whether a verdict on it is on its way to the store.
    pub(super) busy: bool,
    /// When it is looked at again; `u64::MAX` when something else will see to that.
    pub(super) due: u64,
}

/// A step of a session's state, as a verdict commits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Nothing speaks against it any more.
    Passing,
    /// Silent for two thirds of its ttl, or its stream closed.
    Suspect,
    /// Silent for its ttl, or 10 s since its stream closed.
    Failing,
    /// Silent for its `remove_after`.
    Remove,
}

/// What should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing to be done before that time.
    Rest(u64),
    /// It is passing and nothing is known against it.
    Calm,
    /// This step is due.
    Step(Step),
}

/// Silence after which a session is suspect: two thirds of its ttl.
pub(super) fn suspect_after(session: &Session) -> u64 {
    millis(session.ttl) * 2 / 3
}

impl Track {
    pub(super) fn new(cell: Arc<SessionCell>, seen: u64, floor: u64) -> Self {
        Self {
            cell,
            seen,
            floor,
            closed: None,
            silent: None,
            held: false,
            waiting: false,
            slowed: None,
            busy: false,
            due: u64::MAX,
        }
    }

    /// Through whom it was heard last.
    pub(super) fn ear(&self) -> u16 {
        marks::ear(self.cell.marks().load(SeqCst))
    }

    /// Compares the last renewal `pulse` with the deadlines. `grace`: nobody counts as renewed earlier than this;
    /// `closed_to_failing`: in milliseconds.
    pub(super) fn look(
        &self,
        session: &Session,
        pulse: u64,
        grace: u64,
        closed_to_failing: u64,
        now: u64,
    ) -> Look {
        let health = health_of(session);
        let renewed = pulse.max(self.floor).max(grace);
        let suspect = renewed + suspect_after(session);
        let closed = self.closed.filter(|closed| *closed >= pulse);
        if pulse > self.seen && now < suspect && closed.is_none() {
            return match health {
                HealthState::Passing => Look::Calm,
                HealthState::Suspect | HealthState::Failing => Look::Step(Step::Passing),
            };
        }
        let suspect = closed.map_or(suspect, |closed| closed.max(grace).min(suspect));
        let failing = renewed + millis(session.ttl);
        let failing = closed.map_or(failing, |closed| {
            (closed.max(grace) + closed_to_failing).min(failing)
        });
        let remove = renewed + millis(session.remove_after.max(session.ttl));
        match health {
            HealthState::Failing if now >= remove => Look::Step(Step::Remove),
            HealthState::Failing => Look::Rest(remove),
            HealthState::Suspect if now >= failing => Look::Step(Step::Failing),
            HealthState::Suspect => Look::Rest(failing),
            HealthState::Passing if now >= suspect => Look::Step(Step::Suspect),
            HealthState::Passing => Look::Calm,
        }
    }

    /// Why a step is taken, in words for a person.
    pub(super) fn reason(
        &self,
        step: Step,
        session: &Session,
        pulse: u64,
        now: u64,
    ) -> CompactString {
        let closed = self.closed.filter(|closed| *closed >= pulse);
        let silent = seconds(now.saturating_sub(pulse.max(self.floor)));
        match (step, closed) {
            (Step::Passing, _) => CompactString::const_new("a heartbeat came"),
            (Step::Remove, _) => {
                format_compact!(
                    "no heartbeat for {silent} (remove_after {:?})",
                    session.remove_after
                )
            }
            (Step::Suspect | Step::Failing, Some(closed)) => {
                let ago = seconds(now.saturating_sub(closed));
                format_compact!("its watch stream closed {ago} ago and no heartbeat came since")
            }
            (Step::Suspect | Step::Failing, None) => {
                format_compact!("no heartbeat for {silent} (ttl {:?})", session.ttl)
            }
        }
    }
}

/// How healthy a session's record says it is.
pub(super) fn health_of(session: &Session) -> HealthState {
    session
        .health
        .as_ref()
        .map_or(HealthState::Passing, |health| health.state)
}

/// Milliseconds, as seconds with one decimal.
fn seconds(ms: u64) -> CompactString {
    format_compact!("{}.{}s", ms / 1_000, ms % 1_000 / 100)
}
