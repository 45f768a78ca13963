//! The balancers that give the same key to the same instance, as long as it is there.

use std::borrow::Cow;

use paste_model::{BalancerKind, Thousandths};

use super::Round;
use crate::candidates::{Candidate, Candidates};
use crate::hash::hash;
use crate::trace::{Notes, Step};

impl Round<'_> {
    pub(super) fn hashed<'c, R: FnMut() -> u64>(
        &self,
        candidates: &'c Candidates,
        whole: Option<&Candidates>,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> &'c Candidate {
        let list = candidates.list();
        let key = self.key(random);
        notes.add(|| Step::Hashed {
            kind: self.policy.kind,
            key: key.as_ref().into(),
        });
        let bound = self.policy.bounded_load;
        let bound = bound.map(|bound| Bound::new(bound, list));
        let admits =
            |candidate: &&Candidate| bound.as_ref().is_none_or(|bound| bound.admits(candidate));
        let found = if self.policy.kind == BalancerKind::Rendezvous {
            best(list.iter().filter(admits), &key, candidates.equal)
        } else {
            // Nobody is taken from the table for having been tried, so that the other keys stay where they are.
            let left = whole.and_then(|whole| {
                let mut walk = self.walk(whole, &key).filter(admits);
                walk.find_map(|candidate| candidates.find(candidate.id()))
            });
            left.or_else(|| self.walk(candidates, &key).find(admits))
        };
        found.unwrap_or(&list[0])
    }

    /// The key of the request; where it has none, a random one.
    fn key<R: FnMut() -> u64>(&self, random: &mut R) -> Cow<'_, str> {
        let header = self.policy.hash_header.as_deref();
        header
            .and_then(|name| self.question.header(name))
            .or(self.question.hash_key)
            .map_or_else(|| format!("{:016x}", random()).into(), Cow::from)
    }

    /// The candidates in the order in which a walk from the hash of `key` meets them.
    fn walk<'t>(&self, of: &'t Candidates, key: &str) -> impl Iterator<Item = &'t Candidate> {
        let hash = hash(&[key.as_bytes()]);
        let (owners, start) = match self.policy.kind {
            BalancerKind::RingHash => of.ring(self.policy.ring_size).start(hash),
            _ => of.maglev().start(hash),
        };
        let (before, after) = owners.split_at(start);
        let owners = after.iter().chain(before);
        owners.map(|owner| &of.list()[*owner as usize])
    }
}

/// Rendezvous: the one with the greatest score, the greater key of equals.
fn best<'c>(
    candidates: impl Iterator<Item = &'c Candidate>,
    key: &str,
    equal: bool,
) -> Option<&'c Candidate> {
    let mut best: Option<(f64, u64, &Candidate)> = None;
    for candidate in candidates {
        let hash = hash(&[candidate.seat.key.as_bytes(), &[0], key.as_bytes()]);
        // Where all weights are equal the order is that of the hashes, and needs no logarithm.
        let (score, rank) = if equal {
            (0.0, hash)
        } else {
            (score(hash, candidate.weight), 0)
        };
        let better = best.is_none_or(|(best_score, best_rank, best)| {
            score
                .total_cmp(&best_score)
                .then(rank.cmp(&best_rank))
                .then(candidate.seat.key.cmp(&best.seat.key))
                .is_gt()
        });
        if better {
            best = Some((score, rank, candidate));
        }
    }
    best.map(|(.., candidate)| candidate)
}

fn score(hash: u64, weight: f64) -> f64 {
    const STEPS: f64 = (1_u64 << 53) as f64;
    let logarithm = (((hash >> 11) as f64 + 0.5) / STEPS).ln();
    if logarithm < 0.0 {
        -weight / logarithm
    } else {
        f64::INFINITY
    }
}

/// Bounded load: how much each may have in flight, so that a key that everybody asks for doesn't overrun its instance.
pub(crate) struct Bound {
    /// Requests in flight, the new one included, times thousandths.
    requests: u128,
    weights: u128,
}

impl Bound {
    pub(crate) fn new(bound: Thousandths, list: &[Candidate]) -> Self {
        let (mut requests, mut weights) = (1, 0);
        for candidate in list {
            requests += u128::from(candidate.gauges.in_flight());
            weights += whole(candidate.weight);
        }
        Self {
            requests: requests * u128::from(bound.0),
            weights: weights * 1000,
        }
    }

    /// Most that `candidate` may have in flight, the new request included.
    pub(crate) fn capacity(&self, candidate: &Candidate) -> u128 {
        (self.requests * whole(candidate.weight)).div_ceil(self.weights)
    }

    fn admits(&self, candidate: &Candidate) -> bool {
        u128::from(candidate.gauges.in_flight()) < self.capacity(candidate)
    }
}

/// A weight without slow start, which is an integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are from 1 to 10,000"
)]
fn whole(weight: f64) -> u128 {
    weight as u128
}
