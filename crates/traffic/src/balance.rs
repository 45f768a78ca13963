//! The balancers: each chooses one of several candidates. `conformance/README.md` defines them.

mod hashing;
mod maglev;
mod ring;
mod smooth;
mod stride;
mod weighted;

use paste_model::{Balancer, BalancerKind};

use crate::Question;
use crate::candidates::{Candidate, Candidates};
use crate::chance::two;
use crate::gauges::{Gauges, usual_cost};
use crate::plan::Growth;
use crate::standing::Standing;
use crate::trace::{Notes, Step};

#[cfg(any(test, feature = "vectors"))]
pub(crate) use hashing::Bound;
pub(crate) use maglev::Maglev;
pub(crate) use ring::Ring;
pub(crate) use smooth::Turns;
pub(crate) use stride::{Sequence, Stride};

/// What a balancer needs to know beside the candidates.
pub(crate) struct Round<'a> {
    pub(crate) policy: &'a Balancer,
    pub(crate) question: &'a Question<'a>,
    pub(crate) now: u64,
    /// Peak EWMA's decay, in ns.
    pub(crate) decay: f64,
    /// Slow start, while it has an effect.
    pub(crate) growth: Option<&'a Growth>,
    /// All endpoints of the service.
    pub(crate) service: &'a [Standing],
    pub(crate) turns: &'a Turns,
    pub(crate) sequence: &'a Sequence,
}

impl Round<'_> {
    /// Chooses one. `whole` are the candidates before some were left out because they were tried.
    pub(crate) fn choose<'c, R: FnMut() -> u64>(
        &self,
        candidates: &'c Candidates,
        whole: Option<&Candidates>,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> &'c Candidate {
        let list = candidates.list();
        if let [only] = list {
            notes.add(|| Step::Only);
            return only;
        }
        match self.policy.kind {
            BalancerKind::PeakEwma => self.less(list, random, notes, |candidate| {
                let gauges: &Gauges = &candidate.gauges;
                if !gauges.is_used() {
                    self.seed(gauges);
                }
                gauges.load(self.now, self.decay, self.weight(candidate))
            }),
            BalancerKind::LeastRequest => self.less(list, random, notes, |candidate| {
                candidate.gauges.crowding(self.weight(candidate))
            }),
            BalancerKind::WeightedRandom => self.weighted(candidates, random, notes),
            BalancerKind::SmoothWrr => {
                notes.add(|| Step::Turn(self.policy.kind));
                let index = self.turns.next(list, |candidate| self.weight(candidate));
                &list[index]
            }
            BalancerKind::StaticStride => {
                notes.add(|| Step::Turn(self.policy.kind));
                let index = if self.growth.is_some() {
                    let stride = candidates.stride_by(|candidate| self.weight(candidate));
                    stride.next(self.sequence)
                } else {
                    candidates.stride().next(self.sequence)
                };
                &list[index]
            }
            BalancerKind::RingHash | BalancerKind::Rendezvous | BalancerKind::Maglev => {
                self.hashed(candidates, whole, random, notes)
            }
        }
    }

    /// Of two drawn by chance the one with the lower cost, the first of equals.
    fn less<'c, R: FnMut() -> u64>(
        &self,
        list: &'c [Candidate],
        random: &mut R,
        notes: &mut Notes<'_>,
        cost: impl Fn(&Candidate) -> f64,
    ) -> &'c Candidate {
        let (first, second) = two(list.len(), random);
        let (first, second) = (&list[first], &list[second]);
        let (one, other) = (cost(first), cost(second));
        notes.add(|| Step::Compared {
            kind: self.policy.kind,
            first: (first.id().clone(), one),
            second: (second.id().clone(), other),
        });
        if one <= other { first } else { second }
    }

    fn weight(&self, candidate: &Candidate) -> f64 {
        candidate.weight_at(self.now, self.growth)
    }

    #[cold]
    fn seed(&self, gauges: &Gauges) {
        let service = self.service.iter().map(Standing::gauges);
        gauges.seed(usual_cost(service), self.now);
    }
}
