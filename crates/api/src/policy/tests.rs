//! What a policy may say on the wire, and how it comes back.

use super::*;
use crate::Refusal;

fn read(text: &str) -> Result<paste_model::Policy, Refusal> {
    serde_json::from_str::<Policy>(text)
        .expect("is a policy on the wire")
        .try_into()
}

fn refused(text: &str) -> String {
    let refusal = read(text).expect_err("is refused");
    refusal.errors[0].field.clone()
}

#[test]
fn an_empty_object_is_the_default() {
    assert_eq!(read("{}").expect("valid"), paste_model::Policy::default());
    assert_eq!(
        read(
            r#"{"balancer": {"kind": "peak_ewma"}, "retries": {}, "slow_start": {"window": "0s"}}"#
        )
        .expect("valid"),
        paste_model::Policy::default()
    );
}

#[test]
fn what_is_written_is_read_again() {
    let text = r#"{
        "description": "carefully",
        "balancer": {"kind": "ring_hash", "hash_header": "x-user", "bounded_load": 1.25},
        "subsets": [{"name": "canary", "version": "^2", "tags": ["x"], "metadata": {"k": "v"}, "weight": 5}],
        "rules": [{"headers": {"x-beta": "1"}, "users": {"header": "x-user", "percent": 0.25}, "zones": ["a"], "subset": "canary"}],
        "locality": {"failover_regions": ["eu-2"], "panic_threshold": 0},
        "retries": {"max": 1, "statuses": [503]},
        "timeouts": {"per_try": "250ms"},
        "slow_start": {"window": "30s", "aggression": 1.5},
        "protect_threshold": 0
    }"#;
    let policy = read(text).expect("valid");
    let written = serde_json::to_string(&Policy::from(&policy)).expect("writes");
    assert_eq!(read(&written).expect("valid"), policy);
    assert_eq!(
        policy.rules[0].users.as_ref().map(|users| users.share),
        Some(25)
    );
    assert_eq!(
        policy.balancer.bounded_load,
        Some(paste_model::Thousandths(1250))
    );
}

#[test]
fn what_is_wrong_is_named_by_its_place() {
    assert_eq!(
        refused(r#"{"rules": [{"zones": ["a"], "subset": "none"}]}"#),
        "rules[0].subset"
    );
    assert_eq!(
        refused(r#"{"subsets": [{"name": "a", "tags": ["a b"]}]}"#),
        "subsets[0].tags[0]"
    );
    assert_eq!(
        refused(r#"{"balancer": {"bounded_load": -1}}"#),
        "balancer.bounded_load"
    );
    assert_eq!(
        refused(r#"{"timeouts": {"request": "2h"}}"#),
        "timeouts.request"
    );
    assert_eq!(
        refused(
            r#"{"subsets": [{"name": "a"}], "rules": [{"users": {"header": "u", "percent": 0}, "subset": "a"}]}"#
        ),
        "rules[0].users.percent"
    );
    assert_eq!(
        refused(r#"{"protect_threshold": 101}"#),
        "protect_threshold"
    );
}
