//! Policies: set, compared with a condition, removed, and pushed to whoever watches.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::House;
use crate::watch::Watcher;

const POLICY: &str = "/api/v1/policies/orders";

#[tokio::test]
async fn a_policy_from_its_setting_to_its_removal() {
    let house = House::new().await;
    assert_eq!(house.get(POLICY).await.code(), "unknown-policy");
    assert_eq!(
        house.get(&format!("{POLICY}/history")).await.code(),
        "unknown-policy"
    );
    let first = house
        .put(
            &format!("{POLICY}?comment=spread"),
            json!({"balancer": {"kind": "smooth_wrr"}}),
        )
        .await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let first = first.json();
    assert_eq!(
        (&first["number"], &first["comment"]),
        (&json!(1), &json!("spread"))
    );
    assert_eq!(
        first["policy"]["retries"]["max"], 2,
        "defaults are written out"
    );
    assert_eq!(house.get(POLICY).await.json(), first);
    let service = house.get("/api/v1/services/orders").await;
    assert_eq!(service.status, StatusCode::OK, "it exists by its policy");

    let again = house.put(POLICY, first["policy"].clone()).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(
        again.json(),
        first,
        "what holds already is not written again"
    );
    let second = house
        .put(POLICY, json!({"balancer": {"kind": "rendezvous"}}))
        .await;
    assert_eq!(
        (second.status, &second.json()["number"]),
        (StatusCode::OK, &json!(2))
    );

    let gone = house.delete(&format!("{POLICY}?comment=enough")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(house.get(POLICY).await.code(), "unknown-policy");
    assert_eq!(house.delete(POLICY).await.code(), "unknown-policy");
    let history = house.get(&format!("{POLICY}/history")).await.json();
    let lines: Vec<_> = (history["releases"].as_array().expect("a list").iter())
        .map(|release| {
            (
                release["number"].clone(),
                release["policy"]["balancer"]["kind"].clone(),
            )
        })
        .collect();
    let expected = [
        (json!(3), Value::Null),
        (json!(2), json!("rendezvous")),
        (json!(1), json!("smooth_wrr")),
    ];
    assert_eq!(lines, expected);
    let events = house.get("/api/v1/services/orders/events").await.json();
    let kinds: Vec<_> = (events["events"].as_array().expect("a list").iter())
        .map(|event| event["kind"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        kinds,
        ["policy-updated", "policy-updated", "policy-removed"]
    );

    let back = house.put(POLICY, json!({})).await;
    assert_eq!(back.status, StatusCode::CREATED, "there was none");
    assert_eq!(back.json()["number"], 4, "numbers go on");
}

#[tokio::test]
async fn a_condition_a_trial_and_what_is_wrong() {
    let house = House::new().await;
    let on = async |revision: &str, kind: &str| {
        let body = json!({"balancer": {"kind": kind}});
        let ask = house.ask(Method::PUT, POLICY).header("if-match", revision);
        ask.json(&body).send().await
    };
    let first = on("0", "least_request").await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert_eq!(on("0", "rendezvous").await.code(), "revision-mismatch");
    let revision = first.json()["revision"].to_string();
    assert_eq!(on(&revision, "rendezvous").await.status, StatusCode::OK);
    assert_eq!(on(&revision, "ring_hash").await.code(), "revision-mismatch");

    let trial = house
        .put(
            &format!("{POLICY}?dry_run=true"),
            json!({"protect_threshold": 10}),
        )
        .await
        .json();
    assert_eq!(
        (&trial["number"], &trial["revision"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(
        house.get(POLICY).await.json()["number"],
        2,
        "nothing was written"
    );

    for (body, field) in [
        (
            json!({"rules": [{"zones": ["a"], "subset": "none"}]}),
            "rules[0].subset",
        ),
        (
            json!({"subsets": [{"name": "a", "version": "1.2.x.y"}]}),
            "subsets[0].version",
        ),
        (json!({"balancer": {"ring_size": 0}}), "balancer.ring_size"),
        (json!({"balancer": {"kind": "luck"}}), "balancer.kind"),
        (json!({"balancer": {"size": 1}}), "balancer.size"),
        (json!({"balancer": []}), "balancer"),
    ] {
        let refused = house.put(POLICY, body.clone()).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{body}: {refused:?}"
        );
        assert_eq!(refused.fields(), [field], "{body}");
    }
}

#[tokio::test]
async fn a_token_has_to_allow_it() {
    let house = House::new().await;
    let put = async |secret: &str| {
        let ask = house.ask(Method::PUT, POLICY).token(secret);
        ask.json(&json!({})).send().await.status
    };
    let reader = house
        .token("reader", json!({"role": "read", "namespace": "default"}))
        .await;
    assert_eq!(put(&reader).await, StatusCode::FORBIDDEN);
    let other = house
        .token(
            "other",
            json!({"role": "config", "namespace": "default", "service": "payments"}),
        )
        .await;
    assert_eq!(put(&other).await, StatusCode::FORBIDDEN);
    let owner = house
        .token(
            "owner",
            json!({"role": "config", "namespace": "default", "service": "orders"}),
        )
        .await;
    assert_eq!(put(&owner).await, StatusCode::CREATED);
    let read = house.ask(Method::GET, POLICY).token(&reader).send().await;
    assert_eq!(read.status, StatusCode::OK);
}

#[tokio::test]
async fn watchers_have_it_with_the_instances() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let mut watcher = Watcher::open(&house, "service=orders", "").await;
    let snapshot = watcher.next().await.expect("a snapshot");
    assert!(snapshot.data.get("policy").is_none());

    house
        .put(
            POLICY,
            json!({"balancer": {"kind": "least_request"}, "protect_threshold": 0}),
        )
        .await;
    let delta = watcher.next().await.expect("a delta");
    assert_eq!(delta.name, "delta");
    assert_eq!(delta.data["policy"]["balancer"]["kind"], "least_request");
    assert_eq!(delta.data["upserted"], json!([]));

    house.register("orders", "b", json!({})).await;
    let delta = watcher.next().await.expect("a delta");
    assert!(delta.data.get("policy").is_none(), "it didn't change");

    let mut late = Watcher::open(&house, "service=*", "").await;
    let snapshot = late.next().await.expect("a snapshot");
    assert_eq!(snapshot.data["policy"]["protect_threshold"], 0);
    assert_eq!(snapshot.data["instances"].as_array().map(Vec::len), Some(2));
    house.put("/api/v1/policies/begins", json!({})).await;
    let begins = late.next().await.expect("a snapshot");
    assert_eq!(begins.name, "snapshot");
    assert_eq!(begins.data["policy"]["balancer"]["kind"], "peak_ewma");

    house.delete(POLICY).await;
    let delta = watcher.next().await.expect("a delta");
    assert!(delta.data["policy"].is_null() && delta.data.get("policy").is_some());
    let mut again = Watcher::open(&house, "service=orders", &watcher.last_id).await;
    house.put(POLICY, json!({})).await;
    let resumed = again.next().await.expect("a delta");
    assert_eq!(
        resumed.name, "delta",
        "what was heard before isn't told again"
    );
}

#[tokio::test]
async fn its_threshold_wins_over_that_of_the_settings() {
    let house = House::new().await;
    house
        .put("/api/v1/services/orders", json!({"protect_threshold": 30}))
        .await;
    house.put(POLICY, json!({"protect_threshold": 70})).await;
    let threshold =
        async || house.get("/api/v1/services/orders").await.json()["protect_threshold"].clone();
    assert_eq!(threshold().await, 70);
    house.put(POLICY, json!({})).await;
    assert_eq!(threshold().await, 30);
}

#[tokio::test]
async fn a_policy_survives_a_restart_and_goes_with_its_service() {
    let house = House::new().await;
    house.put(POLICY, json!({"description": "kept"})).await;
    let house = house.restart().await;
    let list = house.get("/api/v1/policies").await.json();
    assert_eq!(list["policies"][0]["policy"]["description"], "kept");
    let gone = house.delete("/api/v1/services/orders").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.get("/api/v1/policies").await.json()["policies"],
        json!([])
    );
    assert_eq!(
        house.get(&format!("{POLICY}/history")).await.code(),
        "unknown-policy"
    );
}

#[tokio::test]
async fn policies_are_listed_in_pages() {
    let house = House::new().await;
    for service in ["a", "b", "c"] {
        house
            .put(&format!("/api/v1/policies/{service}"), json!({}))
            .await;
    }
    house.register("between", "x", json!({})).await;
    let page = async |query: &str| {
        let path = format!("/api/v1/policies?limit=2{query}");
        let page = house.get(&path).await.json();
        let policies = page["policies"].as_array().expect("a list").clone();
        let names: Vec<_> = (policies.iter())
            .map(|policy| policy["service"].as_str().expect("a name").to_owned())
            .collect();
        (names.join(" "), page["cursor"].clone())
    };
    assert_eq!(page("").await, ("a b".to_owned(), json!("b")));
    assert_eq!(page("&cursor=b").await, ("c".to_owned(), Value::Null));
}

#[tokio::test]
async fn calls_told_with_heartbeats_are_added_up() {
    let house = House::new().await;
    house
        .register("orders", "a", json!({"session": "s1"}))
        .await;
    house.register("web", "w", json!({"session": "s2"})).await;
    let beat = async |session: &str, body: Value| {
        let path = format!("/api/v1/sessions/{session}/heartbeat");
        house.ask(Method::POST, &path).json(&body).send().await
    };
    let report =
        json!({"calls": [{"service": "orders", "count": 10, "errors": 1, "latency": [9, 1]}]});
    assert_eq!(
        beat("s2", report.clone()).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(beat("s2", report).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        beat("s1", json!({"cpu": 0.5, "in_flight": 3})).await.status,
        StatusCode::NO_CONTENT
    );
    let stats = house.get("/api/v1/services/orders/stats").await.json();
    assert_eq!(
        (&stats["total"]["count"], &stats["total"]["errors"]),
        (&json!(20), &json!(2))
    );
    assert_eq!(
        (&stats["total"]["p50"], &stats["total"]["p99"]),
        (&json!(0.0001), &json!(0.000_141_421))
    );
    assert_eq!(stats["callers"][0]["caller"], "web");
    assert_eq!(
        stats["load"],
        json!({"reporting": 1, "cpu": 0.5, "in_flight": 3, "requests": 0, "errors": 0})
    );
    assert_eq!(
        house.get("/api/v1/services/none/stats").await.code(),
        "unknown-service"
    );

    for (body, field) in [
        (
            json!({"calls": [{"service": "a b", "count": 1}]}),
            "calls[0].service",
        ),
        (
            json!({"calls": [{"service": "a", "count": 1, "latency": vec![0; 41]}]}),
            "calls[0].latency",
        ),
        (
            json!({"calls": vec![json!({"service": "a", "count": 1}); 101]}),
            "calls",
        ),
    ] {
        assert_eq!(beat("s1", body).await.fields(), [field]);
    }
}

#[tokio::test]
async fn explain_shows_a_choice_with_its_working() {
    let house = House::new().await;
    house
        .register("orders", "old", json!({"version": "1.4.0", "zone": "a"}))
        .await;
    house
        .register("orders", "new", json!({"version": "2.0.0", "zone": "b"}))
        .await;
    let policy = json!({
        "subsets": [{"name": "canary", "version": "^2"}, {"name": "stable", "version": "^1", "weight": 1}],
        "rules": [{"headers": {"x-beta": "1"}, "subset": "canary"}],
    });
    house.put(POLICY, policy).await;
    let choice = async |query: &str| {
        let path = format!("/api/v1/services/orders/explain{query}");
        let explained = house.get(&path).await.json();
        let steps = explained["choice"]["steps"].as_array().expect("a list");
        let steps: Vec<_> = steps
            .iter()
            .map(|step| step.as_str().expect("a text"))
            .collect();
        (explained["choice"]["chosen"].clone(), steps.join("\n"))
    };
    let (chosen, steps) = choice("").await;
    assert_eq!(chosen, "old", "{steps}");
    assert!(steps.contains("stable"), "{steps}");
    let (chosen, steps) = choice("?header.X-Beta=1").await;
    assert_eq!(chosen, "new", "{steps}");
    assert!(
        steps.contains("canary") && steps.contains("rule"),
        "{steps}"
    );
    let (chosen, steps) = choice("?version=%5E3").await;
    assert!(chosen.is_null() && !steps.is_empty(), "{steps}");
    let (chosen, steps) = choice("?header.x-beta=1&from_zone=b").await;
    assert_eq!(chosen, "new");
    assert!(steps.contains("zone"), "{steps}");
    let wrong = house
        .get("/api/v1/services/orders/explain?from_zone=a%20b")
        .await;
    assert_eq!(wrong.code(), "invalid-query");
}
