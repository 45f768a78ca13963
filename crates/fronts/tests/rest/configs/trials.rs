//! Gray releases, and who has which release.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ITEM, content, post, publish};
use crate::harness::{House, until};
use crate::watch::Watcher;

#[tokio::test]
async fn a_gray_release_reaches_its_audience_alone() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let tried = post(
        &house,
        "gray",
        json!({"content": "a: 2\n", "audience": {"zones": ["eu-1"], "labels": {"tier": "canary"}}}),
    )
    .await;
    assert_eq!(tried.status, StatusCode::OK, "{tried:?}");
    let at = |query: &str| {
        let path = format!("{ITEM}?{query}");
        let house = &house;
        async move { house.get(&path).await.json()["content"].clone() }
    };
    assert_eq!(at("").await, "a: 1\n");
    assert_eq!(
        at("zone=eu-1").await,
        "a: 1\n",
        "all that is said must apply"
    );
    assert_eq!(at("zone=eu-1&label.tier=canary").await, "a: 2\n");
    // What an instance is registered with says where its session is.
    let body = json!({"zone": "eu-1", "metadata": {"tier": "canary"}, "session": "canary"});
    house.register("orders", "one", body).await;
    assert_eq!(at("session=canary").await, "a: 2\n");
    assert_eq!(
        house.put(ITEM, json!({"content": "a: 3\n"})).await.code(),
        "gray-release-running"
    );

    post(&house, "gray", json!({"audience": {"instances": ["one"]}})).await;
    assert_eq!(at("zone=eu-1&label.tier=canary").await, "a: 1\n");
    assert_eq!(at("session=canary").await, "a: 2\n");
    post(&house, "gray", json!({"promote": true})).await;
    assert_eq!(at("").await, "a: 2\n");
    let history = house.get(&format!("{ITEM}/releases")).await.json();
    assert_eq!(
        (
            &history["releases"][0]["stage"],
            &history["releases"][0]["in_use"]
        ),
        (&json!("released"), &json!(true))
    );
}

#[tokio::test]
async fn a_trial_that_a_receiver_can_not_apply_ends_by_itself() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    house
        .register("orders", "one", json!({"session": "s1"}))
        .await;
    let mut watcher = Watcher::open(&house, "config=shop/app.yaml&session=s1", "").await;
    assert_eq!(watcher.next().await.expect("the first").data["release"], 1);
    post(
        &house,
        "gray",
        json!({"content": "a: 2\n", "audience": {"instances": ["one"]}}),
    )
    .await;
    let tried = watcher.next().await.expect("the trial");
    assert_eq!(
        (&tried.data["release"], &tried.data["gray"]),
        (&json!(2), &json!(true))
    );
    let acks = json!({"session": "s1", "acks": [{"group": "shop", "key": "app.yaml", "release": 2, "error": "no such port"}]});
    let acked = house
        .ask(Method::POST, "/api/v1/configs/acks")
        .json(&acks)
        .send()
        .await;
    assert_eq!(acked.json()["accepted"], 1);
    let back = watcher.next().await.expect("what is in use");
    assert_eq!(
        (&back.data["release"], &back.data["content"]),
        (&json!(1), &json!("a: 1\n"))
    );
    let history = house.get(&format!("{ITEM}/releases")).await.json();
    assert_eq!(history["releases"][0]["stage"], "aborted");
    assert_eq!(
        history["releases"][0]["aborted"],
        "s1 could not apply it: no such port"
    );
    let events = house.get(&format!("{ITEM}/events")).await.json();
    let last = events["events"]
        .as_array()
        .expect("a list")
        .last()
        .expect("some")
        .clone();
    assert_eq!(
        (&last["kind"], &last["by"]),
        (&json!("config-aborted"), &json!("node:n1"))
    );
}

#[tokio::test]
async fn who_has_which_release_is_a_list() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    house
        .register("orders", "one", json!({"session": "s1"}))
        .await;
    let mut watcher = Watcher::open(&house, "config=shop/app.yaml&session=s1", "").await;
    watcher.next().await.expect("the first");
    let _silent = Watcher::open(&house, "config=shop/*", "").await;
    let reach = house
        .put(
            &format!("{ITEM}?dry_run=true"),
            json!({"content": "a: 22\n"}),
        )
        .await
        .json();
    assert_eq!(
        (&reach["subscribers"], &reach["bytes"]),
        (&json!(2), &json!(12))
    );
    assert!(
        reach["unified"]
            .as_str()
            .expect("text")
            .contains("-a: 1\n+a: 22\n")
    );
    assert_eq!(content(&house).await, "a: 1\n", "it was only asked");
    let ack =
        json!({"session": "s1", "acks": [{"group": "shop", "key": "app.yaml", "release": 1}]});
    house
        .ask(Method::POST, "/api/v1/configs/acks")
        .json(&ack)
        .send()
        .await;
    let listed = house.get(&format!("{ITEM}/subscribers")).await.json();
    let of = |session: Value| {
        let list = listed["subscribers"].as_array().expect("a list");
        list.iter()
            .find(|one| one["session"] == session)
            .expect("known")
            .clone()
    };
    let known = of(json!("s1"));
    assert_eq!(
        (
            &known["sent"],
            &known["acknowledged"]["release"],
            &known["acknowledged"]["applied"]
        ),
        (&json!(1), &json!(1), &json!(true))
    );
    assert_eq!(known["instances"], json!(["one"]));
    assert!(
        of(Value::Null)["acknowledged"].is_null(),
        "one that never acknowledges is shown as that"
    );
    drop(watcher);
    until("its stream is gone", async || {
        let listed = house.get(&format!("{ITEM}/subscribers")).await.json();
        listed["subscribers"].as_array().is_some_and(|list| {
            list.iter()
                .any(|one| one["session"] == "s1" && one["connected"] == false)
        })
    })
    .await;
}
