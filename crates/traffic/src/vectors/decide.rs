//! Whole decisions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use paste_model::InstanceId;
use serde::Deserialize;

use super::policy::WirePolicy;
use super::{Drawing, Hex, Pairs, WireCaller, WireMember, labels, set_in_flight, vectors};
use crate::chooser::Chooser;
use crate::locality::Place;
use crate::trace::{Step, Trace};
use crate::{Pick, Question, Selector};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    members: Vec<WireMember>,
    protected: bool,
    policy: Option<WirePolicy>,
    caller: WireCaller,
    request: Request,
    endpoints: BTreeMap<String, Endpoint>,
    now: u64,
    random: Vec<Hex>,
    drawn: usize,
    picked: Option<String>,
    subset: Option<String>,
    priority: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Request {
    version: Option<String>,
    tags: Vec<String>,
    metadata: Pairs,
    headers: Pairs,
    hash_key: Option<String>,
    tried: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endpoint {
    in_flight: Option<u32>,
    cost: Option<f64>,
    stamp: Option<u64>,
    current: Option<f64>,
    ejected_until: Option<u64>,
    slow_start_began: Option<u64>,
}

impl Vector {
    fn chooser(&self) -> Chooser {
        let chooser = Chooser::new(self.caller.caller());
        if let Some(policy) = &self.policy {
            let policy = Arc::new(policy.model());
            chooser.set_policy(policy, Duration::ZERO).expect("valid");
        }
        let members = self.members.iter().map(WireMember::member).collect();
        chooser.update(members, self.protected, Duration::ZERO);
        chooser.change(self.now, |entry| {
            let Some(state) = self.endpoints.get(entry.seat.member.id.as_str()) else {
                return;
            };
            let gauges = &entry.seat.gauges;
            set_in_flight(gauges, state.in_flight.unwrap_or(0));
            if let (Some(cost), Some(stamp)) = (state.cost, state.stamp) {
                gauges.seed(Some(cost), stamp);
                gauges.observe(cost, stamp, 1.0);
            }
            gauges.set_current(state.current.unwrap_or(0.0));
            entry.until = state.ejected_until;
            entry.began = state.slow_start_began;
        });
        chooser
    }

    fn selector(&self) -> Selector {
        let version = self.request.version.as_deref();
        Selector {
            version: version.map(|range| range.parse().expect("range")),
            tags: labels(&self.request.tags),
            metadata: self.request.metadata.list(),
            ..Selector::default()
        }
    }

    fn assert_chosen(&self, pick: &Pick, trace: &Trace) {
        let (subset, priority) = told(trace);
        assert_eq!(
            Some(pick.id().as_str()),
            self.picked.as_deref(),
            "{}",
            self.name
        );
        assert_eq!(subset, self.subset, "{}", self.name);
        assert_eq!(priority, self.priority, "{}", self.name);
        assert_eq!(self.error, None, "{}", self.name);
    }
}

/// Which subset and which priority a trace tells of.
fn told(trace: &Trace) -> (Option<String>, Option<String>) {
    let (mut subset, mut priority) = (None, None);
    for step in &trace.0 {
        match step {
            Step::Subset { name, .. } => subset = Some(name.to_string()),
            Step::Locality { places, chosen, .. } => {
                priority = chosen.map(|chosen| match &places[chosen].0 {
                    Place::Zone(_) => "zone".to_owned(),
                    Place::Region(_) => "region".to_owned(),
                    Place::Failover(region) => format!("failover:{}", region.as_str()),
                    Place::Elsewhere => "other".to_owned(),
                });
            }
            _ => {}
        }
    }
    (subset, priority)
}

#[cfg_attr(test, test)]
pub(super) fn decide() {
    for vector in vectors!("decide.json") as Vec<Vector> {
        let name = &vector.name;
        let selector = vector.selector();
        let tried = vector.request.tried.iter();
        let tried: Vec<_> = tried.map(|id| InstanceId::new(id).expect("id")).collect();
        let question = Question {
            selector: Some(&selector),
            headers: Some(&vector.request.headers),
            hash_key: vector.request.hash_key.as_deref(),
            tried: &tried,
        };
        let now = Duration::from_nanos(vector.now);
        let mut random = Drawing::of(&vector.random);
        let chooser = vector.chooser();
        let (chosen, trace) = chooser.choose_traced(&question, now, &mut || random.draw());
        assert_eq!(random.drawn, vector.drawn, "{name}: numbers drawn");
        match &chosen {
            Ok(pick) => vector.assert_chosen(pick, &trace),
            Err(reason) => {
                assert_eq!(Some(reason.to_string()), vector.error, "{name}");
                assert_eq!(vector.picked, None, "{name}");
            }
        }
        // Without a trace the choice is the same.
        let mut random = Drawing::of(&vector.random);
        let untraced = vector
            .chooser()
            .choose(&question, now, &mut || random.draw());
        let id = |chosen: Result<Pick, _>| chosen.map(|pick| pick.id().clone());
        assert_eq!(id(untraced), id(chosen), "{name}");
    }
}
