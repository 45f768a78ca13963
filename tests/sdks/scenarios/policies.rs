//! A policy of the service's owner: it is effective with all who call the service, and so is its next version.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::PATIENCE;
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::stage::{SERVICE, Stage, until_current};

/// How many choices are looked at: whoever has a share is among so many.
const PICKS: u64 = 100;

/// Weights of subsets by version, changed several times, and taken away.
pub fn followed(stage: &mut Stage<'_>) {
    let ids = ["v1-a", "v1-b", "v2-a", "v2-b"].map(str::to_owned);
    for id in &ids {
        let version = format!("{}.0.0", &id[1..2]);
        stage.register(
            id,
            json!({ "address": "127.0.0.1", "port": 9, "version": version }),
        );
    }
    let (old, new) = ids.split_at(2);
    let mut agent = stage.agent();
    agent.start(&stage.watching());
    until_current(&mut agent, &ids);
    for (weights, wanted) in [
        ([0, 100], new),
        ([100, 0], old),
        ([50, 50], &ids[..]),
        ([0, 100], new),
    ] {
        stage.set_policy(&weighted(weights));
        until_picked(&mut agent, &format!("{wanted:?}"), |picked| {
            picked == wanted
        });
    }
    stage.delete_policy();
    let of_both = |picked: &[String]| {
        let some = |ids: &[String]| ids.iter().any(|id| picked.contains(id));
        some(old) && some(new)
    };
    until_picked(&mut agent, "some of each version", of_both);
    agent.close();
}

fn weighted([old, new]: [u32; 2]) -> Value {
    json!({
        // Others may rightly prefer one instance to its equals.
        "balancer": { "kind": "weighted_random" },
        "subsets": [
            { "name": "old", "version": "^1", "weight": old },
            { "name": "new", "version": "^2", "weight": new },
        ]
    })
}

/// Waits until those who are chosen, in order, are as wanted.
fn until_picked(agent: &mut Agent, what: &str, wanted: impl Fn(&[String]) -> bool) {
    let begun = Instant::now();
    loop {
        let picked = agent.pick(SERVICE, PICKS);
        let mut ids: Vec<String> = picked.iter().map(|(id, _)| id.clone()).collect();
        ids.sort();
        if wanted(&ids) {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "waited in vain for {what}; picked were {picked:?}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
