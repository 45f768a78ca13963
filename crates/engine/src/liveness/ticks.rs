//! The liveness clock: milliseconds of ticks that came in time.
//!
//! A process that was paused (SIGSTOP, a suspended virtual machine, a starved scheduler) missed the heartbeats of that
//! time through its own fault. So a gap in the ticking counts as one period however long it was, which moves every
//! deadline by the gap. The wall clock plays no part, so setting it does nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time between two ticks.
pub(super) const TICK: Duration = Duration::from_millis(TICK_MS);
/// The same, in milliseconds.
pub(super) const TICK_MS: u64 = 250;

/// The clock. Zero is before its first moment, so that zero can stand for "never".
#[derive(Debug)]
pub(super) struct Ticks(AtomicU64);

impl Ticks {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(TICK_MS))
    }

    /// Milliseconds since a moment shortly before the start.
    pub(super) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The one hand that moves the clock.
#[derive(Debug)]
pub(super) struct Pacemaker {
    last: Instant,
}

impl Pacemaker {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now }
    }

    /// Counts the time since the last call; answers the part of it that is not counted because ticks were missing.
    pub(super) fn advance(&mut self, ticks: &Ticks, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.last);
        if elapsed > 2 * TICK {
            self.last = now;
            ticks.0.fetch_add(TICK_MS, Ordering::Relaxed);
            return elapsed - TICK;
        }
        let whole = u64::try_from(elapsed.as_millis()).unwrap_or(TICK_MS);
        // What is left of a millisecond counts next time.
        self.last += Duration::from_millis(whole);
        ticks.0.fetch_add(whole, Ordering::Relaxed);
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_as_one_tick() {
        let start = Instant::now();
        let ticks = Ticks::new();
        let mut pacemaker = Pacemaker::new(start);
        let from = ticks.now();
        let at = |millis| start + Duration::from_millis(millis);
        let cases = [
            (250, 250, 0),
            (500, 500, 0),
            (1_000, 1_000, 0),
            (61_000, 1_250, 59_750),
            (61_250, 1_500, 0),
            (61_250, 1_500, 0),
        ];
        for (now, counted, lost) in cases {
            let gap = pacemaker.advance(&ticks, at(now));
            assert_eq!(gap, Duration::from_millis(lost), "at {now}");
            assert_eq!(ticks.now() - from, counted, "at {now}");
        }
    }

    #[test]
    fn fractions_of_a_millisecond_add_up() {
        let start = Instant::now();
        let ticks = Ticks::new();
        let mut pacemaker = Pacemaker::new(start);
        let from = ticks.now();
        for step in 1..=1_000 {
            pacemaker.advance(&ticks, start + Duration::from_micros(250_900) * step);
        }
        assert_eq!(ticks.now() - from, 250_900);
    }
}
