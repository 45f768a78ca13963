//! What endpoints' calls come to: peak EWMA and outlier detection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use paste_model::{BalancerKind, Policy};
use serde::Deserialize;

use super::policy::{WireOutlierDetection, lasting};
use super::{Drawing, Hex, WireMember, assert_close, set_in_flight, somewhere, vectors};
use crate::balance::{Round, Sequence, Turns};
use crate::candidates::{Candidate, Candidates};
use crate::chooser::Chooser;
use crate::gauges::{Gauges, usual_cost};
use crate::nanos::nanos;
use crate::standing::Standing;
use crate::trace::Notes;
use crate::{Caller, Outcome, Question};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EwmaVector {
    name: String,
    decay: String,
    steps: Vec<EwmaStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "do", rename_all = "lowercase")]
enum EwmaStep {
    Observe(Observed),
    Fail(Observed),
    Load {
        id: String,
        at: u64,
        in_flight: u32,
        weight: f64,
        load: f64,
    },
    Pick {
        at: u64,
        candidates: Vec<Busy>,
        random: Vec<Hex>,
        picked: String,
    },
    Gone {
        id: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Observed {
    id: String,
    at: u64,
    rtt: f64,
    cost: f64,
    stamp: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Busy {
    id: String,
    in_flight: u32,
    weight: f64,
}

/// The endpoints of a service that have been met.
#[derive(Default)]
struct Met(BTreeMap<String, Arc<Gauges>>);

impl Met {
    fn gauges(&mut self, id: &str, at: u64) -> Arc<Gauges> {
        let gauges = Arc::clone(self.0.entry(id.to_owned()).or_default());
        if !gauges.is_used() {
            gauges.seed(usual_cost(self.0.values().map(|other| &**other)), at);
        }
        gauges
    }

    /// As a service, for whom the balancer seeds.
    fn service(&self) -> Vec<Standing> {
        let standing = |(id, gauges): (&String, &Arc<Gauges>)| Standing {
            seat: Arc::new(crate::seat::Seat::new(
                WireMember::at(id, "10.0.0.1", 80, 1).member(),
                Arc::clone(gauges),
            )),
            up: true,
            eligible: true,
            ejected: false,
            began: None,
            capacity: None,
        };
        self.0.iter().map(standing).collect()
    }

    fn pick(&mut self, at: u64, decay: f64, busy: &[Busy], random: &[Hex], what: &str) -> String {
        let candidates = busy.iter().map(|one| {
            let gauges = Arc::clone(self.0.entry(one.id.clone()).or_default());
            let before = gauges.in_flight();
            assert_eq!(before, 0, "{what}");
            set_in_flight(&gauges, one.in_flight);
            Candidate {
                gauges,
                ..somewhere(&one.id, one.weight)
            }
        });
        let candidates = Candidates::of(candidates.collect()).expect("candidates");
        let policy = paste_model::Balancer {
            kind: BalancerKind::PeakEwma,
            ..paste_model::Balancer::default()
        };
        let round = Round {
            policy: &policy,
            question: &Question::default(),
            now: at,
            decay,
            growth: None,
            service: &self.service(),
            turns: &Turns::default(),
            sequence: &Sequence::default(),
        };
        let mut random = Drawing::of(random);
        let chosen = round.choose(&candidates, None, &mut || random.draw(), &mut Notes::none());
        random.assert_all_drawn(what);
        for (candidate, busy) in candidates.list().iter().zip(busy) {
            (0..busy.in_flight).for_each(|_| candidate.gauges.end());
        }
        chosen.id().as_str().to_owned()
    }
}

fn assert_state(gauges: &Gauges, expected: &Observed, what: &str) {
    let cost = gauges.observed_cost().expect("observed");
    assert_close(cost, expected.cost, what);
    assert_eq!(gauges.stamp(), expected.stamp, "{what}");
}

#[cfg_attr(test, test)]
pub(super) fn peak_ewma() {
    for vector in vectors!("peak-ewma.json") as Vec<EwmaVector> {
        let (mut met, name) = (Met::default(), &vector.name);
        let decay = nanos(lasting(&vector.decay)) as f64;
        for step in &vector.steps {
            match step {
                EwmaStep::Observe(one) => {
                    let gauges = met.gauges(&one.id, one.at);
                    gauges.observe(one.rtt, one.at, decay);
                    assert_state(&gauges, one, name);
                }
                EwmaStep::Fail(one) => {
                    let gauges = met.gauges(&one.id, one.at);
                    let others = met.0.iter().filter(|(id, _)| **id != one.id);
                    let usual = usual_cost(others.map(|(_, other)| &**other));
                    gauges.observe_failure(one.rtt, usual, one.at, decay);
                    assert_state(&gauges, one, name);
                }
                EwmaStep::Load {
                    id,
                    at,
                    in_flight,
                    weight,
                    load,
                } => {
                    let gauges = met.gauges(id, *at);
                    set_in_flight(&gauges, *in_flight);
                    assert_close(gauges.load(*at, decay, *weight), *load, name);
                    (0..*in_flight).for_each(|_| gauges.end());
                }
                EwmaStep::Pick {
                    at,
                    candidates,
                    random,
                    picked,
                } => {
                    let found = met.pick(*at, decay, candidates, random, name);
                    assert_eq!(found, *picked, "{name}");
                }
                EwmaStep::Gone { id } => {
                    met.0.remove(id);
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutlierVector {
    name: String,
    outlier_detection: WireOutlierDetection,
    endpoints: Vec<String>,
    steps: Vec<OutlierStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutlierStep {
    at: u64,
    id: Option<String>,
    success: Option<bool>,
    count: Option<u32>,
    endpoints: Option<Vec<String>>,
    ejected: Vec<String>,
}

fn update(chooser: &Chooser, ids: &[String], now: Duration) {
    let members = ids
        .iter()
        .map(|id| WireMember::at(id, "10.0.0.1", 80, 100).member());
    chooser.update(members.collect(), false, now);
}

#[cfg_attr(test, test)]
pub(super) fn outlier_detection() {
    for vector in vectors!("outlier.json") as Vec<OutlierVector> {
        let chooser = Chooser::new(Caller::default());
        let policy = Policy {
            outlier_detection: vector.outlier_detection.model(),
            ..Policy::default()
        };
        let start = Duration::ZERO;
        chooser.set_policy(Arc::new(policy), start).expect("valid");
        update(&chooser, &vector.endpoints, start);
        for step in &vector.steps {
            let now = Duration::from_nanos(step.at);
            if let Some(endpoints) = &step.endpoints {
                update(&chooser, endpoints, now);
            } else if let (Some(id), Some(success)) = (&step.id, step.success) {
                let outcome = if success {
                    Outcome::Success
                } else {
                    Outcome::Failure
                };
                for _ in 0..step.count.unwrap_or(1) {
                    let pick = chooser.pick(id).expect("is there");
                    chooser.report(pick, outcome, None, now);
                }
            } else {
                let chosen = chooser.choose(&Question::default(), now, &mut || 0);
                // A pick that is dropped would count as a success.
                std::mem::forget(chosen.expect(&vector.name));
            }
            let ejected = chooser.ejected(now);
            let ejected: Vec<_> = ejected.iter().map(|id| id.as_str()).collect();
            assert_eq!(ejected, step.ejected, "{} at {}", vector.name, step.at);
        }
    }
}
