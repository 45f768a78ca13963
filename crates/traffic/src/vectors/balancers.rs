//! The balancers that don't hash.

use std::sync::Arc;

use paste_model::BalancerKind;
use serde::Deserialize;

use super::{Drawing, Hex, set_in_flight, somewhere, vectors, weighing};
use crate::LoadReport;
use crate::balance::{Round, Sequence, Stride, Turns};
use crate::candidates::Candidates;
use crate::question::Question;
use crate::report::Capacity;
use crate::trace::Notes;

/// The index that a balancer picks.
fn picked(candidates: &Candidates, kind: BalancerKind, random: &[Hex], what: &str) -> usize {
    let policy = paste_model::Balancer {
        kind,
        ..paste_model::Balancer::default()
    };
    let round = Round {
        policy: &policy,
        question: &Question::default(),
        now: 0,
        decay: 1e10,
        growth: None,
        service: &[],
        turns: &Turns::default(),
        sequence: &Sequence::default(),
    };
    let mut random = Drawing::of(random);
    let chosen = round.choose(candidates, None, &mut || random.draw(), &mut Notes::none());
    random.assert_all_drawn(what);
    let mut list = candidates.list().iter();
    list.position(|one| one.id() == chosen.id())
        .expect("one of them")
}

#[cfg_attr(test, test)]
pub(super) fn weighted_random() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        weights: Vec<f64>,
        random: Vec<Hex>,
        picked: usize,
    }
    for vector in vectors!("weighted-random.json") as Vec<Vector> {
        let candidates = weighing(&vector.weights);
        let kind = BalancerKind::WeightedRandom;
        let picked = picked(&candidates, kind, &vector.random, &vector.name);
        assert_eq!(picked, vector.picked, "{}", vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn least_request() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        candidates: Vec<Busy>,
        random: Vec<Hex>,
        picked: usize,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Busy {
        in_flight: u32,
        weight: f64,
    }
    for vector in vectors!("least-request.json") as Vec<Vector> {
        let weights: Vec<_> = vector.candidates.iter().map(|one| one.weight).collect();
        let candidates = weighing(&weights);
        for (candidate, busy) in candidates.list().iter().zip(&vector.candidates) {
            set_in_flight(&candidate.gauges, busy.in_flight);
        }
        let kind = BalancerKind::LeastRequest;
        let picked = picked(&candidates, kind, &vector.random, &vector.name);
        assert_eq!(picked, vector.picked, "{}", vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn smooth_wrr() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        rounds: Vec<Turn>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Turn {
        gone: Vec<String>,
        candidates: Vec<Weighted>,
        picked: String,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Weighted {
        id: String,
        weight: f64,
    }
    for vector in vectors!("smooth-wrr.json") as Vec<Vector> {
        let turns = Turns::default();
        let mut known = std::collections::HashMap::new();
        for round in &vector.rounds {
            for gone in &round.gone {
                known.remove(gone);
            }
            let list: Vec<_> = round
                .candidates
                .iter()
                .map(|one| {
                    let mut candidate = somewhere(&one.id, one.weight);
                    let gauges: &mut Arc<_> = known.entry(one.id.clone()).or_default();
                    candidate.gauges = Arc::clone(gauges);
                    candidate
                })
                .collect();
            let index = turns.next(&list, |candidate| candidate.weight);
            assert_eq!(list[index].id().as_str(), round.picked, "{}", vector.name);
        }
    }
}

#[cfg_attr(test, test)]
pub(super) fn static_stride() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        candidates: Vec<Reporting>,
        scaled: Vec<u16>,
        start: u64,
        picked: Vec<usize>,
        next: u64,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Reporting {
        weight: f64,
        report: Option<Report>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Report {
        qps: f64,
        eps: f64,
        utilization: f64,
        age: u64,
    }
    let capacity = |report: &Report| {
        let load = LoadReport {
            requests_per_second: report.qps,
            utilization: report.utilization,
            errors_per_second: report.eps,
        };
        let capacity = Capacity {
            calls_per_second: load.capacity()?,
            reported: 0,
        };
        capacity.usable(report.age)
    };
    for vector in vectors!("rust-static-stride.json") as Vec<Vector> {
        let candidates = vector.candidates.iter();
        let reported: Vec<_> = candidates
            .clone()
            .map(|one| one.report.as_ref().and_then(capacity))
            .collect();
        let weights: Vec<_> = candidates.map(|one| one.weight).collect();
        let stride = Stride::new(&reported, &weights);
        assert_eq!(stride.scaled(), vector.scaled, "{}", vector.name);
        let sequence = Sequence::from(vector.start);
        let picked: Vec<_> = vector
            .picked
            .iter()
            .map(|_| stride.next(&sequence))
            .collect();
        assert_eq!(picked, vector.picked, "{}", vector.name);
        assert_eq!(sequence, Sequence::from(vector.next), "{}", vector.name);
    }
}
