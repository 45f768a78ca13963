//! Policies to the model and back.

use paste_model::{Label, Metadata, ProtectThreshold, Thousandths, Users};

use super::{
    Balancer, BalancerKind, Locality, OutlierDetection, Policy, PolicyRule, PolicySubset,
    PolicyUsers, Retries, SlowStart, Timeouts,
};
use crate::refusal::FieldErrors;
use crate::{Duration, Map, Refusal};

impl TryFrom<Policy> for paste_model::Policy {
    type Error = Refusal;

    fn try_from(wire: Policy) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::default();
        let threshold = wire.protect_threshold.map(|percent| {
            ProtectThreshold::new(percent).ok_or("must be a percentage from 0 to 100")
        });
        let policy = Self {
            description: wire.description.into(),
            balancer: wire.balancer.read(&mut errors),
            subsets: (wire.subsets.into_iter().enumerate())
                .filter_map(|(place, subset)| subset.read(place, &mut errors))
                .collect(),
            rules: (wire.rules.into_iter().enumerate())
                .filter_map(|(place, rule)| rule.read(place, &mut errors))
                .collect(),
            locality: paste_model::Locality {
                failover_regions: labels(
                    "locality.failover_regions",
                    &wire.locality.failover_regions,
                    &mut errors,
                ),
                overprovision: wire.locality.overprovision,
                panic_threshold: wire.locality.panic_threshold,
            },
            outlier_detection: wire.outlier_detection.into(),
            retries: wire.retries.into(),
            timeouts: wire.timeouts.into(),
            slow_start: paste_model::SlowStart {
                window: wire
                    .slow_start
                    .window
                    .map(|window| window.0)
                    .filter(|window| !window.is_zero()),
                aggression: thousandths(
                    "slow_start.aggression",
                    wire.slow_start.aggression,
                    &mut errors,
                ),
                min_weight: wire.slow_start.min_weight,
            },
            protect_threshold: threshold.and_then(|read| errors.keep("protect_threshold", read)),
        };
        if errors.is_empty()
            && let Err(error) = policy.validate()
        {
            errors.push(error.field, error.detail);
        }
        errors.unless_any(policy)
    }
}

impl From<&paste_model::Policy> for Policy {
    fn from(policy: &paste_model::Policy) -> Self {
        Self {
            description: policy.description.to_string(),
            balancer: (&policy.balancer).into(),
            subsets: policy.subsets.iter().map(PolicySubset::from).collect(),
            rules: policy.rules.iter().map(PolicyRule::from).collect(),
            locality: (&policy.locality).into(),
            outlier_detection: (&policy.outlier_detection).into(),
            retries: (&policy.retries).into(),
            timeouts: (&policy.timeouts).into(),
            slow_start: (&policy.slow_start).into(),
            protect_threshold: policy.protect_threshold.map(ProtectThreshold::percent),
        }
    }
}

impl Balancer {
    fn read(self, errors: &mut FieldErrors) -> paste_model::Balancer {
        paste_model::Balancer {
            kind: self.kind.into(),
            decay: self.decay.0,
            hash_header: self.hash_header.map(Into::into),
            ring_size: self.ring_size,
            bounded_load: self
                .bounded_load
                .map(|bound| thousandths("balancer.bounded_load", bound, errors)),
        }
    }
}

impl PolicySubset {
    fn read(self, place: usize, errors: &mut FieldErrors) -> Option<paste_model::Subset> {
        let at = |field: &str| format!("subsets[{place}].{field}");
        let pairs = self.metadata.0.into_iter();
        let metadata = Metadata::new(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        );
        Some(paste_model::Subset {
            name: self.name.into(),
            version: self.version.map(Into::into),
            tags: labels(&at("tags"), &self.tags, errors),
            metadata: errors.keep(at("metadata"), metadata)?,
            weight: self.weight,
        })
    }
}

impl PolicyRule {
    fn read(self, place: usize, errors: &mut FieldErrors) -> Option<paste_model::Rule> {
        let at = |field: &str| format!("rules[{place}].{field}");
        let headers = self.headers.0.into_iter();
        let users = match self.users {
            None => None,
            Some(users) => {
                let share = share(users.percent).ok_or("must be from 0.01 to 100");
                Some(Users {
                    header: users.header.into(),
                    share: errors.keep(at("users.percent"), share)?,
                })
            }
        };
        Some(paste_model::Rule {
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            users,
            zones: labels(&at("zones"), &self.zones, errors),
            regions: labels(&at("regions"), &self.regions, errors),
            subset: self.subset.into(),
        })
    }
}

/// Hundredths of a percent.
fn share(percent: f64) -> Option<u16> {
    let hundredths = (percent * 100.0).round();
    // The nearest whole number from 1 to 10,000, which fits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within bounds"
    )]
    (1.0..=10_000.0)
        .contains(&hundredths)
        .then_some(hundredths as u16)
}

fn thousandths(field: &str, number: f64, errors: &mut FieldErrors) -> Thousandths {
    let thousandths = (number * 1000.0).round();
    if !(0.0..=1e9).contains(&thousandths) {
        errors.push(field, "must be a number within its bounds");
        return Thousandths::ONE;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within bounds"
    )]
    Thousandths(thousandths as u32)
}

fn labels(field: &str, texts: &[String], errors: &mut FieldErrors) -> Vec<Label> {
    texts
        .iter()
        .enumerate()
        .filter_map(|(place, text)| {
            errors.keep(format!("{field}[{place}]"), Label::new("it", text))
        })
        .collect()
}

