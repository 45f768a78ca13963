//! Peers that send too much, too slowly, or never read. Each is answered or cut off, and others notice nothing.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use paste_tests::registry::Registry;
use paste_tests::watch::Watcher;
use paste_tests::{http, until};
use serde_json::{Value, json};

use crate::{instance, instances, registration};

/// Connections that stay open and say nothing; the bench opens as many as the machine allows.
const IDLE_CONNECTIONS: usize = 2_000;

fn connect(registry: &Registry) -> TcpStream {
    TcpStream::connect(registry.address()).expect("the registry accepts connections")
}

/// The registry still serves everybody else.
fn assert_serves(registry: &Registry) {
    registry.expect("PUT", &instance("other", "one"), Some(&registration()), 200);
    registry.expect("GET", &instances("other"), None, 200);
}

fn registry_with_a_service() -> Registry {
    let registry = Registry::start();
    registry.expect("PUT", &instance("other", "one"), Some(&registration()), 201);
    registry
}

#[test]
fn requests_that_are_wrong_get_a_problem_document_that_names_the_fault() {
    let registry = registry_with_a_service();
    let long = "x".repeat(129);
    let metadata: Value = (0..65)
        .map(|number| (format!("k{number}"), json!("v")))
        .collect();
    let bodies = [
        (json!({ "address": "127.0.0.1", "port": 0 }), "port"),
        (json!({ "address": "127.0.0.1", "port": 70_000 }), "port"),
        (json!({ "address": "127.0.0.1" }), "port"),
        (json!({ "address": "", "port": 1 }), "address"),
        (
            json!({ "address": "127.0.0.1", "port": 1, "version": "one" }),
            "version",
        ),
        (
            json!({ "address": "127.0.0.1", "port": 1, "colour": "red" }),
            "colour",
        ),
        (
            json!({ "address": "127.0.0.1", "port": 1, "metadata": metadata }),
            "metadata_keys_max",
        ),
    ];
    for (body, named) in bodies {
        let reply = registry.expect("PUT", &instance("other", "two"), Some(&body), 400);
        assert_problem(&reply, named);
    }
    for (method, target, named) in [
        ("PUT", instance("other", &long), "name_bytes_max"),
        ("PUT", instance("other", "a%2Fb"), "instance id"),
        (
            "GET",
            format!("{}?version=not-a-range", instances("other")),
            "version",
        ),
    ] {
        let reply = registry.expect(method, &target, Some(&registration()), 400);
        assert_problem(&reply, named);
    }
    registry.expect("GET", &instances("never-seen"), None, 404);
    assert_serves(&registry);
}

fn assert_problem(reply: &http::Reply, named: &str) {
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{}",
        reply.text()
    );
    assert!(reply.json()["code"].is_string(), "{}", reply.text());
    assert!(
        reply.text().contains(named),
        "{named:?} isn't named: {}",
        reply.text()
    );
}

#[test]
fn a_body_of_100_mb_is_answered_with_413() {
    let registry = registry_with_a_service();
    let mut stream = connect(&registry);
    let target = instance("other", "big");
    let head = format!(
        "PUT {target} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n",
        registry.address()
    );
    stream
        .write_all(head.as_bytes())
        .expect("the head is small");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let sender = thread::spawn(move || -> io::Result<()> {
        let piece = vec![b' '; 1024 * 1024];
        for _ in 0..100 {
            // The registry hangs up somewhere on the way.
            stream.write_all(&piece)?;
        }
        Ok(())
    });
    let reply = http::read_reply(&mut reader).expect("an answer, although the body isn't taken");
    assert_eq!(reply.status, 413, "{}", reply.text());
    drop(reader);
    let _cut_off = sender.join().expect("the sender doesn't panic");
    assert_serves(&registry);
}

