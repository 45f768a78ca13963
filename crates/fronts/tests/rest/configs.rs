//! Configuration over HTTP: released, taken back, refused.

mod guarded;
mod several;
mod trials;
mod watching;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, House};

const ITEM: &str = "/api/v1/configs/shop/app.yaml";

async fn publish(house: &House, content: &str) -> Value {
    let answer = house.put(ITEM, json!({"content": content})).await;
    assert!(answer.status.is_success(), "{answer:?}");
    answer.json()
}

async fn post(house: &House, part: &str, body: Value) -> Answer {
    house
        .ask(Method::POST, &format!("{ITEM}/{part}"))
        .json(&body)
        .send()
        .await
}

async fn content(house: &House) -> Value {
    house.get(ITEM).await.json()["content"].clone()
}

#[tokio::test]
async fn releases_follow_each_other_and_nothing_is_lost() {
    let house = House::new().await;
    let first = house
        .put(ITEM, json!({"content": "port: 1\n", "comment": "first"}))
        .await;
    assert_eq!(first.status, StatusCode::CREATED);
    let first = first.json();
    assert_eq!(
        (&first["release"], &first["format"]),
        (&json!(1), &json!("yaml"))
    );
    let again = publish(&house, "port: 1\n").await;
    assert_eq!(
        (&again["release"], &again["unchanged"]),
        (&json!(1), &json!(true)),
        "no new release"
    );
    publish(&house, "port: 2\n").await;

    let shown = house.get(ITEM).await;
    assert_eq!(shown.json()["content"], "port: 2\n");
    let etag = shown.header("etag").to_owned();
    let known = house
        .ask(Method::GET, ITEM)
        .header("if-none-match", &etag)
        .send()
        .await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let raw = house.get(&format!("{ITEM}?raw=true")).await;
    assert_eq!(
        (&raw.body[..], raw.header("x-registry-release")),
        (&b"port: 2\n"[..], "2")
    );

    let history = house.get(&format!("{ITEM}/releases")).await.json();
    let numbers: Vec<_> = history["releases"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["release"].clone())
        .collect();
    assert_eq!(numbers, [json!(2), json!(1)], "newest first");
    assert_eq!(history["releases"][1]["comment"], "first");
    assert_eq!(
        house.get(&format!("{ITEM}/releases/1")).await.json()["content"],
        "port: 1\n"
    );
    let diff = house.get(&format!("{ITEM}/diff?from=1&to=2")).await.json();
    assert!(
        diff["unified"]
            .as_str()
            .expect("text")
            .ends_with("-port: 1\n+port: 2\n"),
        "{diff}"
    );

    let house = house.restart().await;
    assert_eq!(content(&house).await, "port: 2\n");
    assert_eq!(
        house.get(&format!("{ITEM}/releases/1")).await.json()["content"],
        "port: 1\n"
    );
}

#[tokio::test]
async fn each_rollback_goes_one_further_back() {
    let house = House::new().await;
    for content in ["a: 1\n", "a: 2\n", "a: 3\n"] {
        publish(&house, content).await;
    }
    for (expected, release) in [("a: 2\n", 4), ("a: 1\n", 5)] {
        let back = post(&house, "rollback", json!({})).await.json();
        assert_eq!(back["release"], release, "a rollback is a release");
        assert_eq!(content(&house).await, expected);
    }
    assert_eq!(
        post(&house, "rollback", json!({})).await.code(),
        "nothing-to-go-back-to"
    );
    post(&house, "rollback", json!({"to": 3})).await;
    assert_eq!(content(&house).await, "a: 3\n");
    house.delete(ITEM).await;
    assert_eq!(house.get(ITEM).await.code(), "unknown-config");
    post(&house, "rollback", json!({})).await;
    assert_eq!(content(&house).await, "a: 3\n", "a removal is undone, too");
}

#[tokio::test]
async fn what_is_malformed_or_does_not_fit_is_refused_before_anyone_sees_it() {
    let house = House::new().await;
    let schema = json!({"type": "object", "properties": {"port": {"type": "integer"}}});
    let first = house
        .put(ITEM, json!({"content": "port: 1\n", "schema": schema}))
        .await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let malformed = house.put(ITEM, json!({"content": "a: 1\nport: [\n"})).await;
    assert_eq!(malformed.code(), "invalid-content");
    assert_eq!(malformed.fields(), ["content"]);
    assert!(
        malformed.json()["errors"][0]["detail"]
            .as_str()
            .expect("text")
            .starts_with("line 2, column"),
        "{malformed:?}"
    );
    let forbidden = house.put(ITEM, json!({"content": "port: many\n"})).await;
    assert_eq!(
        (forbidden.code(), forbidden.fields()),
        (
            "invalid-content".to_owned(),
            vec!["content/port".to_owned()]
        )
    );
    let bad_schema = house
        .put(ITEM, json!({"content": "port: 2\n", "schema": {"type": 7}}))
        .await;
    assert_eq!(bad_schema.fields(), ["schema"]);
    let large = house
        .put(
            "/api/v1/configs/shop/large",
            json!({"content": "x".repeat(1024 * 1024 + 1)}),
        )
        .await;
    assert_eq!(
        (large.code(), large.fields()),
        ("invalid-field".to_owned(), vec!["content".to_owned()])
    );
    assert!(
        large.json()["detail"]
            .as_str()
            .expect("text")
            .contains("item_size_max")
    );
    assert_eq!(content(&house).await, "port: 1\n");
    let lifted = house
        .put(ITEM, json!({"content": "port: many\n", "schema": false}))
        .await;
    assert_eq!(lifted.status, StatusCode::OK, "without its schema");
}

#[tokio::test]
async fn of_two_publishers_at_once_one_is_told() {
    let house = House::new().await;
    let revision = publish(&house, "a: 1\n").await["revision"].to_string();
    let put = |content: &str| {
        let ask = house.ask(Method::PUT, ITEM).header("if-match", &revision);
        ask.json(&json!({"content": content})).send()
    };
    let (one, two) = tokio::join!(put("a: 2\n"), put("a: 3\n"));
    let refused = [&one, &two]
        .into_iter()
        .filter(|answer| answer.status == StatusCode::PRECONDITION_FAILED)
        .count();
    assert_eq!(refused, 1, "{one:?} {two:?}");
    let taken = house
        .ask(Method::PUT, ITEM)
        .header("if-match", "0")
        .json(&json!({"content": ""}))
        .send()
        .await;
    assert_eq!(taken.code(), "revision-mismatch", "it is there");
}
