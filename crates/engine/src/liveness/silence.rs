//! Guard: when many sessions fall silent at once, the likeliest cause is on our side of the network.
//!
//! It counts sessions that fell silent (two thirds of their ttl without a heartbeat, their watch stream still open or
//! never opened) within the last 60 s and have not come back. More than 15 % of the node's sessions, and at least 20:
//! neither they nor those that fall silent after them step to `failing` or are removed, for 5 min. Counting begins at
//! `suspect` and not at `failing`, so that the hold is there before the first of a cut network is judged.
//!
//! The hold ends early when so many came back that it would not have begun; the rest get a full grace then. Silence can be real (a rack without power
//! closes no stream): then those instances stay `suspect`, and are served, for 5 min. Active checks, and clients that
//! pass over what refuses them, cover that time. After it they step to `failing` at the pace of the other guards, and
//! have the rest of their `remove_after` before they are removed. A silence is held once: sessions that sat a hold out
//! start no other.

use super::config::{SilenceConfig, millis};
use super::ticks::TICK_MS;

/// The guard's state.
#[derive(Debug)]
pub(super) struct Silence {
    config: SilenceConfig,
    /// Sessions that fell silent in each tick of the window and are silent still, by tick modulo length.
    fell: Box<[usize]>,
    /// Their sum.
    recent: usize,
    /// The tick that the window ends with.
    at: u64,
    /// What fell silent up to here is no longer counted.
    forgotten: u64,
    hold: Option<Hold>,
}

/// A hold that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    /// Sessions that fell silent from here on are held.
    pub(super) from: u64,
    /// When it ends at the latest.
    pub(super) until: u64,
    /// Sessions that it holds now.
    pub(super) held: usize,
}

/// What a look at the counts led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Begins(Hold),
    Ends { came_back: bool },
}

impl Silence {
    pub(super) fn new(config: SilenceConfig, now: u64) -> Self {
        let ticks = millis(config.window).div_ceil(TICK_MS).max(1);
        let ticks = usize::try_from(ticks)
            .unwrap_or(usize::MAX)
            .min(WINDOW_TICKS_MAX);
        Self {
            config,
            fell: vec![0; ticks].into(),
            recent: 0,
            at: now / TICK_MS,
            forgotten: 0,
            hold: None,
        }
    }

    /// Moves the window on.
    pub(super) fn advance(&mut self, now: u64) {
        let now = now / TICK_MS;
        // Beyond its length every slot is emptied anyway.
        let steps = (now - self.at.min(now)).min(self.fell.len() as u64);
        for tick in now - steps + 1..=now {
            let slot = self.slot(tick);
            self.recent -= std::mem::take(&mut self.fell[slot]);
        }
        self.at = self.at.max(now);
    }

    /// A session fell silent now.
    pub(super) fn fell(&mut self, now: u64) {
        let slot = self.slot(now / TICK_MS);
        self.fell[slot] += 1;
        self.recent += 1;
        if let Some(hold) = &mut self.hold {
            hold.held += 1;
        }
    }

    /// A session that fell silent at `since` is silent no more, or its stream closed after all.
    pub(super) fn back(&mut self, since: u64) {
        let tick = since / TICK_MS;
        if since > self.forgotten && tick + self.fell.len() as u64 > self.at {
            let slot = self.slot(tick);
            self.fell[slot] -= 1;
            self.recent -= 1;
        }
        if let Some(hold) = &mut self.hold
            && since >= hold.from
        {
            hold.held = hold.held.saturating_sub(1);
        }
    }

    /// Whether a session that fell silent at `since` is held now, and until when at the latest.
    pub(super) fn holds(&self, since: Option<u64>) -> Option<u64> {
        let hold = self.hold.as_ref()?;
        since
            .filter(|since| *since >= hold.from)
            .map(|_| hold.until)
    }

    /// The hold in force.
    pub(super) fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// Begins or ends a hold, as the counts among `sessions` ask for.
    pub(super) fn decide(&mut self, now: u64, sessions: usize) -> Option<Turn> {
        match self.hold {
            None if self.too_many(self.recent, sessions) => {
                let window = self.fell.len() as u64 * TICK_MS;
                let hold = Hold {
                    from: now.saturating_sub(window),
                    until: now + millis(self.config.hold),
                    held: self.recent,
                };
                self.hold = Some(hold);
                Some(Turn::Begins(hold))
            }
            Some(hold) => {
                let came_back = !self.too_many(hold.held, sessions);
                if !came_back && now < hold.until {
                    return None;
                }
                self.hold = None;
                // Who sat it out does not start another.
                self.forget(now);
                Some(Turn::Ends { came_back })
            }
            None => None,
        }
    }

    /// Starts counting anew, keeping a hold.
    pub(super) fn forget(&mut self, now: u64) {
        self.forgotten = now;
        self.fell.fill(0);
        self.recent = 0;
    }

    fn too_many(&self, silent: usize, sessions: usize) -> bool {
        silent >= self.config.sessions_min.max(1)
            && silent.saturating_mul(100)
                > sessions.saturating_mul(usize::from(self.config.percent))
    }

    fn slot(&self, tick: u64) -> usize {
        usize::try_from(tick % self.fell.len() as u64).unwrap_or(0)
    }
}

/// Longest window, in ticks: an hour.
const WINDOW_TICKS_MAX: usize = 14_400;
