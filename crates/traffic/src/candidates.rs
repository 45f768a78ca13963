//! Those among whom a balancer chooses, made ready once: nothing is filtered or allocated when one of them is chosen.

use std::sync::{Arc, OnceLock};

use paste_model::InstanceId;

use crate::balance::{Maglev, Ring, Stride};
use crate::gauges::Gauges;
use crate::plan::Growth;
use crate::seat::Seat;

/// One who may be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) gauges: Arc<Gauges>,
    /// Its weight, without slow start.
    pub(crate) weight: f64,
    /// When its slow start began, if it is in it.
    pub(crate) began: Option<u64>,
    /// What it reports that it can bear, in calls a second.
    pub(crate) capacity: Option<f64>,
    pub(crate) seat: Arc<Seat>,
}

/// One or more, in id order.
pub(crate) struct Candidates {
    /// Those with a weight; all of them, with weight 1, if none has one.
    list: Box<[Candidate]>,
    /// Those that were left out for their weight of 0.
    idle: Box<[Candidate]>,
    pub(crate) weighing: Weighing,
    pub(crate) equal: bool,
    cumulative: OnceLock<Box<[f64]>>,
    ring: OnceLock<Ring>,
    maglev: OnceLock<Maglev>,
    stride: OnceLock<Stride>,
}

/// What weights of 0 did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// Nothing: nobody has one.
    Plain,
    /// So many were left out.
    LeftOut(usize),
    /// All have one, so none counts.
    AllZero,
}

impl Candidate {
    /// What its weight is at `now`.
    pub(crate) fn weight_at(&self, now: u64, growth: Option<&Growth>) -> f64 {
        match (growth, self.began) {
            (Some(growth), Some(began)) => self.weight * growth.factor(now.saturating_sub(began)),
            _ => self.weight,
        }
    }

    pub(crate) fn id(&self) -> &InstanceId {
        &self.seat.member.id
    }

    fn share(&self) -> (&str, f64) {
        (&self.seat.key, self.weight)
    }
}

impl Candidates {
    /// `None` if there is nobody.
    pub(crate) fn of(all: Vec<Candidate>) -> Option<Self> {
        if all.is_empty() {
            return None;
        }
        let (mut list, mut idle): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|candidate| candidate.weight > 0.0);
        let mut weighing = match idle.len() {
            0 => Weighing::Plain,
            count => Weighing::LeftOut(count),
        };
        if list.is_empty() {
            list.append(&mut idle);
            for candidate in &mut list {
                candidate.weight = 1.0;
            }
            weighing = Weighing::AllZero;
        }
        let equal = list
            .windows(2)
            .all(|two| two[0].weight.total_cmp(&two[1].weight).is_eq());
        Some(Self {
            list: list.into(),
            idle: idle.into(),
            weighing,
            equal,
            cumulative: OnceLock::new(),
            ring: OnceLock::new(),
            maglev: OnceLock::new(),
            stride: OnceLock::new(),
        })
    }

    /// Those who weren't tried, and how many were; `None` if nobody was, or everybody.
    #[inline]
    pub(crate) fn untried(&self, tried: &[InstanceId]) -> Option<(Self, usize)> {
        if tried.is_empty() {
            None
        } else {
            self.without(tried)
        }
    }

    fn without(&self, tried: &[InstanceId]) -> Option<(Self, usize)> {
        let mut left: Vec<_> = self
            .list
            .iter()
            .chain(&self.idle)
            .filter(|candidate| !tried.contains(candidate.id()))
            .cloned()
            .collect();
        let count = self.list.len() + self.idle.len() - left.len();
        if count == 0 {
            return None;
        }
        if self.weighing == Weighing::AllZero {
            // They had a weight of 1 only because nobody has one.
            for candidate in &mut left {
                candidate.weight = 0.0;
            }
        }
        left.sort_unstable_by(|a, b| a.id().cmp(b.id()));
        Some((Self::of(left)?, count))
    }

    /// Those among whom to choose, in id order; never empty.
    pub(crate) fn list(&self) -> &[Candidate] {
        &self.list
    }

    /// The one with that id.
    pub(crate) fn find(&self, id: &InstanceId) -> Option<&Candidate> {
        let at = self
            .list
            .binary_search_by(|candidate| candidate.id().cmp(id));
        at.ok().map(|at| &self.list[at])
    }

    /// Running sums of the weights, without slow start.
    pub(crate) fn cumulative(&self) -> &[f64] {
        self.cumulative.get_or_init(|| {
            let mut sum = 0.0;
            let weights = self.list.iter().map(|candidate| candidate.weight);
            weights
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect()
        })
    }

    pub(crate) fn ring(&self, size: u16) -> &Ring {
        self.ring.get_or_init(|| Ring::new(&self.shares(), size))
    }

    pub(crate) fn maglev(&self) -> &Maglev {
        self.maglev.get_or_init(|| Maglev::new(&self.shares()))
    }

    /// The turns by the weights without slow start.
    pub(crate) fn stride(&self) -> &Stride {
        self.stride
            .get_or_init(|| self.stride_by(|candidate| candidate.weight))
    }

    pub(crate) fn stride_by(&self, weight: impl Fn(&Candidate) -> f64) -> Stride {
        let reported: Vec<_> = self.list.iter().map(|one| one.capacity).collect();
        let weights: Vec<_> = self.list.iter().map(weight).collect();
        Stride::new(&reported, &weights)
    }

    fn shares(&self) -> Vec<(&str, f64)> {
        self.list.iter().map(Candidate::share).collect()
    }
}
