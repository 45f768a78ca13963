//! Streams: what a watcher sees, across pauses, restarts and other histories.

use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::BodyExt;
use paste_fronts::Body;
use serde_json::{Value, json};

use crate::harness::{Ask, House, PATIENCE};

/// One event as a client sees it (WHATWG HTML §9.2.6).
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: Value,
    /// The last id seen when it was dispatched.
    pub(crate) id: String,
}

/// A client of a stream.
pub(crate) struct Watcher {
    body: Body,
    text: String,
    pub(crate) last_id: String,
    retry: Option<u64>,
}

impl Watcher {
    pub(crate) async fn open(house: &House, query: &str, last_id: &str) -> Self {
        let ask = house.ask(Method::GET, &format!("/api/v1/watch?{query}"));
        let ask = if last_id.is_empty() {
            ask
        } else {
            ask.header("last-event-id", last_id)
        };
        Self {
            last_id: last_id.to_owned(),
            ..Self::of(ask).await
        }
    }

    /// The client of a stream that is asked for.
    pub(crate) async fn of(ask: Ask<'_>) -> Self {
        let response = ask.open().await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
            last_id: String::new(),
            retry: None,
        }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(event) = self.dispatched(&block) {
                    return Some(event);
                }
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame())
                .await
                .expect("an event")?;
            let bytes = frame.expect("infallible").into_data().expect("data");
            self.text
                .push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }

    fn dispatched(&mut self, block: &str) -> Option<Event> {
        let (mut name, mut data) = (String::new(), None);
        for line in block.lines() {
            let (field, value) = line.split_once(": ").expect("a field");
            match field {
                "event" => name = value.to_owned(),
                "data" => data = Some(serde_json::from_str(value).expect("json")),
                "id" => self.last_id = value.to_owned(),
                "retry" => self.retry = value.parse().ok(),
                other => panic!("{other}"),
            }
        }
        Some(Event {
            name,
            data: data?,
            id: self.last_id.clone(),
        })
    }

    pub(crate) async fn expect(&mut self, name: &str, service: &str) -> Event {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(
            (event.name.as_str(), &event.data["service"]),
            (name, &json!(service)),
            "{event:?}"
        );
        event
    }
}

pub(crate) fn ids(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn snapshots_then_deltas() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    house.register("a", "2", json!({"status": "down"})).await;
    let mut watcher = Watcher::open(&house, "service=a&service=b", "").await;
    let first = watcher.expect("snapshot", "a").await;
    assert_eq!(
        ids(&first.data["instances"]),
        ["1", "2"],
        "everyone, whatever their status"
    );
    assert_eq!(
        first.id, "",
        "of the first snapshots only the last carries the id"
    );
    assert!(watcher.retry.is_some());
    let second = watcher.expect("snapshot", "b").await;
    assert!(
        !second.id.is_empty() && ids(&second.data["instances"]).is_empty(),
        "b is not known yet"
    );

    house.register("c", "1", json!({})).await;
    house.register("b", "1", json!({})).await;
    let delta = watcher.expect("delta", "b").await;
    assert_eq!(
        (ids(&delta.data["upserted"]), &delta.data["removed"]),
        (vec!["1"], &json!([]))
    );
    house.delete("/api/v1/services/a/instances/1").await;
    let delta = watcher.expect("delta", "a").await;
    assert_eq!(delta.data["removed"], json!(["1"]));
    assert_eq!(house.metrics.change_latency.counts().iter().sum::<u64>(), 2);
    assert_eq!(house.metrics.streams_open.get(), 1);
    drop(watcher);
    assert_eq!(house.metrics.streams_open.get(), 0);
}

#[tokio::test]
async fn a_namespace_whole_and_by_body() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    house.register("b", "1", json!({})).await;
    let ask = house
        .ask(Method::POST, "/api/v1/watch")
        .json(&json!({"services": ["*"]}));
    let mut watcher = Watcher::of(ask).await;
    watcher.expect("snapshot", "a").await;
    watcher.expect("snapshot", "b").await;
    house.register("c", "1", json!({})).await;
    let begins = watcher.expect("snapshot", "c").await;
    assert_eq!(ids(&begins.data["instances"]), ["1"]);
    assert!(
        !begins.id.is_empty(),
        "it can be resumed from, as a delta can"
    );
    house.register("c", "2", json!({})).await;
    watcher.expect("delta", "c").await;
}

