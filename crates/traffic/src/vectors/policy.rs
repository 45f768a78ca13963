//! Policies as on the wire, as far as decisions rest on them.

use std::time::Duration;

use compact_str::CompactString;
use paste_model::{
    Balancer, BalancerKind, Label, Locality, Metadata, OutlierDetection, Policy, Retries, Rule,
    SlowStart, Subset, Thousandths, Users,
};
use serde::Deserialize;

use super::{Pairs, labels};

pub(super) fn lasting(text: &str) -> Duration {
    humantime::parse_duration(text).expect(text)
}

/// From the wire's way of writing something to the model's.
trait Read<M> {
    fn read(self) -> M;
}

impl<M> Read<M> for M {
    fn read(self) -> M {
        self
    }
}

impl Read<Duration> for String {
    fn read(self) -> Duration {
        lasting(&self)
    }
}

impl Read<Option<Duration>> for String {
    fn read(self) -> Option<Duration> {
        Some(lasting(&self))
    }
}

impl Read<Option<CompactString>> for String {
    fn read(self) -> Option<CompactString> {
        Some(self.into())
    }
}

impl Read<BalancerKind> for String {
    fn read(self) -> BalancerKind {
        BalancerKind::from_word(&self).expect("kind")
    }
}

impl Read<Vec<Label>> for Vec<String> {
    fn read(self) -> Vec<Label> {
        labels(&self)
    }
}

impl Read<Thousandths> for f64 {
    fn read(self) -> Thousandths {
        Thousandths(scaled(self, 1000.0).try_into().expect("in bounds"))
    }
}

impl Read<Option<Thousandths>> for f64 {
    fn read(self) -> Option<Thousandths> {
        Some(self.read())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "vectors are in bounds")]
fn scaled(number: f64, by: f64) -> i64 {
    (number * by).round() as i64
}

/// An object of which everything may be left out or null: then the model's default holds.
macro_rules! piece {
    ($wire:ident for $model:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $wire {
            $($field: Option<$type>,)*
        }

        impl $wire {
            pub(super) fn model(&self) -> $model {
                let mut model = $model::default();
                $(if let Some(value) = self.$field.clone() {
                    model.$field = value.read();
                })*
                model
            }
        }
    };
}

piece!(WireBalancer for Balancer {
    kind: String,
    decay: String,
    hash_header: String,
    ring_size: u16,
    bounded_load: f64,
});

piece!(WireLocality for Locality {
    failover_regions: Vec<String>,
    overprovision: u16,
    panic_threshold: u8,
});

piece!(WireOutlierDetection for OutlierDetection {
    consecutive_failures: u16,
    failure_percentage: u8,
    failure_percentage_requests: u32,
    failure_percentage_hosts: u16,
    interval: String,
    base_ejection: String,
    max_ejection: String,
    max_ejected: u8,
});

piece!(WireRetries for Retries {
    max: u8,
    statuses: Vec<u16>,
    budget: u8,
    min_per_second: u16,
    backoff_base: String,
    backoff_max: String,
});

piece!(WireSlowStart for SlowStart {
    window: String,
    aggression: f64,
    min_weight: u8,
});

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSubset {
    name: String,
    version: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    metadata: Pairs,
    #[serde(default)]
    weight: u16,
}

impl WireSubset {
    fn model(&self) -> Subset {
        Subset {
            name: self.name.as_str().into(),
            version: self.version.as_deref().map(Into::into),
            tags: labels(&self.tags),
            metadata: Metadata::new(self.metadata.list()).expect("metadata"),
            weight: self.weight,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRule {
    #[serde(default)]
    headers: Pairs,
    users: Option<WireUsers>,
    #[serde(default)]
    zones: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    subset: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireUsers {
    header: String,
    percent: f64,
}

impl WireRule {
    fn model(&self) -> Rule {
        Rule {
            headers: self.headers.list(),
            users: self.users.as_ref().map(|users| Users {
                header: users.header.as_str().into(),
                share: scaled(users.percent, 100.0).try_into().expect("percent"),
            }),
            zones: labels(&self.zones),
            regions: labels(&self.regions),
            subset: self.subset.as_str().into(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WirePolicy {
    balancer: WireBalancer,
    subsets: Vec<WireSubset>,
    rules: Vec<WireRule>,
    locality: WireLocality,
    outlier_detection: WireOutlierDetection,
    retries: WireRetries,
    slow_start: WireSlowStart,
}

impl WirePolicy {
    pub(super) fn model(&self) -> Policy {
        let policy = Policy {
            balancer: self.balancer.model(),
            subsets: self.subsets.iter().map(WireSubset::model).collect(),
            rules: self.rules.iter().map(WireRule::model).collect(),
            locality: self.locality.model(),
            outlier_detection: self.outlier_detection.model(),
            retries: self.retries.model(),
            slow_start: self.slow_start.model(),
            ..Policy::default()
        };
        assert_eq!(crate::check_policy(&policy), Ok(()));
        policy
    }
}
