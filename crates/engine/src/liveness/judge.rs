//! The pure core: from renewals, closings and time to verdicts.
//!
//! Every session stands in the wheel, which looks at its last renewal when its slot comes round; that costs a passing
//! session 8 to 16 bytes and a look every two thirds of its ttl. Only a session that was found silent, whose stream
//! closed, or that is not passing has a [`Track`] besides, with its next deadline in an ordered agenda.
//!
//! Judging compares what should be with what the view says a session is. So a verdict that was lost, or came too late,
//! is simply found due again, and what another node decided counts as if it had been decided here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_catalog::SessionCell;
use paste_model::{HealthState, SessionId, Timestamp};

use super::census::{Census, Zone};
use super::config::{Config, millis};
use super::flapping::Flapping;
use super::holds::{HoldKey, Holds, Notice};
use super::inbox::{Inbox, marks};
use super::pace::Pace;
use super::silence::Silence;
use super::status::LivenessStatus;
use super::track::{Look, Step, Track, health_of, suspect_after};
use super::verdict::{Judgement, Verdict};
use super::wheel::Wheel;

mod arrivals;
mod guards;

/// Time between two attempts to find out whether the store takes writes again, in milliseconds.
const ATTEMPT_MS: u64 = 2_000;
/// Time between two sweeps of what no longer counts, in milliseconds.
const SWEEP_MS: u64 = 60_000;

/// Time until a session is looked at again that can't be judged because a node can't be heard, in milliseconds.
const DEAF_MS: u64 = 1_000;

/// Parts of its first wait over which a session's first look is spread.
const SPREAD: usize = 64;

/// Longest time between two looks at a session, in milliseconds: a session whose ttl was shortened is found so soon.
const LOOK_MS_MAX: u64 = 10_000;

/// How a verdict ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was committed, and the view shows it.
    Done,
    /// Somebody was faster, or the queue was full: to be thought over.
    Again,
    /// The store refuses writes.
    Refused,
}

/// When a tick is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// Liveness time.
    pub(super) ms: u64,
    /// For people.
    pub(super) wall: Timestamp,
}

/// How this node stands among the others.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// Nobody is judged who was heard last through one of these: it is there, and can't be heard now.
    pub(super) deaf: Vec<u16>,
    /// Nodes that judge.
    pub(super) nodes: usize,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            deaf: Vec::new(),
            nodes: 1,
        }
    }
}

/// Where the judge looks things up.
pub(super) struct Sight<'a> {
    pub(super) sessions: &'a dyn Fn(&str) -> Option<Arc<SessionCell>>,
    pub(super) census: &'a Mutex<Census>,
}

/// The core.
#[derive(Debug)]
pub(super) struct Judge {
    config: Config,
    wheel: Wheel<Arc<SessionCell>>,
    tracks: HashMap<SessionId, Track, RandomState>,
    agenda: BTreeSet<(u64, SessionId)>,
    sessions: usize,
    /// Nobody counts as renewed earlier than this.
    grace: u64,
    silence: Silence,
    pace: Pace,
    flapping: Flapping,
    holds: Holds,
    /// Since when the store refuses writes, or was last asked.
    refused: Option<u64>,
    /// To be looked at in the next tick.
    again: Vec<SessionId>,
    /// Sessions that wait longer because of their zone.
    slowed: HashMap<Zone, usize, RandomState>,
    /// Holds that began between two ticks.
    notices: Vec<Verdict>,
    swept: u64,
    steps: [u64; 4],
    standing: Standing,
    /// Sessions that weren't judged in this tick because of it.
    unjudged: usize,
}

/// A session whose step to `failing` or removal is due.
struct Candidate {
    session: SessionId,
    step: Step,
    /// It was let out of a queue just now.
    waited: bool,
}

impl Judge {
    pub(super) fn new(config: Config, now: u64) -> Self {
        Self {
            wheel: Wheel::new(now),
            tracks: HashMap::default(),
            agenda: BTreeSet::new(),
            sessions: 0,
            grace: 0,
            silence: Silence::new(config.silence.clone(), now),
            pace: Pace::new(config.pace.clone()),
            flapping: Flapping::new(config.flapping.clone()),
            holds: Holds::default(),
            refused: None,
            again: Vec::new(),
            slowed: HashMap::default(),
            notices: Vec::new(),
            swept: now,
            steps: [0; 4],
            standing: Standing::default(),
            unjudged: 0,
            config,
        }
    }

    /// Takes over how this node stands among the others.
    pub(super) fn stand(&mut self, standing: Standing) {
        self.pace.share(standing.nodes);
        self.standing = standing;
    }

    /// Sessions that are watched over.
    pub(super) fn sessions(&self) -> usize {
        self.sessions
    }

