//! One service through what happens to it.

use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Balancer, BalancerKind, Health, HealthState, InstanceId, Label, Member, OutlierDetection,
    Policy, Revision, SlowStart, Timestamp,
};

use crate::samples::{member, of_weights, random, with_policy};
use crate::{
    Caller, Chooser, EjectionCause, LoadReport, NoInstance, Outcome, Question, Selector,
    SuccessRate,
};

const NOW: Duration = Duration::from_secs(1);

fn ids(ids: &[InstanceId]) -> Vec<&str> {
    ids.iter().map(InstanceId::as_str).collect()
}

fn call(chooser: &Chooser, id: &str, outcome: Outcome, now: Duration) {
    let pick = chooser.pick(id).expect("is there");
    chooser.report(pick, outcome, None, now);
}

/// How many of so many turns are that instance's.
fn turns(chooser: &Chooser, count: usize, id: &str, now: Duration) -> usize {
    let pick = || chooser.choose(&Question::default(), now, &mut || 0);
    let theirs = (0..count).filter(|_| pick().expect("somebody").id().as_str() == id);
    theirs.count()
}

fn growing() -> Policy {
    Policy {
        balancer: Balancer {
            kind: BalancerKind::SmoothWrr,
            ..Balancer::default()
        },
        slow_start: SlowStart {
            window: Some(Duration::from_secs(100)),
            ..SlowStart::default()
        },
        ..Policy::default()
    }
}

#[test]
fn a_newcomer_grows_into_its_share() {
    let all: Vec<_> = (0..4).map(|number| member(number, 100)).collect();
    let chooser = with_policy(growing(), all[..3].to_vec());
    chooser.update(all, false, Duration::ZERO);
    for (age, expected) in [(0, 100), (50, 500), (99, 990), (100, 1000), (1000, 1000)] {
        let found = turns(&chooser, 3000 + expected, "i003", Duration::from_secs(age));
        assert!(found.abs_diff(expected) <= 2, "after {age} s: {found}");
    }
}

#[test]
fn who_recovers_grows_again_and_who_was_there_from_the_start_does_not() {
    let all: Vec<_> = (0..4).map(|number| member(number, 100)).collect();
    let chooser = with_policy(growing(), all.clone());
    assert_eq!(
        turns(&chooser, 4000, "i003", NOW),
        1000,
        "all were there from the start"
    );
    let mut ailing = (*all[3]).clone();
    ailing.check_health = Some(Arc::new(Health {
        state: HealthState::Failing,
        reason: "".into(),
        observer: "".into(),
        since: Timestamp(0),
    }));
    let mut list = all.clone();
    list[3] = Arc::new(ailing);
    chooser.update(list, false, NOW);
    assert_eq!(turns(&chooser, 300, "i003", NOW), 0);
    chooser.update(all, false, NOW);
    let found = turns(&chooser, 3500, "i003", NOW + Duration::from_secs(50));
    assert!(found.abs_diff(500) <= 2, "{found}");
}

#[test]
fn a_pick_counts_as_in_flight_until_it_ends() {
    let chooser = of_weights(BalancerKind::LeastRequest, &[100, 100]);
    let mut draw = || 0;
    let first = chooser.choose(&Question::default(), NOW, &mut draw);
    let second = chooser.choose(&Question::default(), NOW, &mut draw);
    let (first, second) = (first.expect("somebody"), second.expect("somebody"));
    assert_ne!(first.id(), second.id());
    let free = first.id().clone();
    chooser.report(first, Outcome::Success, None, NOW);
    let third = chooser.choose(&Question::default(), NOW, &mut draw);
    assert_eq!(third.expect("somebody").id(), &free);
}

#[test]
fn members_come_and_go_and_their_state_with_them() {
    let chooser = of_weights(BalancerKind::PeakEwma, &[]);
    let nobody = chooser.choose(&Question::default(), NOW, &mut || 0);
    assert_eq!(nobody.expect_err("nobody"), NoInstance::NoneKnown);
    let members: Vec<_> = (0..3).map(|number| member(number, 100)).collect();
    chooser.update(members.clone(), false, NOW);
    for _ in 0..5 {
        let pick = chooser.pick("i001").expect("is there");
        chooser.report(pick, Outcome::Failure, None, NOW);
    }
    assert_eq!(ids(&chooser.ejected(NOW)), ["i001"]);
    assert_eq!(chooser.take_ejections().len(), 1);
    assert!(chooser.take_ejections().is_empty(), "they are told once");

    // The same endpoint described anew stays ejected; at another port it is another one.
    let mut described = (*members[1]).clone();
    described.revision = Revision(9);
    let mut list = members.clone();
    list[1] = Arc::new(described.clone());
    chooser.update(list.clone(), false, NOW);
    assert_eq!(ids(&chooser.ejected(NOW)), ["i001"]);
    let mut moved = (*described.instance).clone();
    moved.port = 81.try_into().expect("port");
    list[1] = Arc::new(Member {
        instance: Arc::new(moved),
        ..described
    });
    chooser.update(list, false, NOW);
    assert!(chooser.ejected(NOW).is_empty());
}

#[test]
fn a_policy_that_is_refused_changes_nothing() {
    let chooser = of_weights(BalancerKind::RingHash, &[100, 100]);
    let subset = paste_model::Subset {
        name: "canary".into(),
        version: Some("v2".into()),
        tags: Vec::new(),
        metadata: paste_model::Metadata::default(),
        weight: 5,
    };
    let policy = Policy {
        subsets: vec![subset],
        ..Policy::default()
    };
    let refused = chooser
        .set_policy(Arc::new(policy), NOW)
        .expect_err("refused");
    assert_eq!(refused.field, "subsets[0].version");
    let mut policy = Policy::default();
    policy.balancer.decay = Duration::ZERO;
    let refused = chooser
        .set_policy(Arc::new(policy), NOW)
        .expect_err("refused");
    assert_eq!(refused.field, "balancer.decay");
    assert_eq!(chooser.policy().balancer.kind, BalancerKind::RingHash);
}

