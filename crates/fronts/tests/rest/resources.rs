//! Every resource, from its making to its end.

use http::{Method, StatusCode};
use serde_json::json;

use crate::harness::House;

const ONE: &str = "/api/v1/services/orders/instances/a";

#[tokio::test]
async fn an_instance_from_registration_to_deregistration() {
    let house = House::new().await;
    let body = json!({"address": "10.0.0.7", "port": 8080, "version": "v1.4.2", "metadata": {"team": "pay", "canary": "yes"}, "tags": ["x"]});
    let first = house.put(ONE, body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let stored = first.json();
    assert_eq!(
        (&stored["version"], &stored["weight"], &stored["status"]),
        (&json!("1.4.2"), &json!(100), &json!("up"))
    );
    assert_eq!(
        (&stored["health"], &stored["ephemeral"]),
        (&json!("passing"), &json!(true))
    );
    assert!(
        stored["session"]
            .as_str()
            .expect("a session")
            .starts_with("own-")
    );
    assert!(stored.get("health_detail").is_none() && stored.get("zone").is_none());

    let again = house.put(ONE, body).await;
    assert_eq!(
        (again.status, &again.json()),
        (StatusCode::OK, &stored),
        "idempotent"
    );
    assert_eq!(house.get(ONE).await.json(), stored);
    let alive = house
        .ask(Method::PUT, &format!("{ONE}/heartbeat"))
        .send()
        .await;
    assert_eq!(alive.status, StatusCode::NO_CONTENT);
    let alive = house
        .ask(Method::PUT, &format!("{ONE}/heartbeat"))
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(alive.status, StatusCode::NO_CONTENT, "{alive:?}");

    let revision = stored["revision"].to_string();
    let patch = json!({"weight": 50, "metadata": {"canary": null}, "tags": null});
    let patched = house
        .ask(Method::PATCH, ONE)
        .header("if-match", &revision)
        .body("application/merge-patch+json", patch.to_string())
        .send()
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{patched:?}");
    let patched = patched.json();
    assert_eq!(
        (&patched["weight"], &patched["metadata"]),
        (&json!(50), &json!({"team": "pay"}))
    );
    assert!(patched.get("tags").is_none() && patched["version"] == "1.4.2");
    assert_eq!(patched["session"], stored["session"]);

    let stale = house
        .ask(Method::DELETE, ONE)
        .header("if-match", &format!("\"{revision}\""))
        .send()
        .await;
    assert_eq!(stale.code(), "revision-mismatch");
    let gone = house
        .ask(Method::DELETE, ONE)
        .header("if-match", &patched["revision"].to_string())
        .send()
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(house.get(ONE).await.code(), "not-registered");
    assert!(
        house
            .get("/api/v1/services/orders/instances")
            .await
            .ids()
            .is_empty(),
        "known and empty"
    );
    let alive = house
        .ask(Method::PUT, &format!("{ONE}/heartbeat"))
        .send()
        .await;
    assert_eq!(alive.code(), "not-registered");
}

#[tokio::test]
async fn a_patch_is_judged_by_what_comes_of_it() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    for (patch, code, field) in [
        (json!({"address": null}), "missing-field", "address"),
        (json!({"port": 0}), "invalid-field", "port"),
        (json!({"prot": 1}), "unknown-field", "prot"),
        (json!({"zone": ""}), "invalid-field", "zone"),
        (json!([]), "invalid-field", "body"),
    ] {
        let answer = house.ask(Method::PATCH, ONE).json(&patch).send().await;
        assert_eq!(answer.code(), code, "{patch}");
        assert_eq!(answer.fields(), [field], "{patch}");
    }
    let lenient = house
        .ask(Method::PATCH, ONE)
        .header("prefer", "handling=lenient")
        .json(&json!({"prot": 1}));
    assert_eq!(lenient.send().await.status, StatusCode::OK);
    let absent = house
        .ask(Method::PATCH, "/api/v1/services/orders/instances/z")
        .json(&json!({}));
    assert_eq!(absent.send().await.code(), "not-registered");
}

