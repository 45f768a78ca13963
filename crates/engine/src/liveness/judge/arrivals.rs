//! Who comes, changes hands, goes, or gives a sign of life.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use paste_catalog::SessionCell;
use paste_model::{HealthState, SessionId};

use super::super::config::millis;
use super::super::inbox::{Arrival, Inbox, marks};
use super::super::track::{Track, health_of, suspect_after};
use super::{Judge, LOOK_MS_MAX, SPREAD, Sight};
use crate::cluster::{GRACE, UNHEARD};

impl Judge {
    /// Takes in arrivals, departures, closings and signs of life; answers who is to be looked at.
    pub(super) fn take_in(&mut self, now: u64, inbox: Inbox, sight: &Sight<'_>) -> Vec<SessionId> {
        let mut looks = std::mem::take(&mut self.again);
        if inbox.reset {
            self.forget(now);
            looks.clear();
        }
        for (cell, arrival) in inbox.sessions {
            match arrival {
                Arrival::New => self.arrive(cell, now),
                Arrival::Adopted => self.adopt(cell, now),
                Arrival::Gone => self.depart(&cell),
            }
        }
        for (session, closed) in inbox.closed {
            if let Some(cell) = (sight.sessions)(session.as_str())
                && cell.marks().load(SeqCst) & marks::TRACKED != 0
            {
                self.close(&cell, closed, now);
                looks.push(session);
            }
        }
        for session in inbox.signs {
            if let Some(track) = self.tracks.get(&session) {
                track.cell.marks().fetch_and(!marks::ASKED, SeqCst);
                looks.push(session);
            }
        }
        looks
    }

    /// The view was loaded anew, and whoever is in it will arrive: nothing that was known counts, and a full grace begins.
    fn forget(&mut self, now: u64) {
        for cell in self.wheel.drain() {
            cell.marks().fetch_and(!marks::ALL, SeqCst);
            cell.pulse().store(0, SeqCst);
        }
        *self = Self {
            refused: self.refused,
            steps: self.steps,
            standing: self.standing.clone(),
            grace: now,
            ..Self::new(self.config.clone(), now)
        };
    }

    /// Another node watched over a session so far: whatever was heard of it, its grace begins now, and isn't short.
    fn adopt(&mut self, cell: Arc<SessionCell>, now: u64) {
        let (session, _) = cell.record();
        let renewed = now + millis(GRACE.saturating_sub(session.ttl));
        cell.marks()
            .fetch_update(SeqCst, SeqCst, |found| {
                Some(marks::with_ear(found, UNHEARD))
            })
            .ok();
        if health_of(&session) == HealthState::Passing {
            cell.pulse().fetch_max(renewed, SeqCst);
            return self.arrive(cell, now);
        }
        let seen = cell.pulse().load(SeqCst);
        self.track(&cell, seen, renewed);
        self.schedule(cell.id(), now);
        self.arrive(cell, now);
    }

    /// A session came into being: its grace begins now.
    fn arrive(&mut self, cell: Arc<SessionCell>, now: u64) {
        let before = cell.marks().fetch_or(marks::TRACKED, SeqCst);
        cell.marks().fetch_and(!marks::GONE, SeqCst);
        if before & marks::TRACKED != 0 {
            self.sessions += usize::from(before & marks::GONE != 0);
            return;
        }
        self.sessions += 1;
        let (session, _) = cell.record();
        let health = health_of(&session);
        if health == HealthState::Passing {
            // Only if no heartbeat was faster.
            let _ = cell.pulse().compare_exchange(0, now, SeqCst, SeqCst);
        } else {
            self.track(&cell, 0, now);
            self.schedule(cell.id(), now);
        }
        // Looks are spread from the start, so that those who were loaded together aren't all looked at together.
        let wait = suspect_after(&session).min(LOOK_MS_MAX);
        let spread = (self.sessions % SPREAD) as u64 * wait / SPREAD as u64;
        self.wheel.insert(cell, now + spread);
    }

    fn depart(&mut self, cell: &Arc<SessionCell>) {
        let before = cell.marks().fetch_or(marks::GONE, SeqCst);
        if before & marks::TRACKED == 0 || before & marks::GONE != 0 {
            return;
        }
        self.sessions = self.sessions.saturating_sub(1);
        // A session of the same name may have come since.
        let same = |track: &Track| Arc::ptr_eq(&track.cell, cell);
        if self.tracks.get(cell.id()).is_some_and(same) {
            self.drop_track(cell.id());
        }
        self.flapping.forget(cell.id());
    }

    fn close(&mut self, cell: &Arc<SessionCell>, closed: u64, now: u64) {
        let pulse = cell.pulse().load(SeqCst);
        if pulse > closed && pulse <= now {
            return;
        }
        // What lies ahead is a grace, which ends with the stream.
        cell.pulse().fetch_min(closed, SeqCst);
        let track = self.track(cell, pulse.min(closed), 0);
        track.closed = Some(closed);
        track.held = false;
        if let Some(since) = track.silent.take() {
            self.silence.back(since);
        }
    }
}
