//! Silence: whose, and for how long.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use paste_tests::registry::Registry;
use paste_tests::service::{Liveness, Service};
use paste_tests::watch::Watcher;
use paste_tests::{process, until};
use serde_json::{Value, json};

use crate::{instance, registration, service_program};

#[test]
fn a_registry_that_was_paused_suspects_itself_first() {
    a_pause_is_survived(Duration::from_secs(12), &Liveness::seconds(3, 6));
}

/// So long that clients have given up on requests in between, and that every guard's own window has passed.
#[test]
fn a_registry_that_was_paused_for_a_minute_suspects_itself_first() {
    a_pause_is_survived(Duration::from_secs(60), &Liveness::seconds(10, 25));
}

/// `pause` is longer than the ttl and the removal in `liveness`, so that a registry that counted its own absence would
/// remove everyone.
fn a_pause_is_survived(pause: Duration, liveness: &Liveness) {
    let registry = Registry::start();
    let watcher = Watcher::start(registry.address(), "service=paused");
    let start = |id: &str| {
        Service::start(
            service_program(),
            registry.address(),
            "paused",
            id,
            liveness,
        )
    };
    let services: Vec<Service> = (0..5).map(|number| start(&number.to_string())).collect();
    let mut doomed = start("doomed");
    let mut all: Vec<String> = services.iter().map(|service| service.id.clone()).collect();
    all.push("doomed".to_owned());
    watcher.until_healthy("paused", &all);

    process::signal(registry.pid(), "STOP");
    // The length of the pause is what this test is about.
    thread::sleep(pause);
    process::signal(registry.pid(), "CONT");

    // When one that is really dead has run its whole course after the pause, the others' time has passed as well.
    doomed.kill();
    all.pop();
    watcher.until("the dead one is gone", |picture| {
        let gone = picture.events.iter().any(|(_, data)| {
            data["removed"]
                .as_array()
                .is_some_and(|removed| removed.iter().any(|id| id == "doomed"))
        });
        gone.then_some(())
    });
    watcher.until_healthy("paused", &all);
    let picture = watcher.picture();
    assert_eq!(picture.complaints, Vec::<String>::new());
    for (_, data) in &picture.events {
        let upserted = data["upserted"].as_array().into_iter().flatten();
        let failing: Vec<_> = upserted
            .filter(|i| i["health"] == "failing" && i["id"] != "doomed")
            .collect();
        assert!(failing.is_empty(), "wrongly failing: {failing:?}");
    }
}

/// A service whose snapshot is more than the buffers of two sockets hold.
fn fill(registry: &Registry, service: &str) {
    let padding = "x".repeat(4_000);
    for part in 0..2 {
        let items: Vec<Value> = (0..400)
            .map(|number| {
                let registration =
                    json!({ "address": "127.0.0.1", "port": 8080, "metadata": { "k": padding } });
                let id = format!("{part}-{number}");
                json!({ "action": "register", "service": service, "id": id, "instance": registration })
            })
            .collect();
        let body = json!({ "items": items });
        registry.expect("POST", "/api/v1/batch", Some(&body), 200);
    }
}

/// Opens a stream for `session`, of which nothing is read.
fn open_stream(registry: &Registry, service: &str, session: &str) -> TcpStream {
    let mut stream = TcpStream::connect(registry.address()).expect("connected");
    let head = format!(
        "GET /api/v1/watch?service={service}&session={session} HTTP/1.1\r\nhost: {}\r\n\r\n",
        registry.address()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream
}

#[test]
fn a_watcher_cut_off_for_not_reading_does_not_make_its_session_suspect() {
    let registry = Registry::start_with(&[
        "--set",
        "http.write_timeout=500ms",
        "--set",
        "http.send_size_max=64KiB",
    ]);
    let watcher = Watcher::start(registry.address(), "service=signals");
    for session in ["slow", "gone"] {
        let mut body = registration();
        // With an hour of patience, only a stream's closing can be a reason.
        body["ttl"] = "1h".into();
        body["remove_after"] = "1h".into();
        body["session"] = session.into();
        registry.expect("PUT", &instance("signals", session), Some(&body), 201);
    }
    fill(&registry, "wide");
    let mut deaf = open_stream(&registry, "wide", "slow");
    until("the deaf watcher is cut off", String::new, || {
        // What is sent after the request is nobody's business, until the connection is gone.
        thread::sleep(Duration::from_millis(50));
        deaf.write_all(b"\r\n").is_err().then_some(())
    });

    // The same from the other side. Once that is judged, the first has been judged, too.
    let closing = open_stream(&registry, "signals", "gone");
    until("the stream is open", String::new, || {
        let metrics = registry.expect("GET", "/metrics", None, 200).text();
        metrics
            .contains("paste_registry_session_streams 1")
            .then_some(())
    });
    drop(closing);
    watcher.until("whoever closed is failing", |picture| {
        (picture.healthy("signals") == ["slow"]).then_some(())
    });
    let events = registry
        .expect("GET", "/api/v1/services/signals/events", None, 200)
        .json();
    let told = events["events"].as_array().into_iter().flatten();
    let of_slow: Vec<_> = told
        .filter(|event| event["instance"] == "slow")
        .map(|event| event["kind"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(of_slow, ["registered"], "{events:#}");
}

#[test]
fn a_clean_stop_is_seen_without_waiting_for_silence() {
    let registry = Registry::start();
    let watcher = Watcher::start(registry.address(), "service=brief");
    // With an hour of patience, only the clean stop can be the reason.
    let liveness = Liveness::seconds(3600, 3600);
    let mut service = Service::start(
        service_program(),
        registry.address(),
        "brief",
        "one",
        &liveness,
    );
    watcher.until_healthy("brief", &["one".to_owned()]);
    service.stop();
    watcher.until_healthy("brief", &[]);
}
