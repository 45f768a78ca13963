//! Static stride: turns in proportion to weights, from one counter and no lock.
//!
//! In each generation every candidate is asked once, in order; it passes over its turn as often as its weight lies below
//! the greatest.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const MAX: u64 = u16::MAX as u64;
/// Sets apart in which generations the candidates pass over their turns.
const OFFSET: u64 = MAX / 2;

/// The turns of a service so far.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

#[cfg(any(test, feature = "vectors"))]
impl From<u64> for Sequence {
    fn from(turn: u64) -> Self {
        Self(turn.into())
    }
}

#[cfg(any(test, feature = "vectors"))]
impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        self.0.load(Relaxed) == other.0.load(Relaxed)
    }
}

#[derive(Debug)]
pub(crate) struct Stride(Box<[u16]>);

impl Stride {
    /// From the capacities that candidates report and their weights; the product counts. Those who report nothing count as the
    /// mean of the others, and where fewer than two report, all as equal.
    pub(crate) fn new(reported: &[Option<f64>], weights: &[f64]) -> Self {
        let known: Vec<f64> = reported.iter().flatten().copied().collect();
        let mean = if known.len() < 2 {
            None
        } else {
            Some(known.iter().fold(0.0, |sum, one| sum + one) / known.len() as f64)
        };
        let capacity = |one: &Option<f64>| mean.map_or(1.0, |mean| one.unwrap_or(mean));
        let products = reported.iter().zip(weights);
        let products: Vec<_> = products
            .map(|(one, weight)| capacity(one) * weight)
            .collect();
        let greatest = products.iter().copied().fold(0.0, f64::max);
        Self(products.iter().map(|one| scaled(*one, greatest)).collect())
    }

    /// The weights in 65,535ths of the greatest.
    #[cfg(any(test, feature = "vectors"))]
    pub(crate) fn scaled(&self) -> &[u16] {
        &self.0
    }

    /// The index of the next. There is always one, since the greatest never passes over its turn.
    pub(crate) fn next(&self, sequence: &Sequence) -> usize {
        loop {
            let (index, generation) = sequence.turn(self.0.len());
            let weight = u64::from(self.0[index]);
            let place = (weight * (generation % MAX) + index as u64 * OFFSET) % MAX;
            if place >= MAX - weight {
                return index;
            }
        }
    }
}

impl Sequence {
    /// Whose turn it is among so many, and in which generation.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is below a usize is one"
    )]
    fn turn(&self, count: usize) -> (usize, u64) {
        let (turn, count) = (self.0.fetch_add(1, Relaxed), count as u64);
        ((turn % count) as usize, turn / count)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share of the greatest is at most 65,535"
)]
fn scaled(product: f64, greatest: f64) -> u16 {
    let scaled = (MAX as f64 * product / greatest + 0.5).floor();
    scaled.max(1.0) as u16
}
