//! Subscribers, and what others got wrong with theirs: each ends with the last release, and is told no more than that.

use http::Method;
use serde_json::json;

use super::{ITEM, post, publish};
use crate::harness::{House, until};
use crate::watch::Watcher;

/// apollo#3418: a client that asks for an item before there is one has to learn of it once there is.
#[tokio::test]
async fn an_item_that_is_missing_at_the_start_is_told_once_it_is_there_apollo_3418() {
    let house = House::new().await;
    let mut watcher = Watcher::open(&house, "config=shop/app.yaml", "").await;
    let missing = watcher.next().await.expect("told");
    assert_eq!(
        (&missing.data["removed"], &missing.data["revision"]),
        (&json!(true), &json!(0))
    );
    let poll = house
        .ask(Method::GET, &format!("{ITEM}?after=0&wait=20s"))
        .send();
    let publishing = async {
        until("the poll waits", async || {
            house.metrics.polls_waiting.get() == 1
        })
        .await;
        publish(&house, "a: 1\n").await;
    };
    let (polled, ()) = tokio::join!(poll, publishing);
    assert_eq!(polled.json()["content"], "a: 1\n");
    assert_eq!(
        watcher.next().await.expect("told").data["content"],
        "a: 1\n"
    );
}

/// nacos#4906, nacos#8633: whoever was away, lagged or came through a restart ends with the last release.
#[tokio::test]
async fn every_subscriber_ends_with_the_last_release_nacos_4906_and_8633() {
    let house = House::new().await;
    publish(&house, "a: 0\n").await;
    let mut lagging = Watcher::open(&house, "config=shop/app.yaml", "").await;
    lagging.next().await.expect("the first");
    for n in 1..50 {
        publish(&house, &format!("a: {n}\n")).await;
    }
    let mut seen = Vec::new();
    loop {
        let event = lagging.next().await.expect("goes on");
        seen.push(event.data["release"].as_u64().expect("a number"));
        if event.data["content"] == "a: 49\n" {
            break;
        }
    }
    assert!(seen.is_sorted(), "{seen:?}");
    // The id of the last event may only come with the next line.
    let id = lagging.last_id.clone();
    drop(lagging);
    publish(&house, "a: 50\n").await;
    let house = house.restart().await;
    let mut resumed = Watcher::open(&house, "config=shop/app.yaml", &id).await;
    let mut last = resumed.next().await.expect("what was missed");
    while last.data["content"] != "a: 50\n" {
        last = resumed.next().await.expect("goes on");
    }
    publish(&house, "a: 51\n").await;
    assert_eq!(
        resumed.next().await.expect("goes on").data["content"],
        "a: 51\n"
    );
}

/// nacos#10769: who has the last release is not sent it again, and who resumes where nothing happened gets nothing.
#[tokio::test]
async fn who_has_the_last_release_is_not_sent_it_again_nacos_10769() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let mut watcher = Watcher::open(&house, "config=shop/app.yaml&service=orders", "").await;
    watcher.next().await.expect("configuration");
    watcher.expect("snapshot", "orders").await;
    // A trial for others changes the item, and nothing for this subscriber.
    post(
        &house,
        "gray",
        json!({"content": "a: 2\n", "audience": {"zones": ["elsewhere"]}}),
    )
    .await;
    house.register("orders", "a", json!({})).await;
    let next = watcher.expect("delta", "orders").await;
    let mut resumed = Watcher::open(&house, "config=shop/app.yaml&service=orders", &next.id).await;
    house.register("orders", "b", json!({})).await;
    resumed.expect("delta", "orders").await;
}

/// Configuration is read before anything registers, and by processes that register nothing.
#[tokio::test]
async fn who_follows_configuration_has_a_name_without_being_registered() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let query = "config=shop/app.yaml&session=batch-job";
    let mut watcher = Watcher::open(&house, query, "").await;
    watcher.next().await.expect("the first");
    let subscribers = house.get(&format!("{ITEM}/subscribers")).await.json();
    assert_eq!(
        subscribers["subscribers"][0]["session"], "batch-job",
        "{subscribers}"
    );
    let nothing_read = house
        .get("/api/v1/watch?service=orders&session=batch-job")
        .await;
    assert_eq!(nothing_read.code(), "not-registered");
}

/// apollo#5256: a removed item must not stay in force.
#[tokio::test]
async fn a_removed_item_is_told_as_removed_apollo_5256() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let mut watcher = Watcher::open(&house, "config=shop/*", "").await;
    watcher.next().await.expect("the first");
    house.delete(ITEM).await;
    let gone = watcher.next().await.expect("told");
    assert_eq!(
        (&gone.data["removed"], &gone.data["key"]),
        (&json!(true), &json!("app.yaml"))
    );
    let mut late = Watcher::open(&house, "config=shop/app.yaml", "").await;
    assert_eq!(late.next().await.expect("told").data["removed"], true);
}