#[tokio::test]
async fn a_stream_goes_on_where_it_broke_off() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    let mut watcher = Watcher::open(&house, "service=a", "").await;
    watcher.expect("snapshot", "a").await;
    let id = watcher.last_id.clone();
    drop(watcher);
    house.register("a", "2", json!({})).await;
    house.register("other", "1", json!({})).await;
    for query in [
        "service=a".to_owned(),
        format!("service=a&last_event_id={id}"),
    ] {
        let header = if query.contains("last_event_id") {
            ""
        } else {
            &*id
        };
        let mut watcher = Watcher::open(&house, &query, header).await;
        let delta = watcher.expect("delta", "a").await;
        assert_eq!(ids(&delta.data["upserted"]), ["2"], "only what was missed");
    }
}

#[tokio::test]
async fn a_stream_resumes_across_a_restart() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    let mut watcher = Watcher::open(&house, "service=a", "").await;
    watcher.expect("snapshot", "a").await;
    let id = watcher.last_id.clone();
    drop(watcher);
    let house = house.restart().await;
    house.register("a", "2", json!({})).await;
    let mut watcher = Watcher::open(&house, "service=a", &id).await;
    let mut seen = Vec::new();
    while !seen.contains(&"2".to_owned()) {
        let event = watcher.next().await.expect("the stream goes on");
        assert_ne!(event.name, "reset", "it is the same history");
        let list = if event.name == "snapshot" {
            &event.data["instances"]
        } else {
            &event.data["upserted"]
        };
        seen.extend(ids(list).into_iter().map(str::to_owned));
    }
}

#[tokio::test]
async fn another_history_resets() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    let epoch = house.get("/api/v1/status").await.json()["epoch"]
        .as_str()
        .expect("an epoch")
        .to_owned();
    for id in ["0123456789abcdef-1", &format!("{epoch}-1000000")] {
        let mut watcher = Watcher::open(&house, "service=a", id).await;
        let reset = watcher.next().await.expect("a reset");
        assert_eq!(
            (reset.name.as_str(), &reset.data["epoch"]),
            ("reset", &json!(epoch)),
            "{id}"
        );
        watcher.expect("snapshot", "a").await;
    }
    let mut watcher = Watcher::open(&house, "service=a", "").await;
    watcher.expect("snapshot", "a").await;
    let backup = house.get("/api/v1/backup").await.body;
    let restored = house
        .ask(Method::POST, "/api/v1/restore")
        .body("application/octet-stream", backup)
        .send()
        .await;
    let reset = watcher.next().await.expect("a reset");
    assert_eq!(
        (reset.name.as_str(), &reset.data["epoch"]),
        ("reset", &restored.json()["epoch"])
    );
    let snapshot = watcher.expect("snapshot", "a").await;
    assert!(
        snapshot
            .id
            .starts_with(restored.json()["epoch"].as_str().expect("an epoch"))
    );
}

