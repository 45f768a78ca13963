//! A coarse timer wheel: things to look at again, in slots of one tick.
//!
//! Invariants: putting in and taking out are O(1); what is put in comes out once, not before its time, and at the first
//! turn after it, unless that is further away than the wheel is long: then it comes out after one round, to be put back.

use super::ticks::TICK_MS;

/// Slots of the wheel; with its ticks, 17 minutes.
const SLOTS: u64 = 4096;

#[derive(Debug)]
pub(super) struct Wheel<T> {
    slots: Box<[Vec<T>]>,
    /// The last tick whose slot was emptied.
    at: u64,
}

impl<T> Wheel<T> {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            at: now_ms / TICK_MS,
        }
    }

    /// Puts `item` where it comes out at the first turn at or after `due_ms`.
    pub(super) fn insert(&mut self, item: T, due_ms: u64) {
        let tick = due_ms
            .div_ceil(TICK_MS)
            .clamp(self.at + 1, self.at + SLOTS - 1);
        self.slots[Self::slot(tick)].push(item);
    }

    /// Takes out what has come due by `now_ms`.
    pub(super) fn turn(&mut self, now_ms: u64) -> Vec<T> {
        let now = now_ms / TICK_MS;
        let mut due = Vec::new();
        while self.at < now {
            self.at += 1;
            // The slot's memory goes with it, so that a burst leaves none behind.
            let slot = std::mem::take(&mut self.slots[Self::slot(self.at)]);
            if due.is_empty() {
                due = slot;
            } else {
                due.extend(slot);
            }
        }
        due
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.slots.iter_mut().flat_map(std::mem::take)
    }

    fn slot(tick: u64) -> usize {
        usize::try_from(tick % SLOTS).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_too_far_away_comes_out_early() {
        let mut wheel = Wheel::new(0);
        wheel.insert("far", 10 * SLOTS * TICK_MS);
        assert!(wheel.turn((SLOTS - 2) * TICK_MS).is_empty());
        assert_eq!(wheel.turn((SLOTS - 1) * TICK_MS), ["far"]);
    }

    proptest! {
        #[test]
        fn everything_comes_out_once_and_in_its_tick(
            start in 0_u64..10_000_000,
            dues in prop::collection::vec(0_u64..900_000, 0..50),
            steps in prop::collection::vec(1_u64..4_000, 1..50),
        ) {
            let mut wheel = Wheel::new(start);
            for due in &dues {
                wheel.insert(start + due, start + due);
            }
            let (mut now, mut left) = (start, dues.len());
            for step in steps.into_iter().chain([1_000_000]) {
                let before = now;
                now += step;
                for due in wheel.turn(now) {
                    prop_assert!(due <= now, "not early: {due} at {now}");
                    prop_assert!(due + TICK_MS + TICK_MS > before, "not late: {due}, last looked at {before}");
                    left -= 1;
                }
            }
            prop_assert_eq!(left, 0);
        }
    }
}