    /// Takes in what happened, looks at whom it is time to look at, and says what is to be committed.
    pub(super) fn tick(&mut self, now: Now, inbox: Inbox, sight: &Sight<'_>) -> Vec<Verdict> {
        let mut looks = self.take_in(now.ms, inbox, sight);
        let mut verdicts = std::mem::take(&mut self.notices);
        self.silence.advance(now.ms);
        self.turn(now.ms, &mut looks);
        let waited = self.pace.release(now.ms);
        let mut candidates = Vec::new();
        for session in looks {
            self.look(&session, false, now.ms, &mut verdicts, &mut candidates);
        }
        for session in waited {
            if self.stop_waiting(&session) {
                self.look(&session, true, now.ms, &mut verdicts, &mut candidates);
            }
        }
        self.guard_silence(now, &mut verdicts, &mut candidates);
        for candidate in candidates {
            self.try_step(candidate, now, sight, &mut verdicts);
        }
        self.guard_deaf(now, &mut verdicts);
        self.end_holds(now.ms, &mut verdicts);
        self.attempt(now.ms, &mut verdicts);
        verdicts
    }

    /// Ends a verdict on a session.
    pub(super) fn settle(&mut self, session: &SessionId, step: Step, settled: Settled, now: Now) {
        if let Some(track) = self.tracks.get_mut(session) {
            track.busy = false;
            self.again.push(session.clone());
        }
        match settled {
            Settled::Done => {
                self.steps[step as usize] += 1;
                if step == Step::Failing
                    && let Some(until) = self.flapping.failed(session, now.ms)
                {
                    self.hold_down(session, until, now);
                }
            }
            Settled::Again => {}
            Settled::Refused => self.suspend(now),
        }
    }

    /// Stops judging, because no verdict can be kept.
    pub(super) fn suspend(&mut self, now: Now) {
        self.refused.get_or_insert(now.ms);
        let reason = "the store refuses writes: nobody is judged until it takes them again";
        self.holds.begin(HoldKey::Store, now.wall, None, || Notice {
            reason: reason.into(),
            services: Vec::new(),
        });
    }

    /// Judges again: everybody gets a full grace, as after a restart.
    pub(super) fn resume(&mut self, now: u64) {
        if self.refused.take().is_none() {
            return;
        }
        self.grace = now;
        self.silence = Silence::new(self.config.silence.clone(), now);
        for track in self.tracks.values_mut() {
            track.silent = None;
            track.held = false;
        }
        self.holds.end(&HoldKey::Silence, "");
        self.holds.end(&HoldKey::Store, "");
    }

    /// How many sessions there are, how many of them suspect and failing, and what is held.
    pub(super) fn census(&self, now: u64) -> LivenessStatus {
        let count = |state| {
            let in_state = |track: &&Track| track.cell.health() == state;
            self.tracks.values().filter(in_state).count()
        };
        let steps = |step: Step| self.steps[step as usize];
        LivenessStatus {
            sessions: self.sessions,
            suspect: count(HealthState::Suspect),
            failing: count(HealthState::Failing),
            passed_total: steps(Step::Passing),
            suspected_total: steps(Step::Suspect),
            failed_total: steps(Step::Failing),
            removed_total: steps(Step::Remove),
            holds: self.holds.list(now),
            holds_in_force: self.holds.in_force(),
            holds_total: self.holds.begun(),
            gaps_total: 0,
            streams: 0,
        }
    }

    /// The track of a session, made if there is none.
    fn track(&mut self, cell: &Arc<SessionCell>, seen: u64, floor: u64) -> &mut Track {
        self.tracks.entry(cell.id().clone()).or_insert_with(|| {
            // Before the pulse is read again: whoever renews after that sees the mark.
            cell.marks().fetch_or(marks::WATCHED, SeqCst);
            cell.marks().fetch_and(!marks::ASKED, SeqCst);
            Track::new(Arc::clone(cell), seen, floor)
        })
    }

    fn drop_track(&mut self, session: &SessionId) {
        self.stop_waiting(session);
        let Some(track) = self.tracks.remove(session) else {
            return;
        };
        track
            .cell
            .marks()
            .fetch_and(!(marks::WATCHED | marks::ASKED), SeqCst);
        self.agenda.remove(&(track.due, session.clone()));
        if let Some(since) = track.silent {
            self.silence.back(since);
        }
    }

    fn schedule(&mut self, session: &SessionId, due: u64) {
        if let Some(track) = self.tracks.get_mut(session) {
            self.agenda.remove(&(track.due, session.clone()));
            track.due = due;
            if due != u64::MAX {
                self.agenda.insert((due, session.clone()));
            }
        }
    }

