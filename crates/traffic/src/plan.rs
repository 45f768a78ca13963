//! A policy, made ready for deciding: its subsets as selectors, its rules pointing to them, its times in nanoseconds.

use std::sync::Arc;

use compact_str::CompactString;
use paste_model::{InvalidPolicy, Policy, Rule, SlowStart, Subset};

use crate::chance::mulhi;
use crate::hash::hash;
use crate::nanos::{SECOND, nanos};
use crate::{Caller, Question, Selector, VersionRange};

/// Refuses a policy that is out of bounds, or that names a version range which is none.
pub fn check_policy(policy: &Policy) -> Result<(), InvalidPolicy> {
    policy.validate()?;
    selectors(policy).map(|_| ())
}

pub(crate) struct Plan {
    pub(crate) policy: Arc<Policy>,
    /// One for each of the policy's subsets.
    pub(crate) selectors: Vec<Selector>,
    /// Of the rules that the place of the caller leaves: the rule's index, and its subset's.
    rules: Vec<(usize, usize)>,
    /// Peak EWMA's, in ns.
    pub(crate) decay: f64,
    pub(crate) slow_start: Option<Growth>,
}

/// Slow start, in numbers. See `slow start` in `conformance/README.md`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) window: u64,
    exponent: f64,
    least: f64,
}

impl Plan {
    /// Of a policy that may be wrong.
    pub(crate) fn new(policy: Arc<Policy>, caller: &Caller) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        let selectors = selectors(&policy)?;
        Ok(Self::of(policy, selectors, caller))
    }

    /// Of the default policy.
    pub(crate) fn plain(caller: &Caller) -> Self {
        Self::of(Arc::default(), Vec::new(), caller)
    }

    fn of(policy: Arc<Policy>, selectors: Vec<Selector>, caller: &Caller) -> Self {
        let here = |rule: &Rule| {
            let among = |places: &[_], own: Option<&_>| {
                places.is_empty() || own.is_some_and(|own| places.contains(own))
            };
            among(&rule.zones, caller.zone.as_ref()) && among(&rule.regions, caller.region.as_ref())
        };
        let subset = |name: &CompactString| {
            let mut subsets = policy.subsets.iter();
            subsets.position(|subset| subset.name == *name)
        };
        let rules = policy.rules.iter().enumerate();
        let rules = rules
            .filter(|(_, rule)| here(rule))
            .filter_map(|(index, rule)| Some((index, subset(&rule.subset)?)))
            .collect();
        Self {
            selectors,
            rules,
            decay: nanos(policy.balancer.decay) as f64,
            slow_start: Growth::of(&policy.slow_start),
            policy,
        }
    }

    /// The rules that apply, in order: the rule's index, and its subset's.
    pub(crate) fn applying<'a>(
        &'a self,
        question: &'a Question<'_>,
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.rules.iter().copied().filter(|(rule, _)| {
            let rule = &self.policy.rules[*rule];
            let mut headers = rule.headers.iter();
            headers.all(|(name, value)| question.header(name) == Some(value))
                && rule.users.as_ref().is_none_or(|users| {
                    question
                        .header(&users.header)
                        .is_some_and(|user| share(&rule.subset, user) < u64::from(users.share))
                })
        })
    }
}

/// The place of a user among ten thousand, from 0. The subset is part of it, so that not always the same users go first.
fn share(subset: &str, user: &str) -> u64 {
    mulhi(hash(&[subset.as_bytes(), &[0], user.as_bytes()]), 10_000)
}

fn selectors(policy: &Policy) -> Result<Vec<Selector>, InvalidPolicy> {
    let subsets = policy.subsets.iter().enumerate();
    subsets
        .map(|(index, subset)| selector(index, subset))
        .collect()
}

fn selector(index: usize, subset: &Subset) -> Result<Selector, InvalidPolicy> {
    let version = subset.version.as_deref().map(VersionRange::parse);
    let version = version.transpose().map_err(|error| InvalidPolicy {
        field: format!("subsets[{index}].version"),
        detail: error.to_string(),
    })?;
    let metadata = subset.metadata.iter();
    Ok(Selector {
        version,
        tags: subset.tags.clone(),
        metadata: metadata
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
        ..Selector::default()
    })
}

impl Growth {
    /// `None` if it is switched off.
    pub(crate) fn of(settings: &SlowStart) -> Option<Self> {
        Some(Self {
            window: nanos(settings.window?),
            exponent: 1.0 / settings.aggression.as_f64(),
            least: f64::from(settings.min_weight) / 100.0,
        })
    }

    /// Whether it has an effect, from the ages of a service's eligible endpoints: somebody is in it, and at most half.
    pub(crate) fn has_effect(&self, ages: impl Iterator<Item = Option<u64>>) -> bool {
        let (mut all, mut growing) = (0, 0);
        for age in ages {
            all += 1;
            growing += usize::from(age.is_some_and(|age| age < self.window));
        }
        growing > 0 && growing * 2 <= all
    }

    /// The share of its weight that an endpoint has `age` ns after it came.
    pub(crate) fn factor(&self, age: u64) -> f64 {
        if age >= self.window {
            return 1.0;
        }
        let grown = age.max(SECOND) as f64 / self.window as f64;
        grown.powf(self.exponent).max(self.least)
    }
}