#[test]
fn a_header_of_1_mb_is_refused() {
    let registry = registry_with_a_service();
    let mut stream = connect(&registry);
    let head = format!(
        "GET / HTTP/1.1\r\nhost: {}\r\nx: {}\r\n\r\n",
        registry.address(),
        "x".repeat(1024 * 1024)
    );
    let _cut_off = stream.write_all(head.as_bytes());
    let answer = http::read_reply(&mut BufReader::new(stream));
    // Whoever is cut off in the middle of a write may lose the answer.
    assert!(
        answer.map_or(true, |reply| reply.status == 431),
        "neither 431 nor cut off"
    );
    assert_serves(&registry);
}

#[test]
fn a_client_that_sends_one_byte_a_second_is_cut_off() {
    let registry = registry_with_a_service();
    let mut stream = connect(&registry);
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("a time-out");
    let head = format!("GET {} HTTP/1.1\r\nhost: x\r\n", instances("other"));
    let mut bytes = head.bytes().chain(std::iter::repeat(b'x'));
    until("the slow client is cut off", String::new, || {
        let sent = stream.write_all(&[bytes.next().unwrap_or(b'x')]);
        // The read waits for a second; the end of the stream, or an answer and then the end, is the cut.
        let read = stream.read(&mut [0; 1024]);
        (sent.is_err() || matches!(read, Ok(0))).then_some(())
    });
    assert_serves(&registry);
}

#[test]
fn idle_connections_leave_the_registry_to_others() {
    let registry = registry_with_a_service();
    let idle: Vec<TcpStream> = (0..IDLE_CONNECTIONS).map(|_| connect(&registry)).collect();
    assert_serves(&registry);
    drop(idle);
    assert_serves(&registry);
}

#[test]
fn a_watcher_that_never_reads_is_cut_off_and_others_follow_on() {
    let registry = registry_with_a_service();
    let attentive = Watcher::start(registry.address(), "service=other");
    // More than the buffers of both sockets hold.
    let padding = "x".repeat(4_000);
    for part in 0..8 {
        let items: Vec<Value> = (0..400)
            .map(|number| {
                let registration = json!({ "address": "127.0.0.1", "port": 8080, "metadata": { "k": padding } });
                let id = format!("{part}-{number}");
                json!({ "action": "register", "service": "wide", "id": id, "instance": registration })
            })
            .collect();
        registry.expect(
            "POST",
            "/api/v1/batch",
            Some(&json!({ "items": items })),
            200,
        );
    }
    let mut deaf = connect(&registry);
    let head = format!(
        "GET /api/v1/watch?service=wide HTTP/1.1\r\nhost: {}\r\n\r\n",
        registry.address()
    );
    deaf.write_all(head.as_bytes())
        .expect("the request is small");
    until("the deaf watcher is cut off", String::new, || {
        // What a client sends after its request is not an answer's business, until the connection is gone.
        thread::sleep(Duration::from_millis(200));
        deaf.write_all(b"\r\n").is_err().then_some(())
    });
    registry.expect("PUT", &instance("other", "two"), Some(&registration()), 201);
    attentive.until_healthy("other", &["one".to_owned(), "two".to_owned()]);
    assert_eq!(
        attentive.picture().connections,
        1,
        "others keep their streams"
    );
}

#[test]
fn a_web_page_cannot_write_to_a_registry_on_loopback() {
    let registry = registry_with_a_service();
    let target = instance("other", "one");
    let body = registration();
    for headers in [
        &[("origin", "https://example.com")][..],
        &[("origin", "null")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://example.com:7750"),
        ],
    ] {
        let reply = http::request(registry.address(), "PUT", &target, headers, Some(&body))
            .expect("an answer");
        assert_eq!(reply.status, 403, "{headers:?}: {}", reply.text());
    }
    let rebound = format!(
        "PUT {target} HTTP/1.1\r\nhost: evil.example.com:7750\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
         connection: close\r\n\r\n{{}}"
    );
    let text = format!(
        "PUT {target} HTTP/1.1\r\nhost: {}\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}",
        registry.address()
    );
    for request in [rebound, text] {
        let mut stream = connect(&registry);
        stream.write_all(request.as_bytes()).expect("sent");
        let reply = http::read_reply(&mut BufReader::new(stream)).expect("an answer");
        assert!(
            [403, 415, 421].contains(&reply.status),
            "{request}: {}",
            reply.text()
        );
    }
}