#[tokio::test]
async fn a_service_and_its_settings() {
    let house = House::new().await;
    let path = "/api/v1/services/pay";
    let made = house
        .put(
            path,
            json!({"protect_threshold": 30, "owners": ["team"], "description": "d"}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    assert_eq!(
        (&made.json()["protect_threshold"], &made.json()["instances"]),
        (&json!(30), &json!(0))
    );
    assert_eq!(house.get(path).await.json(), made.json());
    let revision = made.json()["settings_revision"].to_string();
    let changed = house
        .ask(Method::PUT, path)
        .header("if-match", &revision)
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        (changed.status, &changed.json()["protect_threshold"]),
        (StatusCode::OK, &json!(50))
    );
    let stale = house
        .ask(Method::PUT, path)
        .header("if-match", &revision)
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(stale.code(), "revision-mismatch");
    assert_eq!(
        house
            .put(path, json!({"protect_threshold": 101}))
            .await
            .fields(),
        ["protect_threshold"]
    );
    assert_eq!(house.delete(path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.get(path).await.code(), "unknown-service");
}

#[tokio::test]
async fn services_come_in_pages() {
    let house = House::new().await;
    for name in ["a1", "a2", "a3", "b1"] {
        house.register(name, "i", json!({})).await;
    }
    let names = |answer: &crate::harness::Answer| -> Vec<String> {
        let json = answer.json();
        let services = json["services"].as_array().expect("a list");
        services
            .iter()
            .map(|one| one["service"].as_str().expect("a name").to_owned())
            .collect()
    };
    let first = house.get("/api/v1/services?prefix=a&limit=2").await;
    assert_eq!(names(&first), ["a1", "a2"]);
    let cursor = first.json()["cursor"].as_str().expect("more").to_owned();
    let second = house
        .get(&format!(
            "/api/v1/services?prefix=a&limit=2&cursor={cursor}"
        ))
        .await;
    assert_eq!(names(&second), ["a3"]);
    assert!(second.json().get("cursor").is_none());
    assert_eq!(second.json()["services"][0]["healthy"], 1);
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=-",
        "limit=1&limit=2",
    ] {
        assert_eq!(
            house.get(&format!("/api/v1/services?{query}")).await.code(),
            "invalid-query",
            "{query}"
        );
    }
    let secret = house
        .token("some", json!({"role": "read", "service": "b1"}))
        .await;
    let some = house
        .ask(Method::GET, "/api/v1/services")
        .token(&secret)
        .send()
        .await;
    assert_eq!(names(&some), ["b1"], "only what may be read");
}

#[tokio::test]
async fn overrides_are_listed_also_of_instances_that_are_not_registered() {
    let house = House::new().await;
    let list = "/api/v1/services/orders/overrides";
    assert_eq!(house.get(list).await.json()["overrides"], json!([]));
    for id in ["b", "a"] {
        let path = format!("/api/v1/services/orders/instances/{id}/override");
        let body = json!({"status": "maintenance", "reason": "new disk"});
        house.put(&path, body).await;
        assert_eq!(house.get(&path).await.json()["reason"], "new disk");
    }
    house.register("orders", "b", json!({})).await;
    let listed = house.get(list).await.json();
    let shown: Vec<_> = (listed["overrides"].as_array().expect("a list").iter())
        .map(|entry| (entry["id"].clone(), entry["registered"].clone()))
        .collect();
    assert_eq!(
        shown,
        [(json!("a"), json!(false)), (json!("b"), json!(true))]
    );
    let none = house
        .get("/api/v1/services/orders/instances/c/override")
        .await;
    assert_eq!(none.code(), "unknown-override");
}

#[tokio::test]
async fn an_override_wins_and_ends() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let path = format!("{ONE}/override");
    let set = house
        .put(
            &path,
            json!({"status": "maintenance", "reason": "new disk"}),
        )
        .await;
    assert_eq!(set.status, StatusCode::CREATED, "{set:?}");
    assert_eq!(set.json()["by"], "anonymous");
    let again = house.put(&path, json!({"status": "draining"})).await;
    assert_eq!(again.status, StatusCode::OK);
    let one = house.get(ONE).await.json();
    assert_eq!(
        (&one["status"], &one["override"]["status"]),
        (&json!("draining"), &json!("draining"))
    );
    assert!(
        house
            .get("/api/v1/services/orders/instances")
            .await
            .ids()
            .is_empty()
    );
    let explained = house.get("/api/v1/services/orders/explain").await.json();
    assert_eq!(explained["instances"][0]["eligible"], false);
    assert!(
        explained["instances"][0]["reasons"][0]
            .as_str()
            .expect("a reason")
            .contains("draining")
    );
    assert_eq!(house.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.get("/api/v1/services/orders/instances").await.ids(),
        ["a"]
    );
    assert_eq!(house.delete(&path).await.code(), "unknown-override");
    assert_eq!(
        house.put(&path, json!({"status": "asleep"})).await.fields(),
        ["status"]
    );
}