#[test]
fn picks_and_choosers_go_from_thread_to_thread() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Chooser>();
    crosses::<crate::Pick>();
    crosses::<Question<'_>>();
}

#[test]
fn many_threads_choose_and_report_at_once() {
    let chooser = of_weights(BalancerKind::PeakEwma, &[100; 5]);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let chooser = &chooser;
            scope.spawn(move || {
                let mut draw = random(seed);
                for call in 0..5_000_u32 {
                    let now = NOW + Duration::from_millis(call.into());
                    let pick = chooser.choose(&Question::default(), now, &mut draw);
                    let outcome = match draw() % 8 {
                        0 => Outcome::Failure,
                        1 => Outcome::Overloaded,
                        _ => Outcome::Success,
                    };
                    chooser.budget().deposit(now);
                    chooser.report(pick.expect("somebody"), outcome, Some(NOW), now);
                }
            });
        }
        scope.spawn(|| {
            for round in 0..200 {
                let members = (0..3 + round % 3).map(|number| member(number, 100));
                chooser.update(members.collect(), false, NOW);
            }
            chooser.update(
                (0..5).map(|number| member(number, 100)).collect(),
                false,
                NOW,
            );
        });
    });
    for number in 0..5 {
        let pick = chooser.pick(&format!("i{number:03}")).expect("is there");
        assert_eq!(pick.in_flight(), 1, "only this one");
    }
}

#[test]
fn being_sent_away_is_no_sign_of_ailing_but_makes_slow() {
    let chooser = of_weights(BalancerKind::PeakEwma, &[100; 3]);
    for _ in 0..100 {
        call(&chooser, "i001", Outcome::Overloaded, NOW);
        for id in ["i000", "i002"] {
            let pick = chooser.pick(id).expect("is there");
            chooser.report(pick, Outcome::Success, Some(Duration::from_millis(20)), NOW);
        }
    }
    assert!(chooser.ejected(NOW).is_empty());
    let mut draw = random(1);
    let picked = (0..300).map(|_| chooser.choose(&Question::default(), NOW, &mut draw));
    let theirs = picked.filter(|pick| pick.as_ref().expect("somebody").id().as_str() == "i001");
    assert_eq!(theirs.count(), 0);
}

#[test]
fn success_rates_are_judged_where_that_is_wanted() {
    let chooser = Chooser::judging_success_rates(Caller::default(), SuccessRate::default());
    let policy = Policy {
        outlier_detection: OutlierDetection {
            consecutive_failures: 0,
            failure_percentage: 0,
            ..OutlierDetection::default()
        },
        ..Policy::default()
    };
    chooser.set_policy(Arc::new(policy), NOW).expect("valid");
    chooser.update(
        (0..5).map(|number| member(number, 100)).collect(),
        false,
        NOW,
    );
    for round in 0..100 {
        for id in ["i000", "i001", "i002", "i003"] {
            call(&chooser, id, Outcome::Success, NOW);
        }
        let outcome = if round % 2 == 0 {
            Outcome::Failure
        } else {
            Outcome::Success
        };
        call(&chooser, "i004", outcome, NOW);
    }
    assert!(chooser.take_ejections().is_empty());
    let later = NOW + Duration::from_secs(10);
    chooser
        .choose(&Question::default(), later, &mut || 0)
        .expect("somebody")
        .id();
    let ejections = chooser.take_ejections();
    assert_eq!(ejections.len(), 1);
    assert_eq!(ejections[0].id.as_str(), "i004");
    assert_eq!(ejections[0].cause, EjectionCause::SuccessRate);
    assert_eq!(ejections[0].until, later + Duration::from_secs(30));
}

#[test]
fn turns_follow_what_instances_report_while_it_is_fresh() {
    let chooser = of_weights(BalancerKind::StaticStride, &[100; 2]);
    let share = |now| turns(&chooser, 400, "i000", now);
    assert_eq!(share(NOW), 200);
    for (id, utilization) in [("i000", 0.25), ("i001", 0.75)] {
        let load = LoadReport {
            requests_per_second: 100.0,
            utilization,
            errors_per_second: 0.0,
        };
        chooser.report_load(&InstanceId::new(id).expect("id"), load, NOW);
    }
    let taken_in = NOW + Duration::from_secs(1);
    assert!(share(taken_in).abs_diff(300) <= 2, "{}", share(taken_in));
    assert_eq!(share(NOW + Duration::from_secs(182)), 200, "too old");
}

#[test]
fn any_number_of_selectors_can_be_asked_for() {
    let mut members: Vec<_> = (0..200)
        .map(|number| (*member(number, 100)).clone())
        .collect();
    for one in &mut members {
        let mut instance = (*one.instance).clone();
        instance.tags = [Label::new("tag", one.id.as_str()).expect("label")].into();
        one.instance = Arc::new(instance);
    }
    let members: Vec<_> = members.into_iter().map(Arc::new).collect();
    let chooser = with_policy(Policy::default(), members.clone());
    for one in members.iter().chain(&members) {
        let selector = Selector {
            tags: one.instance.tags.to_vec(),
            ..Selector::default()
        };
        let question = Question {
            selector: Some(&selector),
            ..Question::default()
        };
        let pick = chooser
            .choose(&question, NOW, &mut || 0)
            .expect("one has it");
        assert_eq!(*pick.id(), one.id);
    }
}
