//! Explanations: the sentences, and their agreement with the decisions they explain.

use std::sync::Arc;

use paste_model::{
    Address, Instance, InstanceId, Metadata, Override, Principal, ProtectThreshold, Revision,
    Timestamp,
};
use proptest::prelude::*;

use super::*;

/// 2026-11-23T06:00:00Z.
const SINCE: Timestamp = Timestamp(1_795_413_600_000);

fn label(text: &str) -> Label {
    Label::new("label", text).expect("label")
}

fn health(state: HealthState, reason: &str) -> Arc<Health> {
    Arc::new(Health {
        state,
        reason: reason.into(),
        observer: "node-1".into(),
        since: SINCE,
    })
}

fn instance() -> Instance {
    Instance::at(
        Address::new("10.0.0.1").expect("address"),
        80.try_into().expect("port"),
    )
}

fn member(instance: Instance) -> Member {
    Member {
        id: InstanceId::new("a").expect("id"),
        instance: Arc::new(instance),
        revision: Revision::ZERO,
        overridden: None,
        session_health: None,
        check_health: None,
    }
}

fn healthy_service() -> Eligibility {
    Eligibility::counted(10, 9, ProtectThreshold::default())
}

fn protected_service() -> Eligibility {
    Eligibility::counted(10, 1, ProtectThreshold::default())
}

#[test]
fn a_healthy_instance_is_eligible() {
    let member = member(instance());
    let selector = Selector::default();
    let verdict = explain(&member, &healthy_service(), &selector);
    assert_eq!(verdict, Verdict::Eligible);
    assert_eq!(verdict.to_string(), "eligible");
}

#[test]
fn a_status_names_whose_word_it_is() {
    let mut member = member(Instance {
        status: Status::Draining,
        ..instance()
    });
    let selector = Selector::default();
    let verdict = explain(&member, &healthy_service(), &selector).to_string();
    assert_eq!(
        verdict,
        "not eligible: its owner set its status to draining"
    );
    member.overridden = Some(Arc::new(Override {
        status: Status::Maintenance,
        reason: "disk swap".into(),
        by: Principal::recorded("token:ops"),
        at: SINCE,
    }));
    let verdict = explain(&member, &healthy_service(), &selector).to_string();
    assert_eq!(
        verdict,
        "not eligible: token:ops overrode its status with maintenance at \
         2026-11-23T06:00:00.000Z (disk swap)"
    );
}

#[test]
fn failing_excludes_unless_the_service_is_protected() {
    let mut member = member(Instance {
        ephemeral: true,
        ..instance()
    });
    member.session_health = Some(health(HealthState::Failing, "silent for 15s"));
    member.check_health = Some(health(HealthState::Failing, "connection refused"));
    let selector = Selector::default();
    let both = "its session is failing since 2026-11-23T06:00:00.000Z, seen by node-1 (silent for \
                15s); its checks are failing since 2026-11-23T06:00:00.000Z, seen by node-1 \
                (connection refused)";
    let verdict = explain(&member, &healthy_service(), &selector);
    assert_eq!(verdict.to_string(), format!("not eligible: {both}"));
    let verdict = explain(&member, &protected_service(), &selector);
    assert!(verdict.eligible() && verdict.reasons().len() == 2);
    assert_eq!(
        verdict.to_string(),
        format!("eligible only because the service is protected: {both}")
    );
}

#[test]
fn protection_saves_nobody_from_a_status_or_a_selector() {
    let mut member = member(Instance {
        status: Status::Down,
        ..instance()
    });
    member.check_health = Some(health(HealthState::Failing, ""));
    let selector = Selector {
        zones: vec![label("z")],
        ..Selector::default()
    };
    let verdict = explain(&member, &protected_service(), &selector);
    assert_eq!(
        verdict.to_string(),
        "not eligible: its owner set its status to down; it has no zone, and z was asked for"
    );
}

