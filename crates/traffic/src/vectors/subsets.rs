//! Which part of a service answers.

use std::time::Duration;

use serde::Deserialize;

use super::policy::WirePolicy;
use super::{Drawing, Hex, Pairs, WireCaller, WireMember, vectors};
use crate::chooser::Chooser;
use crate::plan::Plan;
use crate::trace::Step;
use crate::{Question, Selector};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    policy: WirePolicy,
    members: Vec<WireMember>,
    caller: WireCaller,
    headers: Pairs,
    random: Vec<Hex>,
    drawn: usize,
    subset: Option<String>,
    left: Vec<String>,
}

#[cfg_attr(test, test)]
pub(super) fn subsets() {
    for vector in vectors!("subsets.json") as Vec<Vector> {
        let name = &vector.name;
        let policy = std::sync::Arc::new(vector.policy.model());
        let caller = vector.caller.caller();
        let chooser = Chooser::new(caller.clone());
        let members: Vec<_> = vector.members.iter().map(WireMember::member).collect();
        let now = Duration::ZERO;
        chooser.set_policy(policy.clone(), now).expect("valid");
        chooser.update(members.clone(), false, now);
        let question = Question {
            headers: Some(&vector.headers),
            ..Question::default()
        };
        // What the balancer draws after the subset doesn't matter here.
        let mut random = Drawing::of(&vector.random);
        let mut draw = || {
            if random.drawn < vector.drawn {
                random.draw()
            } else {
                0
            }
        };
        let (chosen, trace) = chooser.choose_traced(&question, now, &mut draw);
        assert!(chosen.is_ok(), "{name}");
        assert_eq!(random.drawn, vector.drawn, "{name}: numbers drawn");
        let subset = trace.0.iter().find_map(|step| match step {
            Step::Subset { name, .. } => Some(name.as_str()),
            _ => None,
        });
        assert_eq!(subset, vector.subset.as_deref(), "{name}");

        let plan = Plan::new(policy.clone(), &caller).expect("valid");
        let index = policy
            .subsets
            .iter()
            .position(|one| Some(one.name.as_str()) == subset);
        let selector = index.map_or_else(Selector::default, |index| plan.selectors[index].clone());
        let left = members.iter().filter(|member| selector.matches(member));
        let left: Vec<_> = left.map(|member| member.id.as_str()).collect();
        assert_eq!(left, vector.left, "{name}");
    }
}
