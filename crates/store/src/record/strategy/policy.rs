//! Arbitrary policies with their history.

use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Balancer, BalancerKind, Locality, Metadata, OutlierDetection, Policy, PolicyHistory,
    PolicyRelease, ProtectThreshold, Retries, Rule, SlowStart, Subset, Thousandths, Timeouts,
    Timestamp, Users,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{label, principal};

fn span() -> impl Strategy<Value = Duration> {
    (100..60_000_u64).prop_map(Duration::from_millis)
}

fn balancer() -> impl Strategy<Value = Balancer> {
    (
        0..BalancerKind::ALL.len(),
        span(),
        option::of("[a-z-]{1,10}"),
        1..=4096_u16,
        option::of(1000..=10_000_u32),
    )
        .prop_map(|(kind, decay, header, ring_size, bound)| Balancer {
            kind: BalancerKind::ALL[kind],
            decay,
            hash_header: header.map(Into::into),
            ring_size,
            bounded_load: bound.map(Thousandths),
        })
}

fn subset(name: &'static str) -> impl Strategy<Value = Subset> {
    (
        option::of("\\^[1-9]"),
        vec(label(), 0..3),
        option::of(("[a-z]{1,5}", ".{0,5}")),
        0..=10_000_u16,
    )
        .prop_map(move |(version, tags, pair, weight)| Subset {
            name: name.into(),
            version: version.map(Into::into),
            tags,
            metadata: Metadata::new(
                pair.into_iter()
                    .map(|(key, value)| (key.into(), value.into()))
                    .collect(),
            )
            .expect("valid"),
            weight,
        })
}

fn rule(subset: &'static str) -> impl Strategy<Value = Rule> {
    (
        vec(("[a-z-]{1,9}", ".{0,9}"), 0..3),
        option::of(1..=10_000_u16),
        vec(label(), 1..3),
        vec(label(), 0..3),
    )
        .prop_map(move |(headers, share, zones, regions)| Rule {
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            users: share.map(|share| Users {
                header: "x-user".into(),
                share,
            }),
            zones,
            regions,
            subset: subset.into(),
        })
}

fn outliers() -> impl Strategy<Value = OutlierDetection> {
    (0..=100_u8, 0..=10_000_u16, span(), span(), span()).prop_map(
        |(percent, count, interval, base_ejection, max_ejection)| OutlierDetection {
            consecutive_failures: count,
            failure_percentage: percent,
            failure_percentage_requests: u32::from(count) + 1,
            failure_percentage_hosts: 3,
            interval,
            base_ejection,
            max_ejection,
            max_ejected: percent,
        },
    )
}

fn retries() -> impl Strategy<Value = Retries> {
    (0..=10_u8, vec(400..=599_u16, 0..4), 1..=100_u8, span()).prop_map(
        |(max, statuses, budget, backoff)| Retries {
            max,
            statuses,
            budget,
            min_per_second: max.into(),
            backoff_base: backoff,
            backoff_max: backoff * 2,
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        (".{0,20}", balancer(), subset("stable"), subset("canary")),
        (rule("canary"), outliers(), retries(), vec(label(), 0..3)),
        (span(), option::of(span()), option::of(1000..60_000_u64)),
        option::of(0..=100_u8),
    )
        .prop_map(
            |(
                (description, balancer, stable, canary),
                (rule, outlier_detection, retries, failover_regions),
                (request, per_try, window),
                percent,
            )| Policy {
                description: description.into(),
                balancer,
                subsets: vec![stable, canary],
                rules: vec![rule],
                locality: Locality {
                    failover_regions,
                    ..Locality::default()
                },
                outlier_detection,
                retries,
                timeouts: Timeouts {
                    connect: request,
                    per_try,
                    request,
                },
                slow_start: SlowStart {
                    window: window.map(Duration::from_millis),
                    aggression: Thousandths(1500),
                    min_weight: 7,
                },
                protect_threshold: percent
                    .map(|percent| ProtectThreshold::new(percent).expect("valid")),
            },
        )
}

/// A policy, perhaps removed, with those before it.
pub(super) fn history() -> impl Strategy<Value = PolicyHistory> {
    let release = (
        any::<u64>(),
        option::of(policy()),
        ".{0,20}",
        principal(),
        any::<u64>(),
    )
        .prop_map(|(number, policy, comment, by, at)| PolicyRelease {
            number,
            policy: policy.map(Arc::new),
            comment: comment.into(),
            by,
            at: Timestamp(at),
        });
    vec(release, 1..4).prop_map(|releases| PolicyHistory::restore(releases).expect("not empty"))
}
