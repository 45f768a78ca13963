//! Weighted random.

use super::Round;
use crate::candidates::{Candidate, Candidates};
use crate::chance::unit;
use crate::trace::{Notes, Step};

impl Round<'_> {
    pub(super) fn weighted<'c, R: FnMut() -> u64>(
        &self,
        candidates: &'c Candidates,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> &'c Candidate {
        let list = candidates.list();
        let last = list.len() - 1;
        let share = unit(random());
        let (drawn, total, index) = if self.growth.is_some() {
            let weights = || list.iter().map(|candidate| self.weight(candidate));
            let total = weights().fold(0.0, |sum, weight| sum + weight);
            let drawn = share * total;
            let mut sum = 0.0;
            let found = weights().position(|weight| {
                sum += weight;
                sum > drawn
            });
            (drawn, total, found.unwrap_or(last))
        } else {
            let cumulative = candidates.cumulative();
            let total = cumulative[last];
            let drawn = share * total;
            let index = cumulative.partition_point(|sum| *sum <= drawn);
            (drawn, total, index.min(last))
        };
        notes.add(|| Step::Drawn { drawn, total });
        &list[index]
    }
}
