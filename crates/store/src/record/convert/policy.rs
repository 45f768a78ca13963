//! Policies of services, with those before them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use paste_model::{
    Balancer, BalancerKind, Label, Locality, Metadata, OutlierDetection, Policy, PolicyHistory,
    PolicyRelease, ProtectThreshold, Retries, Rule, SlowStart, Subset, Thousandths, Timeouts,
    Timestamp, Users,
};

use super::wire::{
    BalancerRow, LocalityRow, OutliersRow, PairRow, PolicyHistoryRow, PolicyReleaseRow, PolicyRow,
    RetriesRow, RuleRow, SlowStartRow, SubsetRow, TimeoutsRow,
};
use super::{RecordError, free_text, nanos, number, parse, principal, text, word};

type Read<T> = Result<T, RecordError>;

const BALANCERS: [BalancerKind; 8] = [
    BalancerKind::WeightedRandom,
    BalancerKind::SmoothWrr,
    BalancerKind::LeastRequest,
    BalancerKind::PeakEwma,
    BalancerKind::RingHash,
    BalancerKind::Rendezvous,
    BalancerKind::Maglev,
    BalancerKind::StaticStride,
];

impl From<&PolicyHistory> for PolicyHistoryRow {
    fn from(history: &PolicyHistory) -> Self {
        let release = |release: &PolicyRelease| PolicyReleaseRow {
            number: release.number,
            policy: release.policy.as_deref().map(policy_row),
            comment: text(&release.comment),
            by: text(release.by.as_str()),
            at_ms: release.at.0,
        };
        Self {
            releases: history.releases().iter().map(release).collect(),
        }
    }
}

impl TryFrom<PolicyHistoryRow> for PolicyHistory {
    type Error = RecordError;

    fn try_from(row: PolicyHistoryRow) -> Read<Self> {
        let release = |row: PolicyReleaseRow| {
            Ok(PolicyRelease {
                number: row.number,
                policy: row.policy.map(policy).transpose()?.map(Arc::new),
                comment: free_text("the comment", &row.comment)?,
                by: principal(&row.by)?,
                at: Timestamp(row.at_ms),
            })
        };
        let releases = row.releases.into_iter().map(release);
        Self::restore(releases.collect::<Read<_>>()?)
            .ok_or_else(|| RecordError::malformed("the policy", "it has no release"))
    }
}

fn policy_row(policy: &Policy) -> PolicyRow {
    PolicyRow {
        description: text(&policy.description),
        balancer: Some(balancer_row(&policy.balancer)),
        subsets: policy.subsets.iter().map(subset_row).collect(),
        rules: policy.rules.iter().map(rule_row).collect(),
        locality: Some(LocalityRow {
            failover_regions: label_rows(&policy.locality.failover_regions),
            overprovision: policy.locality.overprovision.into(),
            panic_threshold: policy.locality.panic_threshold.into(),
        }),
        outliers: Some(outliers_row(&policy.outlier_detection)),
        retries: Some(RetriesRow {
            max: policy.retries.max.into(),
            statuses: policy
                .retries
                .statuses
                .iter()
                .map(|&status| status.into())
                .collect(),
            budget: policy.retries.budget.into(),
            min_per_second: policy.retries.min_per_second.into(),
            backoff_base_ns: nanos(policy.retries.backoff_base),
            backoff_max_ns: nanos(policy.retries.backoff_max),
        }),
        timeouts: Some(TimeoutsRow {
            connect_ns: nanos(policy.timeouts.connect),
            per_try_ns: policy.timeouts.per_try.map(nanos),
            request_ns: nanos(policy.timeouts.request),
        }),
        slow_start: Some(SlowStartRow {
            window_ns: policy.slow_start.window.map(nanos),
            aggression_thousandths: policy.slow_start.aggression.0,
            min_weight: policy.slow_start.min_weight.into(),
        }),
        protect_percent: policy
            .protect_threshold
            .map(|threshold| threshold.percent().into()),
    }
}

/// The policy of these rows; parts that are missing have their defaults.
fn policy(row: PolicyRow) -> Read<Policy> {
    let threshold = |percent| {
        let threshold = small("the protect threshold", percent).map(ProtectThreshold::new)?;
        threshold.ok_or_else(|| RecordError::malformed("the protect threshold", "it is over 100"))
    };
    let policy = Policy {
        description: free_text("the description", &row.description)?,
        balancer: part(row.balancer, balancer)?,
        subsets: row.subsets.into_iter().map(subset).collect::<Read<_>>()?,
        rules: row.rules.into_iter().map(rule).collect::<Read<_>>()?,
        locality: part(row.locality, locality)?,
        outlier_detection: part(row.outliers, outliers)?,
        retries: part(row.retries, retries)?,
        timeouts: part(row.timeouts, |row| {
            Ok(Timeouts {
                connect: Duration::from_nanos(row.connect_ns),
                per_try: row.per_try_ns.map(Duration::from_nanos),
                request: Duration::from_nanos(row.request_ns),
            })
        })?,
        slow_start: part(row.slow_start, |row| {
            Ok(SlowStart {
                window: row.window_ns.map(Duration::from_nanos),
                aggression: Thousandths(row.aggression_thousandths),
                min_weight: small("the least weight", row.min_weight)?,
            })
        })?,
        protect_threshold: row.protect_percent.map(threshold).transpose()?,
    };
    let valid = policy.validate();
    valid.map_err(|error| RecordError::malformed("the policy", error))?;
    Ok(policy)
}

fn part<R, T: Default>(row: Option<R>, read: impl FnOnce(R) -> Read<T>) -> Read<T> {
    row.map_or_else(|| Ok(T::default()), read)
}

