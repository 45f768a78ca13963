//! A service with very many instances.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{SERVICE, Stage};

/// How many instances there are.
const INSTANCES: usize = 10_000;
/// How many are registered at once; the registry takes no more.
const BATCH: usize = 1_000;
/// How many choices are made; so many of them fall on different instances.
const PICKS: u64 = 2_000;
const DIFFERENT: usize = 1_000;
/// How long the first list may take, with everything unoptimised on a busy machine.
const FIRST: Duration = Duration::from_secs(60);

/// All are listed, in order; choices are spread over them; a change of one is seen.
pub fn ten_thousand(stage: &mut Stage<'_>) {
    let all: Vec<String> = (0..INSTANCES)
        .map(|number| format!("i{number:05}"))
        .collect();
    for ids in all.chunks(BATCH) {
        let items: Vec<Value> = ids.iter().map(|id| item(id)).collect();
        let body = json!({ "items": items });
        let path = "/api/v1/batch";
        stage.registry.expect("POST", path, Some(&body), 200);
    }
    let mut agent = stage.agent();
    agent.start(&stage.watching());
    let known = agent
        .instances(SERVICE, FIRST)
        .unwrap_or_else(|error| panic!("it doesn't know them: {error}"));
    assert!(known.ids == all, "{} instances, in order", known.ids.len());
    let picked = agent.pick(SERVICE, PICKS);
    let different = picked.len();
    assert!(different > DIFFERENT, "{different} of {PICKS} picks differ");
    stage.deregister(&all[0]);
    agent.until_known("one is gone", SERVICE, |known| {
        (known.ids == all[1..]).then_some(())
    });
    agent.close();
}

fn item(id: &str) -> Value {
    let instance = json!({ "address": "127.0.0.1", "port": 9, "version": "1.2.3", "zone": "a",
        "ephemeral": false, "metadata": { "team": "shop" } });
    json!({ "action": "register", "service": SERVICE, "id": id, "instance": instance })
}
