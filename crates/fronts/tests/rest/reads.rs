//! Discovery: selectors, conditions, waiting.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::json;

use crate::harness::House;

const LIST: &str = "/api/v1/services/orders/instances";

async fn populated() -> House {
    let house = House::new().await;
    for (id, fields) in [
        (
            "a",
            json!({"version": "1.4.0", "zone": "z1", "region": "eu", "tags": ["x", "y"], "metadata": {"k": "1"}}),
        ),
        (
            "b",
            json!({"version": "2.0.0", "zone": "z2", "region": "eu", "tags": ["x"]}),
        ),
        (
            "c",
            json!({"zone": "z3", "region": "us", "status": "draining"}),
        ),
    ] {
        house.register("orders", id, fields).await;
    }
    house
}

#[tokio::test]
async fn selectors_narrow_what_is_eligible() {
    let house = populated().await;
    let cases: &[(&str, &[&str])] = &[
        ("", &["a", "b"]),
        ("?namespace=default", &["a", "b"]),
        ("?all=true", &["a", "b", "c"]),
        ("?version=^1.4", &["a"]),
        ("?version=%5E1.4%20%7C%7C%202.x", &["a", "b"]),
        ("?zone=z1,z2", &["a", "b"]),
        ("?zone=z1&zone=z3", &["a"]),
        ("?region=us", &[]),
        ("?region=us&all=true", &["c"]),
        ("?tag=x&tag=y", &["a"]),
        ("?meta.k=1", &["a"]),
        ("?meta.k=2", &[]),
        ("?status=draining", &[]),
        ("?status=draining&all=true", &["c"]),
        ("?limit=1", &["a"]),
        ("?limit=2&all=true", &["a", "b"]),
        ("?consistent=true", &["a", "b"]),
    ];
    for (query, expected) in cases {
        assert_eq!(
            house.get(&format!("{LIST}{query}")).await.ids(),
            *expected,
            "{query}"
        );
    }
    let explained = house
        .get("/api/v1/services/orders/explain?version=2.x&header.X-User=1")
        .await
        .json();
    let eligible: Vec<_> = explained["instances"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["eligible"] == true)
        .collect();
    assert_eq!(eligible, [false, true, false]);
}