#[tokio::test]
async fn what_can_not_be_watched_is_said() {
    let house = House::new().await;
    for (query, code, field) in [
        ("", "invalid-query", "service"),
        ("service=-", "invalid-query", "service"),
        ("service=a&config=gk", "invalid-query", "config"),
        ("config=g/a%20b", "invalid-query", "config"),
        ("service=a&session=-", "invalid-query", "session"),
        (
            "service=a&last_event_id=x",
            "invalid-query",
            "last_event_id",
        ),
        ("service=a&load=yes", "invalid-query", "load"),
        ("service=a&foo=1", "invalid-query", "foo"),
    ] {
        let answer = house.get(&format!("/api/v1/watch?{query}")).await;
        assert_eq!(answer.code(), code, "{query}");
        assert_eq!(answer.fields(), [field], "{query}");
    }
    let unknown = house.get("/api/v1/watch?service=a&session=nobody").await;
    assert_eq!(unknown.code(), "not-registered");
    let header = house
        .ask(Method::GET, "/api/v1/watch?service=a")
        .header("last-event-id", "x")
        .send()
        .await;
    assert_eq!(
        (header.code(), header.fields()),
        ("invalid-header".into(), vec!["Last-Event-ID".to_owned()])
    );
    let body = house
        .ask(Method::POST, "/api/v1/watch")
        .json(&json!({"services": []}))
        .send()
        .await;
    assert_eq!(body.code(), "missing-field");
    let secret = house
        .token("some", json!({"role": "read", "prefix": "a"}))
        .await;
    let denied = house
        .ask(Method::GET, "/api/v1/watch?service=*")
        .token(&secret)
        .send()
        .await;
    assert_eq!(denied.code(), "forbidden");
}

#[tokio::test]
async fn a_drained_stream_ends_and_its_session_does_not_suffer() {
    let house = House::new().await;
    house.register("a", "1", json!({"session": "proc"})).await;
    let mut watcher = Watcher::open(&house, "service=a&session=proc", "").await;
    watcher.expect("snapshot", "a").await;
    house.engine.drain();
    house.rest.drain();
    assert!(watcher.next().await.is_none(), "it ends cleanly");
    assert_eq!(
        house.get("/api/v1/services/a/instances/1").await.json()["health"],
        "passing"
    );
}

#[tokio::test]
async fn a_quiet_stream_is_kept_open_and_resumable() {
    let house = House::new().await;
    house.register("a", "1", json!({})).await;
    let mut watcher = Watcher::open(&house, "service=a", "").await;
    let id = watcher.expect("snapshot", "a").await.id;
    house.register("other", "1", json!({})).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(16)).await;
    tokio::time::resume();
    let frame = tokio::time::timeout(PATIENCE, watcher.body.frame())
        .await
        .expect("a line")
        .expect("open");
    let line = String::from_utf8(
        frame
            .expect("infallible")
            .into_data()
            .expect("data")
            .to_vec(),
    )
    .expect("text");
    assert!(
        line.starts_with("id: ") && line.ends_with("\n\n") && line.matches('\n').count() == 2,
        "{line:?}"
    );
    let later = line.trim_start_matches("id: ").trim();
    assert_ne!(later, id, "what others did is not owed to this stream");
    let delta = house.register("a", "2", json!({})).await;
    assert_eq!(delta.status, StatusCode::CREATED);
    let mut resumed = Watcher::open(&house, "service=a", later).await;
    assert_eq!(
        ids(&resumed.expect("delta", "a").await.data["upserted"]),
        ["2"]
    );
}

#[tokio::test]
async fn load_is_told_to_those_who_ask() {
    let house = House::new().await;
    house.register("a", "1", json!({"session": "proc"})).await;
    let beat = house
        .ask(Method::POST, "/api/v1/sessions/proc/heartbeat")
        .json(&json!({"cpu": 0.5}));
    assert_eq!(beat.send().await.status, StatusCode::NO_CONTENT);
    for query in ["service=a&load=true", "service=*&load=true"] {
        let mut watcher = Watcher::open(&house, query, "").await;
        watcher.expect("snapshot", "a").await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(11)).await;
        tokio::time::resume();
        let load = watcher.expect("load", "a").await;
        assert_eq!(
            load.data["loads"],
            json!([{"id": "1", "load": {"cpu": 0.5}}])
        );
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let secret = house.token("reader", json!({"role": "read"})).await;
    let ask = house.ask(Method::GET, "/api/v1/watch?service=orders");
    let mut watcher = Watcher::of(ask.token(&secret)).await;
    watcher.expect("snapshot", "orders").await;
    let deleted = house.delete("/api/v1/tokens/reader").await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    house.register("orders", "b", json!({})).await;
    assert!(
        watcher.next().await.is_none(),
        "it tells nothing more, and ends"
    );
}
