//! What is left of a service for a selector: the whole of it, and each subset of the policy. Who is where in them is found
//! when it is asked for the first time.

use std::sync::OnceLock;

use crate::chance::mulhi;
use crate::plan::Plan;
use crate::pool::Pool;
use crate::prepared::Prepared;
use crate::standing::Standing;
use crate::trace::{Notes, Step, SubsetCause};
use crate::{Question, Selector};

pub(crate) struct View {
    selector: Selector,
    /// How many are eligible.
    pub(crate) eligible: usize,
    whole: OnceLock<Pool>,
    /// One for each of the policy's subsets.
    subsets: Vec<Part>,
    /// Running sums of the weights of those subsets that have a weight and somebody eligible, and their index.
    shares: Vec<(u64, usize)>,
}

struct Part {
    /// Whether somebody is eligible.
    any: bool,
    pool: OnceLock<Pool>,
}

impl View {
    pub(crate) fn new(service: &[Standing], selector: Selector, plan: &Plan) -> Self {
        let eligible: Vec<_> = service
            .iter()
            .filter(|one| one.eligible && selector.matches(&one.seat.member))
            .collect();
        let (mut sum, mut shares, mut subsets) = (0, Vec::new(), Vec::new());
        for (index, subset) in plan.selectors.iter().enumerate() {
            let weight = plan.policy.subsets[index].weight;
            let any = eligible.iter().any(|one| subset.matches(&one.seat.member));
            if any && weight > 0 {
                sum += u64::from(weight);
                shares.push((sum, index));
            }
            subsets.push(Part {
                any,
                pool: OnceLock::new(),
            });
        }
        Self {
            eligible: eligible.len(),
            selector,
            whole: OnceLock::new(),
            subsets,
            shares,
        }
    }

    /// The part that answers. Draws once if no rule applies and several subsets have a share.
    #[inline]
    pub(crate) fn part<R: FnMut() -> u64>(
        &self,
        prepared: &Prepared,
        question: &Question<'_>,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> &Pool {
        let plan = &prepared.plan;
        if self.subsets.is_empty() {
            return self.whole(prepared);
        }
        let Some((index, cause)) = self.subset(plan, question, random) else {
            return self.whole(prepared);
        };
        notes.add(|| Step::Subset {
            name: plan.policy.subsets[index].name.clone(),
            cause,
        });
        let part = &self.subsets[index].pool;
        part.get_or_init(|| self.pool(prepared, Some(&plan.selectors[index])))
    }

    #[inline]
    fn whole(&self, prepared: &Prepared) -> &Pool {
        self.whole.get_or_init(|| self.pool(prepared, None))
    }

    fn pool(&self, prepared: &Prepared, subset: Option<&Selector>) -> Pool {
        let members = prepared.service.iter().filter(|one| {
            let member = &one.seat.member;
            self.selector.matches(member) && subset.is_none_or(|subset| subset.matches(member))
        });
        Pool::new(members, &prepared.plan, &prepared.caller)
    }

    fn subset<R: FnMut() -> u64>(
        &self,
        plan: &Plan,
        question: &Question<'_>,
        random: &mut R,
    ) -> Option<(usize, SubsetCause)> {
        let mut applying = plan.applying(question);
        if let Some((rule, subset)) = applying.find(|(_, subset)| self.subsets[*subset].any) {
            return Some((subset, SubsetCause::Rule(rule)));
        }
        match self.shares.as_slice() {
            [] => None,
            [(_, only)] => Some((*only, SubsetCause::Only)),
            [.., (total, _)] => {
                let (total, drawn) = (*total, mulhi(random(), *total));
                let at = self.shares.partition_point(|(sum, _)| *sum <= drawn);
                Some((self.shares[at].1, SubsetCause::Share { drawn, total }))
            }
        }
    }
}
