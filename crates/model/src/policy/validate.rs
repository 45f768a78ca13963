//! What a policy may say.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{
    Balancer, Locality, OutlierDetection, Policy, Retries, Rule, SlowStart, Subset, Timeouts,
};
use crate::limits::{
    LABEL_BYTES_MAX, POLICY_BYTES_MAX, POLICY_RULES_MAX, POLICY_SUBSETS_MAX, TEXT_BYTES_MAX,
    WEIGHT_MAX,
};
use crate::{ConfigName, Label};

/// A policy that can't be: the field, as a path on the wire, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct InvalidPolicy {
    /// The field, such as `subsets[0].weight`.
    pub field: String,
    /// What it must be.
    pub detail: String,
}

type Checked = Result<(), InvalidPolicy>;

fn refuse<T>(field: impl Into<String>, detail: impl Into<String>) -> Result<T, InvalidPolicy> {
    Err(InvalidPolicy {
        field: field.into(),
        detail: detail.into(),
    })
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Checked {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    refuse(
        field,
        format!("must be from {least} to {most}, not {value}"),
    )
}

fn lasts(field: &str, value: Duration, least: Duration, most: Duration) -> Checked {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    refuse(
        field,
        format!("must be from {least:?} to {most:?}, not {value:?}"),
    )
}

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

impl Policy {
    /// Refuses what is out of bounds or contradicts itself. Version ranges are texts here; `traffic` reads them.
    pub fn validate(&self) -> Checked {
        if self.description.len() > TEXT_BYTES_MAX {
            return refuse(
                "description",
                format!("the limit (text_bytes_max) is {TEXT_BYTES_MAX} bytes"),
            );
        }
        self.balancer.validate()?;
        within("subsets", self.subsets.len(), 0..=POLICY_SUBSETS_MAX)?;
        for (index, subset) in self.subsets.iter().enumerate() {
            subset.validate(&format!("subsets[{index}]"))?;
            if self.subsets[..index]
                .iter()
                .any(|other| other.name == subset.name)
            {
                return refuse(
                    format!("subsets[{index}].name"),
                    format!("{:?} stands twice", subset.name),
                );
            }
        }
        within("rules", self.rules.len(), 0..=POLICY_RULES_MAX)?;
        for (index, rule) in self.rules.iter().enumerate() {
            rule.validate(&format!("rules[{index}]"), &self.subsets)?;
        }
        self.locality.validate()?;
        self.outlier_detection.validate()?;
        self.retries.validate()?;
        self.timeouts.validate()?;
        self.slow_start.validate()?;
        let size = self.size();
        if size > POLICY_BYTES_MAX {
            return refuse(
                "policy",
                format!(
                    "its texts have {size} bytes; the limit (policy_bytes_max) is {POLICY_BYTES_MAX}"
                ),
            );
        }
        Ok(())
    }

    /// Bytes of all its texts but the description, which has a limit of its own.
    fn size(&self) -> usize {
        let labels = |labels: &[Label]| {
            labels
                .iter()
                .map(|label| label.as_str().len())
                .sum::<usize>()
        };
        let subsets = self.subsets.iter().map(|subset| {
            let metadata = subset.metadata.iter();
            subset.name.len()
                + subset.version.as_ref().map_or(0, |version| version.len())
                + labels(&subset.tags)
                + metadata
                    .map(|(key, value)| key.len() + value.len())
                    .sum::<usize>()
        });
        let rules = self.rules.iter().map(|rule| {
            let headers = rule.headers.iter();
            headers
                .map(|(name, value)| name.len() + value.len())
                .sum::<usize>()
                + rule.users.as_ref().map_or(0, |users| users.header.len())
                + labels(&rule.zones)
                + labels(&rule.regions)
                + rule.subset.len()
        });
        let header = self.balancer.hash_header.as_ref();
        header.map_or(0, |header| header.len())
            + subsets.sum::<usize>()
            + rules.sum::<usize>()
            + labels(&self.locality.failover_regions)
    }
}

impl Balancer {
    fn validate(&self) -> Checked {
        lasts("balancer.decay", self.decay, MILLISECOND, HOUR)?;
        if let Some(header) = &self.hash_header {
            is_header("balancer.hash_header", header)?;
        }
        within("balancer.ring_size", self.ring_size, 1..=4096)?;
        match self.bounded_load {
            Some(bound) => within("balancer.bounded_load", bound.as_f64(), 1.0..=10.0),
            None => Ok(()),
        }
    }
}

impl Subset {
    fn validate(&self, at: &str) -> Checked {
        if let Err(error) = ConfigName::new(&self.name) {
            return refuse(format!("{at}.name"), error.to_string());
        }
        within(
            &format!("{at}.tags"),
            self.tags.len(),
            0..=crate::limits::TAGS_MAX,
        )?;
        within(&format!("{at}.weight"), self.weight, 0..=WEIGHT_MAX)
    }
}

impl Rule {
    fn validate(&self, at: &str, subsets: &[Subset]) -> Checked {
        if self.headers.is_empty()
            && self.users.is_none()
            && self.zones.is_empty()
            && self.regions.is_empty()
        {
            return refuse(
                at,
                "must say which requests: headers, users, zones or regions",
            );
        }
        for (name, value) in &self.headers {
            is_header(&format!("{at}.headers"), name)?;
            if value.len() > TEXT_BYTES_MAX {
                return refuse(
                    format!("{at}.headers"),
                    format!("the limit (text_bytes_max) is {TEXT_BYTES_MAX} bytes"),
                );
            }
        }
        if let Some(users) = &self.users {
            is_header(&format!("{at}.users.header"), &users.header)?;
            let percent = f64::from(users.share) / 100.0;
            within(&format!("{at}.users.percent"), percent, 0.01..=100.0)?;
        }
        if !subsets.iter().any(|subset| subset.name == self.subset) {
            return refuse(
                format!("{at}.subset"),
                format!("no subset has the name {:?}", self.subset),
            );
        }
        Ok(())
    }
}

impl Locality {
    fn validate(&self) -> Checked {
        within(
            "locality.failover_regions",
            self.failover_regions.len(),
            0..=32,
        )?;
        within("locality.overprovision", self.overprovision, 100..=1000)?;
        within("locality.panic_threshold", self.panic_threshold, 0..=100)
    }
}

impl OutlierDetection {
    fn validate(&self) -> Checked {
        let field = |name: &str| format!("outlier_detection.{name}");
        within(
            &field("consecutive_failures"),
            self.consecutive_failures,
            0..=10_000,
        )?;
        within(
            &field("failure_percentage"),
            self.failure_percentage,
            0..=100,
        )?;
        within(
            &field("failure_percentage_requests"),
            self.failure_percentage_requests,
            1..=1_000_000,
        )?;
        within(
            &field("failure_percentage_hosts"),
            self.failure_percentage_hosts,
            1..=10_000,
        )?;
        within(&field("max_ejected"), self.max_ejected, 0..=100)?;
        lasts(
            &field("interval"),
            self.interval,
            Duration::from_millis(100),
            HOUR,
        )?;
        lasts(
            &field("base_ejection"),
            self.base_ejection,
            Duration::from_millis(100),
            HOUR,
        )?;
        lasts(
            &field("max_ejection"),
            self.max_ejection,
            Duration::from_millis(100),
            HOUR * 24,
        )
    }
}

impl Retries {
    fn validate(&self) -> Checked {
        within("retries.max", self.max, 0..=10)?;
        within("retries.budget", self.budget, 1..=100)?;
        within("retries.min_per_second", self.min_per_second, 0..=10_000)?;
        within("retries.statuses", self.statuses.len(), 0..=32)?;
        for status in &self.statuses {
            within("retries.statuses", *status, 400..=599)?;
        }
        lasts("retries.backoff_base", self.backoff_base, MILLISECOND, HOUR)?;
        lasts(
            "retries.backoff_max",
            self.backoff_max,
            self.backoff_base,
            HOUR,
        )
    }
}

impl Timeouts {
    fn validate(&self) -> Checked {
        lasts("timeouts.request", self.request, MILLISECOND, HOUR)?;
        lasts("timeouts.connect", self.connect, MILLISECOND, HOUR)?;
        match self.per_try {
            Some(per_try) => lasts("timeouts.per_try", per_try, MILLISECOND, HOUR),
            None => Ok(()),
        }
    }
}

impl SlowStart {
    fn validate(&self) -> Checked {
        if let Some(window) = self.window {
            lasts("slow_start.window", window, Duration::from_secs(1), HOUR)?;
        }
        within(
            "slow_start.aggression",
            self.aggression.as_f64(),
            0.1..=10.0,
        )?;
        within("slow_start.min_weight", self.min_weight, 1..=100)
    }
}

/// The name of a header: a token of RFC 9110 §5.6.2.
fn is_header(field: &str, name: &str) -> Checked {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || name.len() > LABEL_BYTES_MAX || !name.bytes().all(token) {
        return refuse(
            field,
            format!(
                "must be the name of a header of at most {LABEL_BYTES_MAX} bytes, not {name:?}"
            ),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metadata;
    use crate::policy::{Thousandths, Users};

    fn subset(name: &str) -> Subset {
        Subset {
            name: name.into(),
            version: None,
            tags: Vec::new(),
            metadata: Metadata::default(),
            weight: 1,
        }
    }

    fn rule(subset: &str) -> Rule {
        Rule {
            headers: Vec::new(),
            users: Some(Users {
                header: "x-user".into(),
                share: 1000,
            }),
            zones: Vec::new(),
            regions: Vec::new(),
            subset: subset.into(),
        }
    }

    fn field(change: impl FnOnce(&mut Policy)) -> String {
        let mut policy = Policy::default();
        change(&mut policy);
        policy.validate().expect_err("is refused").field
    }

    #[test]
    fn the_defaults_and_a_sensible_policy_are_taken() {
        assert_eq!(Policy::default().validate(), Ok(()));
        let policy = Policy {
            subsets: vec![subset("stable"), subset("canary")],
            rules: vec![rule("canary")],
            ..Policy::default()
        };
        assert_eq!(policy.validate(), Ok(()));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_place() {
        assert_eq!(
            field(|policy| policy.rules = vec![rule("none")]),
            "rules[0].subset"
        );
        assert_eq!(
            field(|policy| policy.subsets = vec![subset("a"), subset("a")]),
            "subsets[1].name"
        );
        assert_eq!(
            field(|policy| policy.rules = vec![Rule {
                users: None,
                ..rule("a")
            }]),
            "rules[0]"
        );
        assert_eq!(
            field(|policy| {
                policy.retries.backoff_base = Duration::from_secs(2);
                policy.retries.backoff_max = Duration::from_secs(1);
            }),
            "retries.backoff_max"
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_its_place() {
        assert_eq!(
            field(|policy| policy.balancer.ring_size = 0),
            "balancer.ring_size"
        );
        assert_eq!(
            field(|policy| policy.balancer.bounded_load = Some(Thousandths(999))),
            "balancer.bounded_load"
        );
        assert_eq!(
            field(|policy| policy.balancer.hash_header = Some("x y".into())),
            "balancer.hash_header"
        );
        assert_eq!(
            field(|policy| policy.locality.overprovision = 99),
            "locality.overprovision"
        );
        assert_eq!(
            field(|policy| policy.timeouts.request = Duration::ZERO),
            "timeouts.request"
        );
        assert_eq!(
            field(|policy| policy.slow_start.aggression = Thousandths(0)),
            "slow_start.aggression"
        );
        assert_eq!(
            field(|policy| policy.retries.statuses = vec![200]),
            "retries.statuses"
        );
        let labels = vec![Label::new("region", &"x".repeat(128)).expect("valid"); 32];
        let long = Rule {
            regions: labels,
            ..rule("a")
        };
        assert_eq!(
            field(|policy| {
                policy.subsets = vec![subset("a")];
                policy.rules = vec![long; 5];
            }),
            "policy"
        );
    }
}
