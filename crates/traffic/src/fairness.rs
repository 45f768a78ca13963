//! What holds of any service: balancers are fair, hashing moves few keys, ejections never empty a service, and budgets are
//! never overdrawn.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use paste_model::{BalancerKind, OutlierDetection, Policy, Retries, Status};
use proptest::prelude::*;

use crate::samples::{member, of_weights, random, with_policy};
use crate::{Chooser, Outcome, Question, RetryBudget};

const NOW: Duration = Duration::from_secs(1);

fn chosen(chooser: &Chooser, question: &Question<'_>, draw: &mut impl FnMut() -> u64) -> String {
    let pick = chooser.choose(question, NOW, draw).expect("somebody");
    pick.id().as_str().to_owned()
}

fn by_key(chooser: &Chooser, key: &str) -> String {
    let question = Question {
        hash_key: Some(key),
        ..Question::default()
    };
    chosen(chooser, &question, &mut || unreachable!("there is a key"))
}

fn counts(chooser: &Chooser, picks: usize) -> HashMap<String, usize> {
    let (mut draw, mut counts) = (random(1), HashMap::new());
    for _ in 0..picks {
        let id = chosen(chooser, &Question::default(), &mut draw);
        *counts.entry(id).or_default() += 1;
    }
    counts
}

#[test]
fn shares_are_in_proportion_to_the_weights() {
    let weights = [100, 200, 300, 400];
    for kind in [
        BalancerKind::WeightedRandom,
        BalancerKind::SmoothWrr,
        BalancerKind::StaticStride,
        BalancerKind::Rendezvous,
        BalancerKind::RingHash,
        BalancerKind::Maglev,
    ] {
        let counts = counts(&of_weights(kind, &weights), 20_000);
        for (number, weight) in weights.into_iter().enumerate() {
            let expected = 20 * usize::from(weight);
            let found = counts[&format!("i{number:03}")];
            // A ring of a thousand entries is uneven by itself.
            let tolerance = if kind == BalancerKind::RingHash {
                25
            } else {
                10
            };
            let off = found.abs_diff(expected) * 100;
            assert!(off <= expected * tolerance, "{kind:?}: {counts:?}");
        }
    }
}

#[test]
fn whoever_is_busy_is_chosen_less() {
    for kind in [BalancerKind::LeastRequest, BalancerKind::PeakEwma] {
        let chooser = of_weights(kind, &[100; 4]);
        let busy: Vec<_> = (0..50).filter_map(|_| chooser.pick("i002")).collect();
        let found = counts(&chooser, 1000);
        assert_eq!(found.get("i002"), None, "{kind:?}: {found:?}");
        drop(busy);
        assert!(counts(&chooser, 1000)["i002"] > 150, "{kind:?}");
    }
}

#[test]
fn who_fails_fast_does_not_attract_traffic() {
    let policy = Policy {
        outlier_detection: OutlierDetection {
            max_ejected: 0,
            ..OutlierDetection::default()
        },
        ..Policy::default()
    };
    let chooser = with_policy(policy, (0..10).map(|number| member(number, 100)).collect());
    let (mut draw, mut failures) = (random(3), 0);
    for call in 0..10_000_u32 {
        let now = NOW + Duration::from_millis(call.into());
        let pick = chooser.choose(&Question::default(), now, &mut draw);
        let pick = pick.expect("somebody");
        let failing = pick.id().as_str() == "i000";
        failures += u32::from(failing);
        let (outcome, latency) = if failing {
            (Outcome::Failure, Duration::from_micros(50))
        } else {
            (Outcome::Success, Duration::from_millis(20))
        };
        chooser.report(pick, outcome, Some(latency), now);
    }
    assert!(failures < 300, "a tenth would be 1000: {failures}");
}

