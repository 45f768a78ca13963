//! Calls through the language's own HTTP client: none fails although instances do, and the registry hears of all.

use paste_tests::{http, ports, until};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::stage::{OWN, SERVICE, Stage, until_current};

const CALLS: u64 = 90;
/// Five failures in a row eject; some more may have been under way.
const FAILED_MAX: u64 = 10;
/// The service as which the caller registers.
const CALLER: &str = "caller";

/// One of three instances answers 503; later another one can't be connected to.
pub fn with_failures(stage: &mut Stage<'_>) {
    let backends = [
        Backend::start("200 OK"),
        Backend::start("503 Service Unavailable"),
        Backend::start("200 OK"),
    ];
    let mut ids: Vec<String> = Vec::new();
    for (number, backend) in backends.iter().enumerate() {
        let id = format!("i{number}");
        stage.register(
            &id,
            json!({ "address": "127.0.0.1", "port": backend.port() }),
        );
        ids.push(id);
    }
    // A choice that looks at nothing else: it is the ejection that keeps calls from the one that fails.
    stage.set_policy(&json!({ "balancer": { "kind": "weighted_random" } }));
    let mut agent = stage.agent();
    agent.start(&stage.watching());
    until_current(&mut agent, &ids);
    assert_eq!(agent.call(SERVICE, "/x", CALLS), CALLS);
    let [good, failing, fine] = backends.each_ref().map(Backend::hits);
    assert_eq!(good + fine, CALLS, "each call was answered once");
    assert!(
        (1..=FAILED_MAX).contains(&failing),
        "{failing} calls came to the one that fails"
    );

    let dead = json!({ "address": "127.0.0.1", "port": ports::reserve() });
    stage.register("i3", dead);
    ids.push("i3".to_owned());
    until_current(&mut agent, &ids);
    assert_eq!(agent.call(SERVICE, "/x", CALLS), CALLS);
    agent.close();
}

/// What was called rides on the heartbeats, each call once.
pub fn told(stage: &mut Stage<'_>) {
    let backend = Backend::start("200 OK");
    stage.register(
        "i0",
        json!({ "address": "127.0.0.1", "port": backend.port() }),
    );
    let mut agent = stage.agent();
    let mut options = stage.watching();
    options["register"] =
        json!({ "service": CALLER, "address": "127.0.0.1", "port": 9, "id": OWN });
    agent.start(&options);
    agent.until_registered();
    until_current(&mut agent, &["i0".to_owned()]);
    for _ in 0..2 {
        assert_eq!(agent.call(SERVICE, "/x", CALLS), CALLS);
    }
    let path = format!("/api/v1/services/{SERVICE}/stats");
    let stats = || -> Value {
        let reply = http::request(stage.registry.address(), "GET", &path, &[], None);
        reply.map(|reply| reply.json()).unwrap_or_default()
    };
    until(
        "the registry has heard of all calls",
        || stats().to_string(),
        || (stats()["total"]["count"] == 2 * CALLS).then_some(()),
    );
    let stats = stats();
    assert_eq!(stats["callers"][0]["caller"], CALLER, "{stats}");
    assert_eq!(stats["total"]["errors"], 0, "{stats}");
    assert!(stats["total"]["p99"].is_number(), "latencies: {stats}");
    agent.close();
}
