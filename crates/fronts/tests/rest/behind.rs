//! A client that was told something by one node, and asks another that doesn't know it yet.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{Answer, House, until};
use crate::neighbours::Neighbours;
use crate::watch::{Watcher, ids};

const LIST: &str = "/api/v1/services/orders/instances";

/// Asks, in a task of its own, and waits until the question is seen to wait.
async fn asked(nodes: &Arc<Neighbours>, node: &'static str, path: String) -> JoinHandle<Answer> {
    let asking = Arc::clone(nodes);
    let asked = tokio::spawn(async move { asking.node(node).get(&path).await });
    waiting(nodes.node(node)).await;
    assert!(!asked.is_finished());
    asked
}

async fn waiting(house: &House) {
    until("somebody waits", async || {
        house.metrics.polls_waiting.get() > 0
    })
    .await;
}

/// Lets more time pass than anybody waits for another node.
async fn too_long() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
}

fn revision(answer: &Answer) -> u64 {
    let revision = answer.header("x-registry-revision").parse();
    revision.expect("a revision")
}

#[tokio::test]
async fn what_was_written_at_one_node_is_read_at_another() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    for (number, query) in ["after={R}&wait=0s", "after={R-1}", "after={R-1}&wait=60s"]
        .into_iter()
        .enumerate()
    {
        b.share.set_held(true);
        let id = format!("i{number}");
        let written = revision(&a.register("orders", &id, json!({})).await);
        let query = query
            .replace("{R}", &written.to_string())
            .replace("{R-1}", &(written - 1).to_string());
        let read = asked(&nodes, "b", format!("{LIST}?{query}")).await;
        b.share.set_held(false);
        let read = read.await.expect("ends");
        assert!(read.ids().contains(&id), "{query}: {read:?}");
        assert!(revision(&read) >= written, "{query}: {read:?}");
    }
    // What is known already isn't waited for.
    let known = revision(&b.get(LIST).await);
    let read = b.get(&format!("{LIST}?after={known}&wait=0s")).await;
    assert_eq!((read.status, revision(&read)), (StatusCode::OK, known));
}

#[tokio::test]
async fn a_condition_that_another_node_told_holds_at_one_that_is_behind() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    b.share.set_held(true);
    let written = revision(&a.register("orders", "one", json!({})).await);
    let asking = Arc::clone(&nodes);
    let removing = tokio::spawn(async move {
        let ask = asking.node("b").ask(Method::DELETE, &format!("{LIST}/one"));
        ask.header("if-match", &written.to_string()).send().await
    });
    waiting(&b.house).await;
    b.share.set_held(false);
    let removed = removing.await.expect("ends");
    assert!(removed.status.is_success(), "{removed:?}");
}

#[tokio::test]
async fn a_node_that_stays_behind_says_how_far_it_is() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    let before = revision(&a.register("orders", "one", json!({})).await);
    let caught_up = b.get(&format!("{LIST}?after={before}&wait=0s")).await;
    assert_eq!(caught_up.ids(), ["one"]);
    b.share.set_held(true);
    let written = revision(&a.register("orders", "two", json!({})).await);
    let read = asked(&nodes, "b", format!("{LIST}?after={written}&wait=0s")).await;
    too_long().await;
    let read = read.await.expect("ends");
    assert_eq!(
        (read.ids(), revision(&read)),
        (vec!["one".to_owned()], before)
    );

    let read = asked(&nodes, "b", format!("{LIST}?after={written}&wait=0s")).await;
    b.rest.drain();
    let read = read.await.expect("a node that goes down holds nobody up");
    assert_eq!(read.ids(), ["one"]);
}

#[tokio::test]
async fn a_store_that_takes_a_question_and_never_shows_it_is_not_waited_for() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let b = nodes.node("b");
    b.register("orders", "one", json!({})).await;
    b.share.set_held(true);
    let asking = Arc::clone(&nodes);
    let read = tokio::spawn(async move {
        let path = format!("{LIST}?consistent=true");
        asking.node("b").get(&path).await
    });
    let written = b.share.revision();
    until("the store has taken the question", async || {
        b.share.revision() > written
    })
    .await;
    too_long().await;
    let refused = read.await.expect("ends");
    assert_eq!(refused.code(), "store-unavailable");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn a_stream_goes_on_at_a_node_that_is_behind() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    for (session, method) in [("one", Method::GET), ("two", Method::POST)] {
        b.share.set_held(true);
        // The session is news to b as well.
        let fields = json!({"session": session});
        a.register("orders", &format!("known-{session}"), fields)
            .await;
        let mut watcher = Watcher::open(a, "service=orders", "").await;
        let id = watcher.expect("snapshot", "orders").await.id;
        drop(watcher);
        let asking = Arc::clone(&nodes);
        let opened = tokio::spawn(async move {
            let b = asking.node("b");
            let ask = match method {
                Method::GET => {
                    let path = format!("/api/v1/watch?service=orders&session={session}");
                    b.ask(method, &path)
                }
                _ => b
                    .ask(method, "/api/v1/watch")
                    .json(&json!({"services": ["orders"], "session": session})),
            };
            Watcher::of(ask.header("last-event-id", &id)).await
        });
        waiting(b).await;
        b.share.set_held(false);
        let mut watcher = opened.await.expect("opens");
        let new = format!("new-{session}");
        a.register("orders", &new, json!({})).await;
        let delta = watcher.expect("delta", "orders").await;
        assert_eq!(ids(&delta.data["upserted"]), [new], "only what is new");
    }
}

#[tokio::test]
async fn a_stream_begins_anew_where_a_node_stays_behind() {
    let nodes = Arc::new(Neighbours::of(&["a", "b"]).await);
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    b.share.set_held(true);
    a.register("orders", "one", json!({})).await;
    let mut watcher = Watcher::open(a, "service=orders", "").await;
    let id = watcher.expect("snapshot", "orders").await.id;
    let asking = Arc::clone(&nodes);
    let opened = tokio::spawn(async move {
        let b = asking.node("b");
        Watcher::open(b, "service=orders", &id).await
    });
    waiting(b).await;
    too_long().await;
    let mut watcher = opened.await.expect("opens");
    let reset = watcher.next().await.expect("an event");
    assert_eq!(reset.name, "reset");
    watcher.expect("snapshot", "orders").await;
    // Another history is not waited for.
    let mut watcher = Watcher::open(b, "service=orders", "0123456789abcdef-9").await;
    let reset = watcher.next().await.expect("an event");
    assert_eq!(reset.name, "reset");
}