#[tokio::test]
async fn a_session_lives_and_ends_with_all_its_instances() {
    let house = House::new().await;
    house
        .register(
            "a",
            "1",
            json!({"session": "proc", "ttl": "30s", "remove_after": "60s"}),
        )
        .await;
    house.register("b", "1", json!({"session": "proc"})).await;
    let beat = |body: serde_json::Value| {
        house
            .ask(Method::POST, "/api/v1/sessions/proc/heartbeat")
            .json(&body)
            .send()
    };
    assert_eq!(
        house
            .ask(Method::POST, "/api/v1/sessions/proc/heartbeat")
            .send()
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        beat(json!({"cpu": 0.5, "in_flight": 3, "requests": 10, "errors": 1}))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(beat(json!({"cpu": 1.5})).await.fields(), ["cpu"]);
    assert_eq!(beat(json!({"cpus": 1})).await.code(), "unknown-field");
    let ended = house.delete("/api/v1/sessions/proc").await;
    assert_eq!(ended.json(), json!({"session": "proc", "removed": 2}));
    assert!(
        house
            .get("/api/v1/services/a/instances")
            .await
            .ids()
            .is_empty()
    );
    assert_eq!(
        house.delete("/api/v1/sessions/proc").await.code(),
        "not-registered"
    );
}

#[tokio::test]
async fn a_batch_answers_item_by_item() {
    let house = House::new().await;
    let instance = json!({"address": "10.0.0.7", "port": 1});
    let register =
        |id: &str| json!({"action": "register", "service": "s", "id": id, "instance": instance});
    let batch =
        |body: serde_json::Value| house.ask(Method::POST, "/api/v1/batch").json(&body).send();
    let answer = batch(json!({"items": [
        register("a"),
        {"action": "register", "service": "s", "id": "x/y", "instance": instance},
        {"action": "deregister", "service": "s", "id": "nobody"},
        {"action": "register", "service": "s", "id": "b", "instance": {"address": "a b", "port": 1}},
        {"action": "register", "service": "s", "id": "c"},
        register("d"),
    ]}))
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let json = answer.json();
    let results = json["results"].as_array().expect("a list");
    let statuses: Vec<_> = results
        .iter()
        .map(|result| result["status"].as_u64())
        .collect();
    assert_eq!(statuses, [201, 400, 404, 400, 400, 201].map(Some), "{json}");
    assert_eq!(
        results[3]["problem"]["errors"][0]["field"],
        "instance.address"
    );
    assert_eq!(
        house.get("/api/v1/services/s/instances").await.ids(),
        ["a", "d"]
    );

    let both = batch(json!({"atomic": true, "items": [register("e"), {"action": "deregister", "service": "s", "id": "nobody"}]})).await;
    assert_eq!(both.code(), "not-registered", "{both:?}");
    let wrong = batch(json!({"atomic": true, "items": [register("e"), register("-")]})).await;
    assert_eq!(wrong.fields(), ["items[1].id"]);
    assert_eq!(
        house.get("/api/v1/services/s/instances").await.ids(),
        ["a", "d"],
        "nothing of either"
    );
    let many: Vec<_> = (0..1001).map(|n| register(&format!("i{n}"))).collect();
    assert_eq!(batch(json!({"items": many})).await.fields(), ["items"]);
    assert_eq!(
        batch(json!({"items": many[..33], "atomic": true}))
            .await
            .fields(),
        ["items"]
    );
    assert_eq!(
        batch(json!({"items": []})).await.json(),
        json!({"results": []})
    );
}

#[tokio::test]
async fn the_timeline_tells_what_happened() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    house.delete(ONE).await;
    let path = "/api/v1/services/orders/events";
    let all = house.get(path).await.json();
    let kinds: Vec<_> = all["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| event["kind"].as_str())
        .collect();
    assert_eq!(kinds, [Some("registered"), Some("deregistered")]);
    let first = all["events"][0]["cursor"].as_str().expect("a cursor");
    let rest = house
        .get(&format!("{path}?after={first}&limit=5"))
        .await
        .json();
    assert_eq!(rest["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        house.get(&format!("{path}?after=x")).await.fields(),
        ["after"]
    );
    assert_eq!(
        house.get("/api/v1/services/nobody/events").await.code(),
        "unknown-service"
    );
}
