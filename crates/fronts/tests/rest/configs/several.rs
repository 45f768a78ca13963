//! Many items: released together, layered, listed, searched and copied.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::House;

#[tokio::test]
async fn several_items_are_released_together_or_not_at_all() {
    let house = House::new().await;
    let release = |items: Value| {
        let body = json!({"items": items, "comment": "together"});
        let house = &house;
        async move {
            house
                .ask(Method::POST, "/api/v1/configs/release")
                .json(&body)
                .send()
                .await
        }
    };
    let bad = release(json!([{"group": "a", "key": "x", "content": "1"}, {"group": "a", "key": "y.json", "content": "{"}])).await;
    assert_eq!(
        (bad.code(), bad.fields()),
        (
            "invalid-content".to_owned(),
            vec!["items[1].content".to_owned()]
        )
    );
    assert_eq!(
        house.get("/api/v1/configs/a/x").await.code(),
        "unknown-config",
        "not half of it"
    );
    let good = release(json!([{"group": "a", "key": "x", "content": "1"}, {"group": "a", "key": "y.json", "content": "{}", "if_revision": 0}])).await;
    let good = good.json();
    assert_eq!(
        good["items"][0]["revision"], good["items"][1]["revision"],
        "one step"
    );
    let moved = release(json!([{"group": "a", "key": "x", "remove": true}, {"group": "a", "key": "y.json", "content": "[]", "if_revision": 0}])).await;
    assert_eq!(moved.code(), "revision-mismatch");
    assert_eq!(
        house.get("/api/v1/configs/a/x").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn later_groups_override_and_say_so() {
    let house = House::new().await;
    for (item, content) in [
        ("shared/db", "one"),
        ("shared/log", "info"),
        ("shop/db", "two"),
    ] {
        house
            .put(
                &format!("/api/v1/configs/{item}"),
                json!({"content": content}),
            )
            .await;
    }
    let effective = house
        .get("/api/v1/configs/effective?group=shared&group=shop")
        .await
        .json();
    let shown: Vec<_> = (effective["configs"].as_array().expect("a list").iter())
        .map(|one| {
            (
                one["key"].as_str().expect("a key"),
                one["content"].as_str().expect("text"),
                one["because"].as_str().expect("text"),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("db", "two", "this comes from group shop, release 1"),
            ("log", "info", "this comes from group shared, release 1"),
        ]
    );
    assert_eq!(
        effective["configs"][0]["overrides"],
        json!([{"group": "shared", "release": 1}])
    );
}

#[tokio::test]
async fn items_are_found_by_name_and_content_page_by_page() {
    let house = House::new().await;
    for n in 0..5 {
        house
            .put(
                &format!("/api/v1/configs/g{}/k{n}", n % 2),
                json!({"content": format!("first\nneedle {n}\n")}),
            )
            .await;
    }
    let keys = |list: &Value| -> Vec<String> {
        let list = list["configs"].as_array().expect("a list").iter();
        list.map(|one| {
            format!(
                "{}/{}",
                one["group"].as_str().expect("text"),
                one["key"].as_str().expect("text")
            )
        })
        .collect()
    };
    let all = house.get("/api/v1/configs").await.json();
    assert_eq!(keys(&all), ["g0/k0", "g0/k2", "g0/k4", "g1/k1", "g1/k3"]);
    let page = house.get("/api/v1/configs?limit=2").await.json();
    let cursor = page["cursor"].as_str().expect("more").to_owned();
    let rest = house
        .get(&format!(
            "/api/v1/configs?cursor={}",
            cursor.replace('/', "%2F")
        ))
        .await
        .json();
    assert_eq!([keys(&page), keys(&rest)].concat(), keys(&all));
    let found = house.get("/api/v1/configs?search=needle%203").await.json();
    assert_eq!(keys(&found), ["g1/k3"]);
    assert_eq!(
        found["configs"][0]["matched"],
        json!({"line": 2, "text": "needle 3"})
    );
    let cloned = house
        .ask(Method::POST, "/api/v1/configs/clone")
        .json(&json!({"to": "staging", "group": "g0"}))
        .send()
        .await;
    assert_eq!(cloned.json()["copied"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        keys(&house.get("/api/v1/configs?namespace=staging").await.json()),
        ["g0/k0", "g0/k2", "g0/k4"]
    );
}