#[test]
fn silence_never_counts_against_a_persistent_instance() {
    let mut member = member(instance());
    member.session_health = Some(health(HealthState::Failing, "silent"));
    let selector = Selector::default();
    assert_eq!(
        explain(&member, &healthy_service(), &selector),
        Verdict::Eligible
    );
}

#[test]
fn mismatches_are_told_field_by_field() {
    let pairs = vec![("team".into(), "pay".into())];
    let member = member(Instance {
        version: Some(Box::new(Version::new(1, 3, 0))),
        region: Some(label("us-1")),
        metadata: Metadata::new(pairs).expect("metadata"),
        ..instance()
    });
    let selector = Selector {
        version: Some("^1.4".parse().expect("range")),
        zones: vec![label("eu-1a"), label("eu-1b")],
        regions: vec![label("eu-1"), label("eu-2")],
        tags: vec![label("blue")],
        metadata: vec![("team".into(), "ads".into()), ("tier".into(), "1".into())],
        statuses: vec![Status::Draining, Status::Down],
    };
    let verdict = explain(&member, &healthy_service(), &selector);
    let sentences: Vec<_> = verdict.reasons().iter().map(ToString::to_string).collect();
    assert_eq!(
        sentences,
        [
            "its version 1.3.0 is not in ^1.4",
            "it has no zone, and eu-1a or eu-1b was asked for",
            "its region is us-1, not eu-1 or eu-2",
            "it lacks the tag blue",
            "its metadata has \"team\" as \"pay\", not \"ads\"",
            "its metadata lacks \"tier\", which was to be \"1\"",
            "its status is up, not draining or down",
        ]
    );
    let versionless = self::member(instance());
    let verdict = explain(&versionless, &healthy_service(), &selector);
    assert_eq!(
        verdict.reasons()[0].to_string(),
        "it has no version, and ^1.4 was asked for"
    );
}

#[test]
fn times_beyond_the_calendar_are_told_as_its_last() {
    let late = Health {
        since: Timestamp(u64::MAX),
        ..(*health(HealthState::Failing, "")).clone()
    };
    let reason = Reason::Health {
        witness: Witness::Checks,
        health: &late,
    };
    assert!(reason.to_string().contains("9999-12-31"), "{reason}");
}

fn any_health() -> impl Strategy<Value = Option<Arc<Health>>> {
    prop::sample::select(vec![
        None,
        Some(health(HealthState::Passing, "")),
        Some(health(HealthState::Suspect, "")),
        Some(health(HealthState::Failing, "")),
    ])
}

prop_compose! {
    fn any_member()(
        status in prop::sample::select(Status::ALL.to_vec()),
        word in prop::option::of(prop::sample::select(Status::ALL.to_vec())),
        ephemeral: bool,
        zone in prop::option::of(prop::sample::select(vec![label("a"), label("b")])),
        session_health in any_health(),
        check_health in any_health(),
    ) -> Member {
        Member {
            overridden: word.map(|status| Arc::new(Override {
                status,
                reason: "".into(),
                by: Principal::anonymous(),
                at: SINCE,
            })),
            session_health,
            check_health,
            ..member(Instance { status, ephemeral, zone, ..instance() })
        }
    }
}

proptest! {
    #[test]
    fn an_explanation_agrees_with_the_decision(
        members in prop::collection::vec(any_member(), 0..8),
        percent in 0..=100_u8,
        zone in prop::option::of(Just(label("a"))),
    ) {
        let threshold = ProtectThreshold::new(percent).expect("percent");
        let eligibility = Eligibility::of(&members, threshold);
        let selector = Selector { zones: zone.into_iter().collect(), ..Selector::default() };
        for member in &members {
            let verdict = explain(member, &eligibility, &selector);
            let served = eligibility.admits(member) && selector.matches(member);
            prop_assert_eq!(verdict.eligible(), served);
            prop_assert_eq!(verdict.reasons().is_empty(), verdict == Verdict::Eligible);
            let spared = matches!(verdict, Verdict::Protected(_));
            prop_assert_eq!(spared, served && !member.healthy());
        }
    }
}