/// A number that has to fit a smaller type.
fn small<T: TryFrom<u32>>(what: &'static str, number: u32) -> Read<T> {
    T::try_from(number).map_err(|_| RecordError::malformed(what, format!("{number} is too great")))
}

fn balancer_row(balancer: &Balancer) -> BalancerRow {
    BalancerRow {
        kind: number(&BALANCERS, &balancer.kind),
        decay_ns: nanos(balancer.decay),
        hash_header: balancer.hash_header.as_ref().map(|header| text(header)),
        ring_size: balancer.ring_size.into(),
        bounded_load_thousandths: balancer.bounded_load.map(|bound| bound.0),
    }
}

fn balancer(row: BalancerRow) -> Read<Balancer> {
    Ok(Balancer {
        kind: word("the balancer", &BALANCERS, row.kind)?,
        decay: Duration::from_nanos(row.decay_ns),
        hash_header: header(row.hash_header.as_ref())?,
        ring_size: small("the size of the ring", row.ring_size)?,
        bounded_load: row.bounded_load_thousandths.map(Thousandths),
    })
}

fn subset_row(subset: &Subset) -> SubsetRow {
    SubsetRow {
        name: text(&subset.name),
        version: subset.version.as_ref().map(|version| text(version)),
        tags: label_rows(&subset.tags),
        metadata: (subset.metadata.iter())
            .map(|(key, value)| PairRow {
                key: text(key),
                value: text(value),
            })
            .collect(),
        weight: subset.weight.into(),
    }
}

fn subset(row: SubsetRow) -> Read<Subset> {
    let version = row.version.as_ref();
    let metadata = Metadata::new(pairs(&row.metadata)?);
    Ok(Subset {
        name: free_text("the name of a subset", &row.name)?,
        version: version
            .map(|text| free_text("a version range", text))
            .transpose()?,
        tags: labels(&row.tags)?,
        metadata: metadata.map_err(|error| RecordError::malformed("the metadata", error))?,
        weight: small("the weight", row.weight)?,
    })
}

fn rule_row(rule: &Rule) -> RuleRow {
    RuleRow {
        headers: (rule.headers.iter())
            .map(|(name, value)| PairRow {
                key: text(name),
                value: text(value),
            })
            .collect(),
        users_header: rule.users.as_ref().map(|users| text(&users.header)),
        users_share: rule.users.as_ref().map_or(0, |users| users.share.into()),
        zones: label_rows(&rule.zones),
        regions: label_rows(&rule.regions),
        subset: text(&rule.subset),
    }
}

fn rule(row: RuleRow) -> Read<Rule> {
    let share = small("the share of users", row.users_share)?;
    Ok(Rule {
        headers: pairs(&row.headers)?,
        users: header(row.users_header.as_ref())?.map(|header| Users { header, share }),
        zones: labels(&row.zones)?,
        regions: labels(&row.regions)?,
        subset: free_text("the name of a subset", &row.subset)?,
    })
}

fn locality(row: LocalityRow) -> Read<Locality> {
    Ok(Locality {
        failover_regions: labels(&row.failover_regions)?,
        overprovision: small("the overprovision", row.overprovision)?,
        panic_threshold: small("the panic threshold", row.panic_threshold)?,
    })
}

fn outliers_row(outliers: &OutlierDetection) -> OutliersRow {
    OutliersRow {
        consecutive_failures: outliers.consecutive_failures.into(),
        failure_percentage: outliers.failure_percentage.into(),
        failure_percentage_requests: outliers.failure_percentage_requests,
        failure_percentage_hosts: outliers.failure_percentage_hosts.into(),
        interval_ns: nanos(outliers.interval),
        base_ejection_ns: nanos(outliers.base_ejection),
        max_ejection_ns: nanos(outliers.max_ejection),
        max_ejected: outliers.max_ejected.into(),
    }
}

fn outliers(row: OutliersRow) -> Read<OutlierDetection> {
    Ok(OutlierDetection {
        consecutive_failures: small("the failures in a row", row.consecutive_failures)?,
        failure_percentage: small("the percentage of failures", row.failure_percentage)?,
        failure_percentage_requests: row.failure_percentage_requests,
        failure_percentage_hosts: small("the least hosts", row.failure_percentage_hosts)?,
        interval: Duration::from_nanos(row.interval_ns),
        base_ejection: Duration::from_nanos(row.base_ejection_ns),
        max_ejection: Duration::from_nanos(row.max_ejection_ns),
        max_ejected: small("the percentage ejected", row.max_ejected)?,
    })
}

fn retries(row: RetriesRow) -> Read<Retries> {
    let statuses = row.statuses.into_iter();
    Ok(Retries {
        max: small("the retries", row.max)?,
        statuses: statuses
            .map(|status| small("a status", status))
            .collect::<Read<_>>()?,
        budget: small("the budget", row.budget)?,
        min_per_second: small("the reserve", row.min_per_second)?,
        backoff_base: Duration::from_nanos(row.backoff_base_ns),
        backoff_max: Duration::from_nanos(row.backoff_max_ns),
    })
}

fn header(bytes: Option<&Bytes>) -> Read<Option<CompactString>> {
    bytes.map(|name| free_text("the header", name)).transpose()
}

fn label_rows(labels: &[Label]) -> Vec<Bytes> {
    labels.iter().map(|label| text(label.as_str())).collect()
}

fn labels(rows: &[Bytes]) -> Read<Vec<Label>> {
    let labels = rows.iter();
    labels
        .map(|bytes| parse("a label", bytes, |text| Label::new("label", text)))
        .collect()
}

fn pairs(rows: &[PairRow]) -> Read<Vec<(CompactString, CompactString)>> {
    let pair = |row: &PairRow| {
        Ok((
            free_text("a key", &row.key)?,
            free_text("a value", &row.value)?,
        ))
    };
    rows.iter().map(pair).collect()
}