fn texts(labels: &[Label]) -> Vec<String> {
    labels
        .iter()
        .map(|label| label.as_str().to_owned())
        .collect()
}

macro_rules! balancers {
    ($($kind:ident),*) => {
        impl From<BalancerKind> for paste_model::BalancerKind {
            fn from(kind: BalancerKind) -> Self {
                match kind { $(BalancerKind::$kind => Self::$kind,)* }
            }
        }

        impl From<paste_model::BalancerKind> for BalancerKind {
            fn from(kind: paste_model::BalancerKind) -> Self {
                match kind { $(paste_model::BalancerKind::$kind => Self::$kind,)* }
            }
        }
    };
}

balancers!(
    WeightedRandom,
    SmoothWrr,
    LeastRequest,
    PeakEwma,
    RingHash,
    Rendezvous,
    Maglev,
    StaticStride
);

impl From<&paste_model::Balancer> for Balancer {
    fn from(balancer: &paste_model::Balancer) -> Self {
        Self {
            kind: balancer.kind.into(),
            decay: Duration(balancer.decay),
            hash_header: balancer.hash_header.as_ref().map(ToString::to_string),
            ring_size: balancer.ring_size,
            bounded_load: balancer.bounded_load.map(Thousandths::as_f64),
        }
    }
}

impl From<&paste_model::Subset> for PolicySubset {
    fn from(subset: &paste_model::Subset) -> Self {
        let pairs = subset.metadata.iter();
        Self {
            name: subset.name.to_string(),
            version: subset.version.as_ref().map(ToString::to_string),
            tags: texts(&subset.tags),
            metadata: pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            weight: subset.weight,
        }
    }
}

impl From<&paste_model::Rule> for PolicyRule {
    fn from(rule: &paste_model::Rule) -> Self {
        let headers = rule.headers.iter();
        Self {
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect::<Map<_>>(),
            users: rule.users.as_ref().map(|users| PolicyUsers {
                header: users.header.to_string(),
                percent: f64::from(users.share) / 100.0,
            }),
            zones: texts(&rule.zones),
            regions: texts(&rule.regions),
            subset: rule.subset.to_string(),
        }
    }
}

impl From<&paste_model::Locality> for Locality {
    fn from(locality: &paste_model::Locality) -> Self {
        Self {
            failover_regions: texts(&locality.failover_regions),
            overprovision: locality.overprovision,
            panic_threshold: locality.panic_threshold,
        }
    }
}

impl From<OutlierDetection> for paste_model::OutlierDetection {
    fn from(wire: OutlierDetection) -> Self {
        Self {
            consecutive_failures: wire.consecutive_failures,
            failure_percentage: wire.failure_percentage,
            failure_percentage_requests: wire.failure_percentage_requests,
            failure_percentage_hosts: wire.failure_percentage_hosts,
            interval: wire.interval.0,
            base_ejection: wire.base_ejection.0,
            max_ejection: wire.max_ejection.0,
            max_ejected: wire.max_ejected,
        }
    }
}

impl From<&paste_model::OutlierDetection> for OutlierDetection {
    fn from(outliers: &paste_model::OutlierDetection) -> Self {
        Self {
            consecutive_failures: outliers.consecutive_failures,
            failure_percentage: outliers.failure_percentage,
            failure_percentage_requests: outliers.failure_percentage_requests,
            failure_percentage_hosts: outliers.failure_percentage_hosts,
            interval: Duration(outliers.interval),
            base_ejection: Duration(outliers.base_ejection),
            max_ejection: Duration(outliers.max_ejection),
            max_ejected: outliers.max_ejected,
        }
    }
}

impl From<Retries> for paste_model::Retries {
    fn from(wire: Retries) -> Self {
        Self {
            max: wire.max,
            statuses: wire.statuses,
            budget: wire.budget,
            min_per_second: wire.min_per_second,
            backoff_base: wire.backoff_base.0,
            backoff_max: wire.backoff_max.0,
        }
    }
}

impl From<&paste_model::Retries> for Retries {
    fn from(retries: &paste_model::Retries) -> Self {
        Self {
            max: retries.max,
            statuses: retries.statuses.clone(),
            budget: retries.budget,
            min_per_second: retries.min_per_second,
            backoff_base: Duration(retries.backoff_base),
            backoff_max: Duration(retries.backoff_max),
        }
    }
}

impl From<Timeouts> for paste_model::Timeouts {
    fn from(wire: Timeouts) -> Self {
        Self {
            connect: wire.connect.0,
            per_try: wire.per_try.map(|per_try| per_try.0),
            request: wire.request.0,
        }
    }
}

impl From<&paste_model::Timeouts> for Timeouts {
    fn from(timeouts: &paste_model::Timeouts) -> Self {
        Self {
            connect: Duration(timeouts.connect),
            per_try: timeouts.per_try.map(Duration),
            request: Duration(timeouts.request),
        }
    }
}

impl From<&paste_model::SlowStart> for SlowStart {
    fn from(slow_start: &paste_model::SlowStart) -> Self {
        Self {
            window: slow_start.window.map(Duration),
            aggression: slow_start.aggression.as_f64(),
            min_weight: slow_start.min_weight,
        }
    }
}

macro_rules! defaults {
    ($($part:ident),*) => { $(
        impl Default for $part {
            fn default() -> Self {
                Self::from(&paste_model::$part::default())
            }
        }
    )* };
}

defaults!(
    Balancer,
    Locality,
    OutlierDetection,
    Retries,
    Timeouts,
    SlowStart
);