    /// Turns the wheel and opens the agenda.
    fn turn(&mut self, now: u64, looks: &mut Vec<SessionId>) {
        for cell in self.wheel.turn(now) {
            let marks = cell.marks().load(SeqCst);
            if marks & marks::GONE != 0 {
                cell.marks().fetch_and(!marks::TRACKED, SeqCst);
                continue;
            }
            let pulse = cell.pulse().load(SeqCst);
            let (session, _) = cell.record();
            let silence = suspect_after(&session);
            let mut due = pulse.max(self.grace) + silence;
            let passing = health_of(&session) == HealthState::Passing;
            if marks & marks::WATCHED == 0 && (now >= due || !passing) {
                self.track(&cell, pulse, 0);
                looks.push(cell.id().clone());
            }
            if due <= now {
                // A renewal that comes from now on makes it due no earlier.
                due = now + silence;
            }
            self.wheel.insert(cell, due.min(now + LOOK_MS_MAX));
        }
        while let Some((due, session)) = self.agenda.pop_first() {
            if due > now {
                self.agenda.insert((due, session));
                break;
            }
            if let Some(track) = self.tracks.get_mut(&session) {
                track.due = u64::MAX;
                looks.push(session);
            }
        }
    }

    /// Looks at one session: counts its silence, and passes on what is due.
    fn look(
        &mut self,
        id: &SessionId,
        waited: bool,
        now: u64,
        verdicts: &mut Vec<Verdict>,
        candidates: &mut Vec<Candidate>,
    ) {
        let closed_to_failing = millis(self.config.closed_to_failing);
        let grace = self.grace;
        let Some(track) = self.tracks.get_mut(id).filter(|track| !track.busy) else {
            return;
        };
        let (session, _) = track.cell.record();
        let pulse = track.cell.pulse().load(SeqCst);
        if track.closed.is_some_and(|closed| closed < pulse) {
            track.closed = None;
        }
        if pulse > track.seen
            && let Some(since) = track.silent.take()
        {
            self.silence.back(since);
            track.held = false;
        }
        let look = track.look(&session, pulse, grace, closed_to_failing, now);
        if look != Look::Step(Step::Passing) {
            track.seen = pulse;
        }
        match look {
            Look::Calm => self.drop_track(id),
            Look::Rest(until) => self.schedule(id, until),
            Look::Step(Step::Passing) => match self.flapping.held_until(id, now) {
                Some(until) => self.schedule(id, until),
                None => self.pass(id, Step::Passing, pulse, now, verdicts),
            },
            Look::Step(_) if self.standing.deaf.contains(&track.ear()) => {
                self.unjudged += 1;
                self.schedule(id, now + DEAF_MS);
            }
            Look::Step(step) => {
                let members = track.cell.members();
                let mortal = members.iter().any(|(_, member)| member.instance.ephemeral);
                if !mortal && !members.is_empty() {
                    // Silence never counts against persistent instances.
                    return match health_of(&session) {
                        HealthState::Passing => self.drop_track(id),
                        _ => self.schedule(id, now + millis(session.ttl)),
                    };
                }
                if mortal && step != Step::Remove {
                    self.count_silent(id, now);
                }
                if step == Step::Suspect {
                    return self.pass(id, step, pulse, now, verdicts);
                }
                let session = id.clone();
                candidates.push(Candidate {
                    session,
                    step,
                    waited,
                });
            }
        }
    }

    fn count_silent(&mut self, id: &SessionId, now: u64) {
        if let Some(track) = self.tracks.get_mut(id)
            && track.closed.is_none()
            && track.silent.is_none()
        {
            track.silent = Some(now);
            self.silence.fell(now);
        }
    }

    /// Says a verdict.
    fn pass(
        &mut self,
        id: &SessionId,
        step: Step,
        pulse: u64,
        now: u64,
        verdicts: &mut Vec<Verdict>,
    ) {
        if self.refused.is_some() {
            return self.schedule(id, now + ATTEMPT_MS);
        }
        self.stop_waiting(id);
        let Some(track) = self.tracks.get_mut(id) else {
            return;
        };
        let (session, _) = track.cell.record();
        track.busy = true;
        track.seen = pulse;
        verdicts.push(Verdict::Step(Judgement {
            cell: Arc::clone(&track.cell),
            step,
            seen: pulse,
            reason: track.reason(step, &session, pulse, now),
        }));
    }

    /// While the store refuses writes, asks it now and then.
    fn attempt(&mut self, now: u64, verdicts: &mut Vec<Verdict>) {
        if let Some(since) = &mut self.refused
            && *since + ATTEMPT_MS <= now
        {
            *since = now;
            verdicts.push(Verdict::Attempt);
        }
    }
}

#[cfg(test)]
impl Judge {
    pub(super) fn config(&self) -> Config {
        self.config.clone()
    }

    /// Whether nothing is remembered of anybody.
    pub(super) fn is_idle(&self) -> bool {
        self.tracks.is_empty()
            && self.agenda.is_empty()
            && self.slowed.is_empty()
            && self.flapping.is_empty()
    }
}
