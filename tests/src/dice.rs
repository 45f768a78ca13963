//! Chance that can be had again: the same seed, the same throws, on every machine and in every version.

use std::ops::Range;
use std::time::Duration;

/// A pair of dice (SplitMix64, Steele et al. 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Begins with `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for one of several players, so that the order in which they throw doesn't matter.
    pub fn of(&self, player: u64) -> Self {
        let mut own = Self(self.0 ^ player.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        own.0 = own.throw();
        own
    }

    /// Any number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.throw() % (range.end - range.start)
    }

    /// An index below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.within(0..count as u64)).expect("below a usize")
    }

    /// True in `percent` of all throws.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.within(0..100) < percent
    }

    /// A time in this range, to the millisecond.
    pub fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        // The first numbers of the reference implementation for this seed.
        let mut dice = Dice::new(1_234_567);
        let thrown = [dice.throw(), dice.throw()];
        assert_eq!(
            thrown,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
        );
        let players = [1, 2].map(|player| Dice::new(7).of(player).throw());
        assert!(players[0] != players[1]);
    }
}