#[tokio::test]
async fn what_can_not_be_asked_is_named() {
    let house = populated().await;
    for (query, field) in [
        ("version=latest", "version"),
        ("status=asleep", "status"),
        ("limit=0", "limit"),
        ("all=1", "all"),
        ("after=-1", "after"),
        ("after=1&wait=1h", "wait"),
        ("after=1&wait=soon", "wait"),
        ("wait=1s", "wait"),
        ("namespace=/", "namespace"),
        ("zones=z1", "zones"),
        ("meta.=x", "meta."),
    ] {
        let answer = house.get(&format!("{LIST}?{query}")).await;
        assert_eq!(answer.code(), "invalid-query", "{query}");
        assert_eq!(answer.fields(), [field], "{query}");
    }
    let lenient = house
        .ask(Method::GET, &format!("{LIST}?zones=z1"))
        .header("prefer", "handling=lenient");
    assert_eq!(lenient.send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_known_answer_is_not_sent_again() {
    let house = populated().await;
    let first = house.get(LIST).await;
    let etag = first.header("etag").to_owned();
    assert_eq!(first.header("content-length"), first.body.len().to_string());
    assert_eq!(
        first.header("x-registry-revision"),
        first.json()["revision"].to_string()
    );
    for known in [
        "*",
        &etag,
        &format!("\"x\", {etag}"),
        &format!("W/{etag}"),
        &format!("\"x\",W/{etag} "),
    ] {
        let answer = house
            .ask(Method::GET, LIST)
            .header("if-none-match", known)
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(answer.header("etag"), etag);
    }
    for (query, same) in [("", true), ("?all=true", false), ("?limit=1", false)] {
        let answer = house
            .ask(Method::GET, &format!("{LIST}{query}"))
            .header("if-none-match", &etag)
            .send()
            .await;
        assert_eq!(answer.status == StatusCode::NOT_MODIFIED, same, "{query}");
    }
    house.register("orders", "d", json!({})).await;
    let changed = house
        .ask(Method::GET, LIST)
        .header("if-none-match", &etag)
        .send()
        .await;
    assert_eq!(changed.ids(), ["a", "b", "d"]);
}

#[tokio::test]
async fn heads_and_options() {
    let house = populated().await;
    let head = house.ask(Method::HEAD, LIST).send().await;
    assert_eq!(head.header("etag"), house.get(LIST).await.header("etag"));
    let options = house.ask(Method::OPTIONS, LIST).send().await;
    assert_eq!(
        (options.status, options.header("allow")),
        (StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS")
    );
    let watch = house
        .ask(Method::HEAD, "/api/v1/watch?service=orders")
        .send()
        .await;
    assert_eq!(watch.header("content-type"), "text/event-stream");
}

/// Polls until something else is seen to wait.
async fn waiting(house: &House) {
    while house.metrics.polls_waiting.get() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_long_poll_ends_when_the_service_passes() {
    let house = Arc::new(populated().await);
    let after = house.get(LIST).await.json()["revision"]
        .as_u64()
        .expect("a revision");
    let poll = |query: String| {
        let house = Arc::clone(&house);
        tokio::spawn(async move { house.get(&query).await })
    };
    let earlier = house
        .get(&format!("{LIST}?after={}&wait=60s", after - 1))
        .await;
    assert_eq!(earlier.ids(), ["a", "b"], "it has passed that already");

    let polled = poll(format!("{LIST}?after={after}&wait=60s&zone=z9"));
    waiting(&house).await;
    house.register("others", "x", json!({})).await;
    assert!(!polled.is_finished(), "another service is not this one");
    house.register("orders", "d", json!({"zone": "z9"})).await;
    assert_eq!(polled.await.expect("ends").ids(), ["d"]);

    let unknown = poll("/api/v1/services/new/instances?after=0&wait=60s".to_owned());
    waiting(&house).await;
    house.register("new", "x", json!({})).await;
    assert_eq!(unknown.await.expect("ends").ids(), ["x"]);

    let ended = house.get(&format!("{LIST}?after=1000000&wait=1ms")).await;
    assert_eq!(
        ended.ids(),
        ["a", "b", "d"],
        "what there is at the end of the wait"
    );
    let nobody = house
        .get("/api/v1/services/nobody/instances?after=0&wait=1ms")
        .await;
    assert_eq!(nobody.code(), "unknown-service");

    let drained = poll(format!("{LIST}?after=1000000&wait=300s"));
    waiting(&house).await;
    house.rest.drain();
    assert_eq!(drained.await.expect("ends").ids(), ["a", "b", "d"]);
}

#[tokio::test]
async fn a_large_service_is_answered_in_runs() {
    let house = House::new().await;
    let item = |n: usize| {
        let status = if n.is_multiple_of(3) { "down" } else { "up" };
        json!({"action": "register", "service": "big", "id": format!("i{n:04}"), "instance": {"address": "10.0.0.1", "port": 1, "status": status}})
    };
    let items: Vec<_> = (0..1000).map(item).collect();
    house
        .ask(Method::POST, "/api/v1/batch")
        .json(&json!({"items": items}))
        .send()
        .await;
    let eligible = house.get("/api/v1/services/big/instances").await;
    assert_eq!(eligible.ids().len(), 666);
    assert_eq!(
        eligible.header("content-length"),
        eligible.body.len().to_string()
    );
    let all = house.get("/api/v1/services/big/instances?all=true").await;
    assert_eq!(all.ids().len(), 1000);
    assert_ne!(all.header("etag"), eligible.header("etag"));
    let selected = house
        .get("/api/v1/services/big/instances?all=true&status=up")
        .await;
    assert_eq!(selected.json()["instances"], eligible.json()["instances"]);
    house.delete("/api/v1/services/big/instances/i0500").await;
    assert_eq!(
        house
            .get("/api/v1/services/big/instances")
            .await
            .ids()
            .len(),
        665
    );
}
