//! Streams, and what they make of the copy.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fake::{Fake, Reply, Running, good, problem, until};
use super::seconds;
use crate::config::Config;
use crate::copy::ServiceCopy;

fn follow(running: &Running, service: &str) -> Arc<ServiceCopy> {
    let now = running.shared.now();
    running.shared.copy.service(service, now).expect("a name")
}

fn ids(copy: &ServiceCopy) -> Vec<String> {
    let view = copy.view().expect("it is known");
    view.members
        .iter()
        .map(|member| member.id.to_string())
        .collect()
}

async fn until_ids(copy: &ServiceCopy, expected: &[&str]) {
    let seen = || copy.view().filter(|_| ids(copy) == expected);
    until(&format!("{expected:?}"), seen).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_broke_goes_on_where_it_was() {
    let fake = Fake::good();
    let running = fake.client(|options| options.zone = Some("z".to_owned()));
    let copy = follow(&running, "orders");
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a", "b"]);
    until_ids(&copy, &["a", "b"]).await;
    feed.event(
        "delta",
        Some("e-2"),
        r#"{"service":"orders","revision":2,"protected":true,"upserted":[],"removed":["a"]}"#,
    );
    until_ids(&copy, &["b"]).await;
    assert!(
        copy.view()
            .is_some_and(|view| view.protected && view.revision == 2)
    );
    feed.send("id: e-7\n\n");
    drop(feed);
    let _next = fake.feed().await;
    let asked = fake.asked("/watch");
    assert_eq!(
        asked[0].body,
        json!({"services": ["orders"], "zone": "z", "load": false})
    );
    assert_eq!(asked[0].headers.get("last-event-id"), None);
    assert_eq!(asked[1].headers["last-event-id"], "e-7");
    assert_ne!(asked[0].host, asked[1].host, "the next address");
    assert_eq!(ids(&copy), ["b"], "a stream that ends changes nothing");
}

#[tokio::test(start_paused = true)]
async fn silence_is_death_and_age_tells() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = follow(&running, "orders");
    assert_eq!(copy.age(running.shared.now()), None);
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a"]);
    until_ids(&copy, &["a"]).await;
    let age = || copy.age(running.shared.now()).expect("it is known");
    tokio::time::sleep(seconds(19)).await;
    assert_eq!(age(), seconds(0));
    tokio::time::sleep(seconds(10)).await;
    assert!(age() >= seconds(29), "{:?}", age());
    fake.script(|_| Reply::Refuse);
    tokio::time::sleep(seconds(31)).await;
    assert!(feed.is_closed(), "after 45 s");
    assert!(age() >= seconds(60), "{:?}", age());
    assert_eq!(ids(&copy), ["a"], "and nothing is lost");
    let events = running.events.lock().clone();
    assert_eq!(events[..2], ["connected", "disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_asked_for_from_the_beginning() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = follow(&running, "orders");
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a"]);
    until_ids(&copy, &["a"]).await;
    feed.event("snapshot", Some("e-2"), "<html>it broke</html>");
    let next = fake.feed().await;
    assert_eq!(fake.asked("/watch")[1].headers.get("last-event-id"), None);
    assert_eq!(ids(&copy), ["a"]);
    next.snapshot("e-2", "orders", &[]);
    until_ids(&copy, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_subscription_is_there_before_the_old_stream_goes() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let orders = follow(&running, "orders");
    let first = fake.feed().await;
    first.snapshot("e-1", "orders", &["a"]);
    until_ids(&orders, &["a"]).await;
    let away = running.shared.session.clone();
    fake.script(|_| Reply::Refuse);
    let payments = follow(&running, "payments");
    until("an attempt", || {
        (fake.asked("/watch").len() > 2).then_some(())
    })
    .await;
    assert!(!first.is_closed(), "the old one goes on: {away}");
    first.snapshot("e-2", "orders", &["a", "b"]);
    until_ids(&orders, &["a", "b"]).await;
    fake.script(good);
    let second = fake.feed().await;
    let asked = fake.asked("/watch").pop().expect("one");
    assert_eq!(asked.body["services"], json!(["orders", "payments"]));
    assert_eq!(asked.headers.get("last-event-id"), None);
    second.snapshot("e-3", "payments", &["p"]);
    until_ids(&payments, &["p"]).await;
    until("the old one is closed", || first.is_closed().then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn another_history_takes_nothing_away_for_a_minute() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = follow(&running, "orders");
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a", "b", "c"]);
    until_ids(&copy, &["a", "b", "c"]).await;
    feed.event("reset", None, r#"{"epoch":"f"}"#);
    feed.snapshot("f-1", "orders", &["a"]);
    feed.event(
        "delta",
        Some("f-2"),
        r#"{"service":"orders","revision":2,"protected":false,"upserted":[],"removed":["c"]}"#,
    );
    until_ids(&copy, &["a", "b"]).await;
    for _ in 0..5 {
        tokio::time::sleep(seconds(11)).await;
        feed.send("id: f-2\n\n");
    }
    assert_eq!(ids(&copy), ["a", "b"], "not before its time");
    tokio::time::sleep(seconds(6)).await;
    assert_eq!(ids(&copy), ["a"]);
    assert!(running.events.lock().contains(&"reset"));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_while_nobody_could_confirm_it() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = follow(&running, "orders");
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a"]);
    until_ids(&copy, &["a"]).await;
    // The registry comes back without its data, and goes away again.
    drop(feed);
    let feed = fake.feed().await;
    feed.event("reset", None, r#"{"epoch":"f"}"#);
    feed.snapshot("f-1", "orders", &[]);
    fake.script(|_| Reply::Refuse);
    drop(feed);
    tokio::time::sleep(seconds(300)).await;
    assert_eq!(ids(&copy), ["a"]);
    fake.script(good);
    let feed = fake.feed().await;
    feed.snapshot("f-2", "orders", &[]);
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(ids(&copy), ["a"], "it has its minute anew");
    feed.send("id: f-2\n\n");
    tokio::time::sleep(seconds(31)).await;
    until_ids(&copy, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn over_a_hundred_subscriptions_take_several_streams() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    for number in 0..150 {
        follow(&running, &format!("s{number}"));
    }
    let (_first, second) = (fake.feed().await, fake.feed().await);
    let counts: Vec<_> = fake
        .asked("/watch")
        .iter()
        .map(|asked| asked.body["services"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(counts, [100, 50]);
    second.snapshot("e-1", "s149", &["a"]);
    let copy = follow(&running, "s149");
    until_ids(&copy, &["a"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_an_unknown_session_registers_again_first() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let port = std::num::NonZeroU16::new(1).expect("not zero");
    let new = crate::NewRegistration::new("orders", port)
        .address("10.0.0.1")
        .id("a");
    let registration = crate::Registration::new(&running.shared, new);
    registration.wait(seconds(5)).await.expect("registered");
    let mut unknown = true;
    fake.script(move |asked| {
        if asked.what.contains("/watch") && std::mem::take(&mut unknown) {
            return problem(404, "not-registered");
        }
        good(asked)
    });
    let _copy = follow(&running, "orders");
    let _feed = fake.feed().await;
    assert_eq!(fake.asked("PUT").len(), 2);
    let asked = fake.asked("/watch").pop().expect("one");
    assert_eq!(
        asked.body["session"],
        Value::from(running.shared.session.clone())
    );
}

#[tokio::test(start_paused = true)]
async fn releases_are_acknowledged_once_they_are_used_or_cannot_be() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let follow = |name: &str| Config {
        shared: Arc::clone(&running.shared),
        copy: running.shared.copy.config(name).expect("a name"),
    };
    let (plain, watched) = (follow("shop/plain"), follow("shop/watched"));
    watched.on_change(|value| match value {
        Some(value) if &*value.content == "bad" => Err("it is bad".into()),
        _ => Ok(()),
    });
    let feed = fake.feed().await;
    let tell = |key: &str, release: u64, content: &str| {
        let data = json!({"namespace": "default", "group": "shop", "key": key, "revision": 1,
            "release": release, "format": "text", "content": content});
        feed.event("config", None, &data.to_string());
    };
    tell("plain", 1, "x");
    tell("watched", 4, "good");
    let told = |key: &str, release: u64| {
        fake.asked("acks").iter().find_map(|asked| {
            assert_eq!(
                asked.body["session"],
                Value::from(running.shared.session.clone())
            );
            let acks = asked.body["acks"].as_array().cloned().unwrap_or_default();
            acks.into_iter()
                .find(|ack| ack["key"] == key && ack["release"] == release)
        })
    };
    until("plain 1", || told("plain", 1)).await;
    let good = until("watched 4", || told("watched", 4)).await;
    assert_eq!(good.get("error"), None);
    tell("watched", 5, "bad");
    let bad = until("watched 5", || told("watched", 5)).await;
    assert_eq!(bad["error"], "it is bad");
    feed.event(
        "config",
        None,
        r#"{"group":"shop","key":"plain","error":"secret-key-missing"}"#,
    );
    tell("plain", 2, "y");
    until("plain 2", || told("plain", 2)).await;
    assert_eq!(
        plain
            .value()
            .map(|value| value.content.to_string())
            .as_deref(),
        Some("y")
    );
    feed.event(
        "config",
        None,
        r#"{"group":"shop","key":"plain","removed":true}"#,
    );
    until("it is gone", || plain.value().is_none().then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_on_disk_is_acknowledged_when_the_stream_confirms_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let release = r#"{"group":"shop","key":"plain","release":1,"format":"text","content":"x"}"#;
    let acks = |fake: &Fake| fake.asked("acks").pop();
    for _first_and_second_run in 0..2 {
        let fake = Fake::good();
        let path = folder.path().to_owned();
        let running = fake.client(|options| options.snapshot_folder = Some(path));
        let _copy = running.shared.copy.config("shop/plain").expect("a name");
        let feed = fake.feed().await;
        let session = Value::from(running.shared.session.clone());
        assert_eq!(fake.asked("/watch")[0].body["session"], session);
        assert!(acks(&fake).is_none());
        feed.event("config", Some("e-1"), release);
        let told = until("the acknowledgement", || acks(&fake)).await;
        assert_eq!(told.body["acks"][0]["release"], 1);
        running.shared.closing.send_replace(true);
        running.agent.await.expect("it ends");
        let file = folder.path().join("default.json");
        assert!(file.exists(), "it was told");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_tells_its_history_is_opened_anew() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let _copy = follow(&running, "orders");
    let feed = fake.feed().await;
    let nothing = r#"{"service":"orders","revision":1,"protected":false,"instances":[]}"#;
    for _ in 0..3 {
        feed.event("snapshot", None, nothing);
    }
    let _next = fake.feed().await;
    assert!(feed.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_too_long_begins_from_the_beginning() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = follow(&running, "orders");
    let feed = fake.feed().await;
    feed.snapshot("e-1", "orders", &["a"]);
    until_ids(&copy, &["a"]).await;
    feed.send("x".repeat(64 * 1024 * 1024 + 1));
    let _next = fake.feed().await;
    assert_eq!(fake.asked("/watch")[1].headers.get("last-event-id"), None);
    assert_eq!(ids(&copy), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_is_no_reason_to_leave_the_address() {
    let fake = Fake::new(|_| problem(403, "forbidden"));
    let running = fake.client(|_| {});
    let _copy = follow(&running, "orders");
    let asked = until("some attempts", || {
        Some(fake.asked("/watch")).filter(|asked| asked.len() > 3)
    })
    .await;
    assert!(asked.iter().all(|one| one.host == asked[0].host));
}
