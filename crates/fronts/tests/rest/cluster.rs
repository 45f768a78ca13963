//! Several nodes: what one that is cut off says, what the cluster looks like, and who owns what.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, House, until};
use crate::neighbours::Neighbours;

const ISOLATED: &str = "x-registry-isolated";
const STALE: &str = "x-registry-stale";

/// Answers of every kind: in place and at length, good and bad.
async fn answers(house: &House) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (method, path) in [
        (Method::GET, "/api/v1/services/orders/instances"),
        (Method::GET, "/api/v1/services/orders/instances?all=true"),
        (Method::GET, "/api/v1/services/nobody/instances"),
        (Method::PUT, "/api/v1/services/orders/instances/a/heartbeat"),
        (Method::POST, "/api/v1/sessions/proc/heartbeat"),
        (Method::HEAD, "/api/v1/watch?service=orders"),
        (Method::GET, "/api/v1/status"),
        (Method::GET, "/readyz"),
        (Method::GET, "/healthz"),
        (Method::GET, "/nowhere"),
        (Method::DELETE, "/readyz"),
    ] {
        answers.push(house.ask(method, path).send().await);
    }
    answers
}

async fn well(house: &House) {
    for answer in answers(house).await {
        let said = (answer.header(STALE), answer.header(ISOLATED));
        assert_eq!(said, ("", ""), "{answer:?}");
    }
}

#[tokio::test]
async fn a_node_without_its_place_says_so_in_every_answer() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let a = nodes.node("a");
    a.register("orders", "a", json!({"session": "proc"})).await;
    well(a).await;
    a.share.set_member(false);
    until("a knows", async || {
        a.get("/healthz").await.header(ISOLATED) == "true"
    })
    .await;
    for answer in answers(a).await {
        let said = (answer.header(STALE), answer.header(ISOLATED));
        assert_eq!(said, ("", "true"), "{answer:?}");
    }
    let ready = a.get("/readyz").await;
    let expected = json!({"status": "ready", "store": "ok", "isolated": true});
    assert_eq!((ready.status, ready.json()), (StatusCode::OK, expected));
    assert_eq!(a.get("/api/v1/status").await.json()["isolated"], true);
    let cluster = a.get("/api/v1/cluster").await.json();
    assert_eq!(
        (&cluster["member"], &cluster["isolated"]),
        (&json!(false), &json!(true))
    );
    well(nodes.node("b")).await;
    a.share.set_member(true);
    until("a is back", async || {
        a.get("/healthz").await.header(ISOLATED).is_empty()
    })
    .await;
    well(a).await;
}

#[tokio::test]
async fn a_node_that_has_lost_the_store_says_for_how_long() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let a = nodes.node("a");
    a.register("orders", "a", json!({"session": "proc"})).await;
    a.share.set_away(true);
    until("a knows", async || {
        !a.get("/healthz").await.header(STALE).is_empty()
    })
    .await;
    for answer in answers(a).await {
        let stale: Option<u64> = answer.header(STALE).parse().ok();
        assert!(stale.is_some_and(|seconds| seconds > 0), "{answer:?}");
        assert_eq!(answer.header(ISOLATED), "true", "{answer:?}");
    }
    for path in ["/readyz", "/api/v1/status", "/api/v1/cluster"] {
        let answer = a.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "reads go on");
        let said = answer.json();
        assert!(said["stale"].is_string(), "{answer:?}");
        assert_eq!(said["isolated"], true, "{answer:?}");
    }
    let one = "/api/v1/services/orders/instances/a";
    let refused = [
        a.delete(one).await,
        a.get("/api/v1/services/orders/instances?consistent=true")
            .await,
    ];
    for answer in refused {
        assert_eq!(answer.code(), "store-unavailable", "{answer:?}");
        assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
    }
    a.share.set_away(false);
    until("a is back", async || {
        a.get("/healthz").await.header(STALE).is_empty()
    })
    .await;
    well(a).await;
}

