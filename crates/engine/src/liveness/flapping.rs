//! Guard: a session that keeps failing and coming back does its callers more harm than one that is gone.
//!
//! The third step to `failing` within 60 s holds it down: it stays `failing` although heartbeats come, for 30 s, and for
//! twice as long each further time, up to 300 s. Each 300 s without a step to `failing` halve the next hold again.
//! Stepping to `suspect` and back is no flap: a suspect is still served.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use paste_model::SessionId;

use super::config::{FlappingConfig, millis};

/// What is remembered of sessions that failed lately.
#[derive(Debug)]
pub(super) struct Flapping {
    config: FlappingConfig,
    sessions: HashMap<SessionId, Flaps, RandomState>,
}

#[derive(Debug, Default)]
struct Flaps {
    failed: VecDeque<u64>,
    /// How often the next hold is doubled.
    doubled: u32,
    /// Since when `doubled` has decayed.
    since: u64,
    held_until: u64,
}

impl Flapping {
    pub(super) fn new(config: FlappingConfig) -> Self {
        Self {
            config,
            sessions: HashMap::default(),
        }
    }

    /// A session stepped to `failing`; answers until when it is held down, if that begins now.
    pub(super) fn failed(&mut self, session: &SessionId, now: u64) -> Option<u64> {
        if self.config.times == 0 {
            return None;
        }
        let (window, decay) = (millis(self.config.window), millis(self.config.decay));
        let flaps = self.sessions.entry(session.clone()).or_default();
        flaps.decay(now, decay);
        flaps.since = now;
        flaps.failed.push_back(now);
        while flaps.failed.front().is_some_and(|at| at + window < now) {
            flaps.failed.pop_front();
        }
        if flaps.failed.len() < self.config.times {
            return None;
        }
        flaps.failed.clear();
        let first = millis(self.config.hold_first);
        let hold = first
            .saturating_mul(1 << flaps.doubled.min(32))
            .min(millis(self.config.hold_max));
        flaps.doubled += 1;
        flaps.held_until = now + hold;
        Some(flaps.held_until)
    }

    /// Until when a session is held down, if it is.
    pub(super) fn held_until(&self, session: &SessionId, now: u64) -> Option<u64> {
        self.sessions
            .get(session)
            .map(|flaps| flaps.held_until)
            .filter(|until| *until > now)
    }

    /// Forgets a session that is gone.
    pub(super) fn forget(&mut self, session: &SessionId) {
        self.sessions.remove(session);
    }

    /// Forgets those of whom nothing counts any more.
    pub(super) fn prune(&mut self, now: u64) {
        let (window, decay) = (millis(self.config.window), millis(self.config.decay));
        self.sessions.retain(|_, flaps| {
            flaps.decay(now, decay);
            flaps.doubled > 0 || flaps.held_until > now || flaps.since + window >= now
        });
        self.sessions.shrink_to(self.sessions.len() * 2);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }
}

impl Flaps {
    fn decay(&mut self, now: u64, decay: u64) {
        while self.doubled > 0 && self.since.max(self.held_until) + decay <= now {
            self.doubled -= 1;
            self.since = self.since.max(self.held_until) + decay;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_double_up_to_the_longest_and_decay() {
        let session = SessionId::new("s").expect("valid");
        let mut flapping = Flapping::new(FlappingConfig::default());
        let mut now = 1_000;
        let hold = |now: &mut u64, flapping: &mut Flapping| {
            assert_eq!(flapping.failed(&session, *now), None);
            assert_eq!(flapping.failed(&session, *now + 20_000), None);
            *now += 40_000;
            let until = flapping.failed(&session, *now).expect("held");
            let hold = until - *now;
            *now = until;
            hold / 1_000
        };
        for expected in [30, 60, 120, 240, 300, 300] {
            assert_eq!(hold(&mut now, &mut flapping), expected);
        }
        // Twice 300 s of calm after six doublings leave four, which are 480 s: still the longest.
        now += 600_000;
        assert_eq!(hold(&mut now, &mut flapping), 300);
        now += 3_000_000;
        assert_eq!(hold(&mut now, &mut flapping), 30);
        flapping.prune(now + 3_000_000);
        assert!(flapping.is_empty());
    }

    #[test]
    fn slow_failures_are_no_flapping() {
        let session = SessionId::new("s").expect("valid");
        let mut flapping = Flapping::new(FlappingConfig::default());
        for turn in 0..20 {
            assert_eq!(flapping.failed(&session, turn * 31_000), None);
        }
        assert_eq!(flapping.held_until(&session, 0), None);
    }
}
