//! Traces as people read them.

use std::sync::Arc;
use std::time::Duration;

use paste_model::{BalancerKind, InstanceId, Label, Metadata, Policy, Rule, Subset};

use crate::samples::{member, with_policy};
use crate::{Caller, Chooser, Question};

const NOW: Duration = Duration::from_secs(1);

fn traced(chooser: &Chooser, question: &Question<'_>, draws: &[u64]) -> Vec<String> {
    let mut draws = draws.iter().copied();
    let (_, trace) = chooser.choose_traced(question, NOW, &mut || draws.next().expect("a draw"));
    trace.to_string().lines().map(str::to_owned).collect()
}

fn of_kind(kind: BalancerKind) -> Policy {
    let mut policy = Policy::default();
    policy.balancer.kind = kind;
    policy
}

fn two() -> Vec<Arc<paste_model::Member>> {
    vec![member(0, 100), member(1, 200)]
}

#[test]
fn each_balancer_says_what_decided() {
    let question = Question {
        hash_key: Some("user-1"),
        ..Question::default()
    };
    for (kind, sentence) in [
        (
            BalancerKind::PeakEwma,
            "peak_ewma: i000 and i001 drawn by chance; latency times calls in flight, in ns, by \
             weight: 300000.01 and 150000.005",
        ),
        (
            BalancerKind::LeastRequest,
            "least_request: i000 and i001 drawn by chance; calls in flight by weight: 0.01 and 0.005",
        ),
        (
            BalancerKind::WeightedRandom,
            "weighted_random: 0 drawn of weights of 300",
        ),
        (BalancerKind::SmoothWrr, "smooth_wrr: its turn"),
        (BalancerKind::StaticStride, "static_stride: its turn"),
        (BalancerKind::RingHash, "ring_hash: by the key \"user-1\""),
        (
            BalancerKind::Rendezvous,
            "rendezvous: by the key \"user-1\"",
        ),
        (BalancerKind::Maglev, "maglev: by the key \"user-1\""),
    ] {
        let trace = traced(&with_policy(of_kind(kind), two()), &question, &[0, 0]);
        assert_eq!(trace[0], "2 of 2 known instances are eligible");
        assert_eq!(
            trace[1],
            "elsewhere answers: elsewhere has 2 of 2 and gets 100 %"
        );
        assert_eq!(trace[2], sentence);
        assert!(trace[3].starts_with("chosen: i00"), "{trace:?}");
        assert_eq!(trace.len(), 4);
    }
}

#[test]
fn what_narrows_a_choice_is_told() {
    let chooser = with_policy(
        Policy::default(),
        vec![member(0, 0), member(1, 5), member(2, 7)],
    );
    let tried = [InstanceId::new("i001").expect("id")];
    let question = Question {
        tried: &tried,
        ..Question::default()
    };
    let trace = traced(&chooser, &question, &[]);
    assert_eq!(
        trace[2..],
        [
            "1 left out because they were tried before",
            "1 left out for their weight of 0",
            "only one is left",
            "chosen: i002"
        ]
    );
    let chooser = with_policy(Policy::default(), vec![member(0, 0)]);
    let trace = traced(&chooser, &Question::default(), &[]);
    assert_eq!(trace[2], "all have weight 0, so weights don't count");
    let chooser = with_policy(Policy::default(), Vec::new());
    let trace = traced(&chooser, &Question::default(), &[]);
    assert_eq!(
        trace,
        [
            "0 of 0 known instances are eligible",
            "nobody is chosen: no instances"
        ]
    );
}

#[test]
fn subsets_say_why_they_answer() {
    let subset = |name: &str, weight| Subset {
        name: name.into(),
        version: None,
        tags: Vec::new(),
        metadata: Metadata::default(),
        weight,
    };
    let rule = Rule {
        headers: vec![("X-Beta".into(), "1".into())],
        users: None,
        zones: Vec::new(),
        regions: Vec::new(),
        subset: "canary".into(),
    };
    let policy = |stable, canary| Policy {
        subsets: vec![subset("stable", stable), subset("canary", canary)],
        rules: vec![rule.clone()],
        ..Policy::default()
    };
    let beta = [("x-beta", "1")];
    let beta = Question {
        headers: Some(&beta),
        ..Question::default()
    };
    let one = || vec![member(0, 100)];
    let sentence = |policy, question, draws: &[u64]| {
        traced(&with_policy(policy, one()), question, draws)[1].clone()
    };
    assert_eq!(
        sentence(policy(95, 5), &beta, &[]),
        "the subset canary answers: rule 0 applies"
    );
    let any = Question::default();
    assert_eq!(
        sentence(policy(95, 5), &any, &[u64::MAX]),
        "the subset canary answers: 99 drawn of weights of 100"
    );
    assert_eq!(
        sentence(policy(95, 0), &any, &[]),
        "the subset stable answers: no other has a weight and an eligible instance"
    );
}

#[test]
fn places_say_what_they_have_and_get() {
    let label = |text: &str| Label::new("label", text).expect("label");
    let chooser = Chooser::new(Caller {
        zone: Some(label("a")),
        region: Some(label("eu")),
    });
    let places = ["a", "a", "b"].iter().enumerate().map(|(number, zone)| {
        let mut one = (*member(number, 100)).clone();
        let mut instance = (*one.instance).clone();
        instance.zone = Some(label(zone));
        instance.region = Some(label("eu"));
        one.instance = Arc::new(instance);
        Arc::new(one)
    });
    chooser.update(places.collect(), false, NOW);
    chooser.change(1, |entry| {
        if entry.seat.member.id.as_str() == "i000" {
            entry.until = Some(u64::MAX);
        }
    });
    assert_eq!(
        traced(&chooser, &Question::default(), &[u64::MAX])[1],
        "region eu answers, 99 drawn of 100: zone a has 1 of 2 and gets 70 %, \
         region eu has 1 of 1 and gets 30 %"
    );
}

#[test]
fn that_all_are_ejected_is_told_with_the_places() {
    let mut policy = Policy::default();
    policy.locality.panic_threshold = 0;
    let chooser = with_policy(policy, two());
    chooser.change(1, |entry| entry.until = Some(u64::MAX));
    assert_eq!(
        traced(&chooser, &Question::default(), &[])[1..],
        [
            "no place answers: elsewhere has 0 of 2 and gets 0 %",
            "nobody is chosen: all ejected"
        ]
    );
}