#[tokio::test]
async fn the_cluster_is_shown_as_a_node_sees_it() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    for number in 0..20 {
        a.register("orders", &format!("i{number}"), json!({})).await;
    }
    let seen = async |house: &House| house.get("/api/v1/cluster").await.json();
    let of = |cluster: &Value, name: &str| -> Value {
        let nodes = cluster["nodes"].as_array().expect("a list");
        let found = nodes.iter().find(|node| node["name"] == name);
        found.cloned().expect("a node of that name")
    };
    until("b has said how far it is", async || {
        of(&seen(a).await, "b")["revision"] == 20
    })
    .await;
    until("all sessions are watched over", async || {
        let cluster = seen(a).await;
        let owned = |name| of(&cluster, name)["owned"].as_u64().unwrap_or_default();
        owned("a") + owned("b") == 20
    })
    .await;
    let cluster = seen(a).await;
    assert_eq!(
        (&cluster["mode"], &cluster["node"], &cluster["member"]),
        (&json!("cluster"), &json!("a"), &json!(true))
    );
    assert_eq!(cluster["revision"], 20);
    let (one, other) = (of(&cluster, "a"), of(&cluster, "b"));
    for node in [&one, &other] {
        assert_eq!((&node["lag"], &node["lease"]), (&json!(0), &json!(1)));
        assert_eq!(node["version"], "0.0.0");
        assert_eq!(node["joined"], "2023-11-14T22:13:20.000Z");
    }
    assert_eq!(other["url"], "http://b.example:7750");
    assert!(one.get("heard_ago").is_none() && other["heard_ago"].is_string());

    b.share.set_held(true);
    a.register("orders", "late", json!({})).await;
    until("b is seen to be behind", async || {
        of(&seen(a).await, "b")["lag"] == 1
    })
    .await;
    nodes.wires.cut("b");
    until("b can't be told anything", async || {
        let cluster = seen(a).await;
        of(&cluster, "b")["unreachable"] == "the way is cut"
            && cluster["failures_total"].as_u64() > Some(0)
    })
    .await;
    let secret = a
        .token("some", json!({"role": "read", "prefix": "orders"}))
        .await;
    for path in ["/api/v1/cluster", "/api/v1/cluster/owner?session=x"] {
        let denied = a.ask(Method::GET, path).token(&secret).send().await;
        assert_eq!(denied.code(), "forbidden", "{path}");
    }
}

#[tokio::test]
async fn a_node_that_is_alone_is_a_cluster_of_one() {
    let house = House::new().await;
    house
        .register("orders", "a", json!({"session": "proc"}))
        .await;
    until("the session is watched over", async || {
        house.get("/api/v1/cluster").await.json()["nodes"][0]["owned"] == 1
    })
    .await;
    let cluster = house.get("/api/v1/cluster").await.json();
    let epoch = house.get("/api/v1/status").await.json()["epoch"].clone();
    let expected = json!({
        "mode": "alone", "node": "n1", "member": true, "isolated": false, "epoch": epoch, "revision": 1,
        "nodes": [{
            "name": "n1", "version": env!("CARGO_PKG_VERSION"), "owned": 1, "revision": 1, "lag": 0,
        }],
        "waiting": 0, "told_total": 0, "taken_total": 0, "failures_total": 0,
    });
    assert_eq!(cluster, expected);
    let owner = house.get("/api/v1/cluster/owner?session=proc").await;
    assert_eq!(owner.json(), json!({"node": "n1", "here": true}));
}

#[tokio::test]
async fn all_nodes_name_the_same_owner() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    let mut owned = std::collections::HashSet::new();
    for number in 0..20 {
        let (session, id) = (format!("s{number}"), format!("i{number}"));
        a.register("orders", &id, json!({"session": &session}))
            .await;
        // Whoever reads at b has to wait until b knows.
        b.get("/api/v1/services/orders/instances?consistent=true")
            .await;
        for query in [
            format!("session={session}"),
            format!("service=orders&id={id}&namespace=default"),
        ] {
            let path = format!("/api/v1/cluster/owner?{query}");
            let (one, other) = (a.get(&path).await.json(), b.get(&path).await.json());
            assert_eq!(one["node"], other["node"], "{query}");
            assert_eq!(one["here"], one["node"] == "a", "{query}");
            assert_eq!(other["here"], one["node"] == "b", "{query}");
            owned.insert(one["node"].to_string());
        }
    }
    assert_eq!(owned.len(), 2, "the work is shared");
    for (query, code) in [
        ("", "invalid-query"),
        ("session=s0&service=orders", "invalid-query"),
        ("service=orders", "invalid-query"),
        ("session=-", "invalid-query"),
        ("service=-&id=i0", "invalid-query"),
        ("service=orders&id=-", "invalid-query"),
        ("session=s0&node=a", "invalid-query"),
        ("session=nobody", "not-registered"),
        ("service=orders&id=nobody", "not-registered"),
        ("service=nobody&id=i0", "unknown-service"),
    ] {
        let refused = a.get(&format!("/api/v1/cluster/owner?{query}")).await;
        assert_eq!(refused.code(), code, "{query}");
    }
}