fn keys() -> impl Iterator<Item = String> {
    (0..200).map(|number| format!("key-{number}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// When somebody goes only its own keys move, and when it comes back they come back.
    #[test]
    fn hashing_moves_only_the_keys_of_who_goes(count in 2_usize..30, gone in any::<prop::sample::Index>()) {
        for kind in [BalancerKind::Rendezvous, BalancerKind::RingHash] {
            let before = of_weights(kind, &vec![100; count]);
            let after = of_weights(kind, &vec![100; count]);
            let gone = gone.index(count);
            let left = (0..count).filter(|number| *number != gone).map(|number| member(number, 100));
            after.update(left.collect(), false, NOW);
            let gone = format!("i{gone:03}");
            let mut moved = 0;
            for key in keys() {
                let (old, new) = (by_key(&before, &key), by_key(&after, &key));
                prop_assert_ne!(&new, &gone);
                moved += usize::from(old != new && old != gone);
            }
            // How many entries each has on a ring depends on how many share it.
            let allowed = if kind == BalancerKind::RingHash { 20 + 400 / count } else { 0 };
            prop_assert!(moved <= allowed, "{:?}: {} of 200", kind, moved);
        }
    }

    /// A retry with the same key goes to another instance, and everybody else's key stays.
    #[test]
    fn who_was_tried_is_passed_over(count in 2_usize..20, key in "[a-z]{1,8}") {
        for kind in BalancerKind::ALL {
            let chooser = of_weights(kind, &vec![100; count]);
            let mut draw = random(5);
            let mut tried = Vec::new();
            for _ in 0..count {
                let question = Question { hash_key: Some(&key), tried: &tried, ..Question::default() };
                let pick = chooser.choose(&question, NOW, &mut draw).expect("somebody");
                prop_assert!(!tried.contains(pick.id()), "{:?}", kind);
                let id = pick.id().clone();
                drop(pick);
                tried.push(id);
            }
            let question = Question { tried: &tried, ..Question::default() };
            prop_assert!(chooser.choose(&question, NOW, &mut draw).is_ok(), "all were tried");
        }
    }

    /// However calls go, somebody is left, and no more are ejected than may be.
    #[test]
    fn ejections_never_empty_a_service(
        count in 1_usize..12,
        max_ejected in 0_u8..=100,
        panic_threshold in 0_u8..=100,
        calls in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, 0_u64..4_000), 1..400),
    ) {
        let mut policy = Policy::default();
        policy.outlier_detection.max_ejected = max_ejected;
        policy.outlier_detection.consecutive_failures = 2;
        policy.outlier_detection.failure_percentage_requests = 3;
        policy.locality.panic_threshold = panic_threshold;
        let chooser = with_policy(policy, (0..count).map(|number| member(number, 100)).collect());
        let mut now = NOW;
        for (who, what, later) in calls {
            now += Duration::from_millis(later);
            let pick = chooser.pick(&format!("i{:03}", who.index(count))).expect("is there");
            let outcome = if what == 0 { Outcome::Success } else { Outcome::Failure };
            chooser.report(pick, outcome, None, now);
            let ejected = chooser.ejected(now);
            prop_assert!(ejected.len() < count.max(1));
            prop_assert!(ejected.len() <= 1 || ejected.len() * 100 <= usize::from(max_ejected) * count);
            prop_assert!(max_ejected > 0 || ejected.is_empty());
            let pick = chooser.choose(&Question::default(), now, &mut || 0);
            prop_assert!(pick.is_ok());
        }
    }

    /// No more retries are granted in ten slots than deposits and reserve pay for.
    #[test]
    fn budgets_are_never_overdrawn(
        budget in 1_u8..=100,
        min_per_second in 0_u16..5,
        steps in prop::collection::vec((any::<bool>(), 0_u64..700), 1..600),
    ) {
        let retries = Retries { budget, min_per_second, ..Retries::default() };
        let bucket = RetryBudget::default();
        let (mut now, mut deposits, mut granted) = (Duration::ZERO, 0_u64, Vec::new());
        for (retry, later) in steps {
            now += Duration::from_millis(later);
            if !retry {
                bucket.deposit(now);
                deposits += 1;
                continue;
            }
            let left = bucket.left(&retries, now);
            let allowed = bucket.withdraw(&retries, now);
            prop_assert_eq!(allowed, left > 0);
            if allowed {
                prop_assert_eq!(bucket.left(&retries, now), left - 1);
                granted.push(now.as_secs());
            }
        }
        let windows = now.as_secs() / 10 + 1;
        let most = deposits * u64::from(budget) / 100 + windows * u64::from(min_per_second) * 10;
        prop_assert!(granted.len() as u64 <= most, "{} of {}", granted.len(), most);
    }

    /// Whatever the service is like, who is chosen is up, is what was asked for, and has a weight if anybody has.
    #[test]
    fn who_is_chosen_may_answer(
        members in prop::collection::vec((0_u16..3, any::<bool>(), any::<bool>()), 0..8),
        protected in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let list = members.iter().enumerate().map(|(number, (weight, up, tagged))| {
            let mut one = (*member(number, *weight)).clone();
            let mut instance = (*one.instance).clone();
            instance.status = if *up { Status::Up } else { Status::Draining };
            if *tagged {
                instance.tags = [paste_model::Label::new("tag", "blue").expect("label")].into();
            }
            one.instance = Arc::new(instance);
            Arc::new(one)
        });
        let list: Vec<_> = list.collect();
        let chooser = with_policy(Policy::default(), Vec::new());
        chooser.update(list.clone(), protected, NOW);
        let blue = crate::Selector {
            tags: vec![paste_model::Label::new("tag", "blue").expect("label")],
            ..crate::Selector::default()
        };
        let question = Question { selector: Some(&blue), ..Question::default() };
        let fit: Vec<_> = list.iter().filter(|one| one.status() == Status::Up && blue.matches(one)).collect();
        let mut draw = random(seed);
        match chooser.choose(&question, NOW, &mut draw) {
            Ok(pick) => {
                prop_assert!(fit.iter().any(|one| one.id == *pick.id()));
                let weighty = fit.iter().any(|one| one.instance.weight.get() > 0);
                prop_assert!(!weighty || pick.member().instance.weight.get() > 0);
            }
            Err(_) => prop_assert!(fit.is_empty()),
        }
    }
}
