//! Each mode, as a client sees it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::{Gate, Mode};
use crate::http;

/// A server that answers every request on a connection with `ok`.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                while let Ok(1..) = stream.read(&mut [0; 4096]) {
                    let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                }
            });
        }
    });
    address
}

fn ask(gate: &Gate, limit: Duration) -> std::io::Result<http::Reply> {
    http::request_within(gate.address(), "GET", "/", &[], None, limit)
}

const GENEROUS: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn what_is_open_passes_and_what_is_shut_refuses() {
    let gate = Gate::start(&server(), Mode::Open);
    let passed = ask(&gate, GENEROUS).expect("an answer");
    assert_eq!((passed.status, passed.text().as_str()), (200, "ok"));
    assert_eq!(passed.header("x-registry-isolated"), None);
    assert_eq!(gate.heard(), 1);
    let mut kept = TcpStream::connect(gate.address()).expect("connected");
    crate::until("it is counted", String::new, || {
        (gate.open() > 0).then_some(())
    });
    gate.set(Mode::Shut);
    kept.set_read_timeout(Some(GENEROUS)).expect("a limit");
    assert!(matches!(kept.read(&mut [0]), Ok(0) | Err(_)));
    let refused = TcpStream::connect(gate.address()).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    gate.set(Mode::Open);
    assert_eq!(ask(&gate, GENEROUS).expect("an answer").status, 200);
}

#[test]
fn what_is_silent_or_slow_comes_when_it_is_healed() {
    for mode in [Mode::Silent, Mode::Slow] {
        let gate = Gate::start(&server(), Mode::Open);
        let mut stream = TcpStream::connect(gate.address()).expect("connected");
        crate::until("it is counted", String::new, || {
            (gate.open() == 1).then_some(())
        });
        gate.set(mode);
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
        stream.set_read_timeout(Some(SHORT)).expect("a limit");
        assert!(stream.read(&mut [0]).is_err(), "{mode:?}");
        gate.set(Mode::Open);
        stream.set_read_timeout(Some(GENEROUS)).expect("a limit");
        let reply = http::read_reply(&mut std::io::BufReader::new(stream)).expect("an answer");
        assert_eq!(reply.text(), "ok", "{mode:?}");
    }
}

#[test]
fn an_isolated_node_says_so_and_a_failing_one_fails() {
    let gate = Gate::start(&server(), Mode::Isolated);
    let marked = ask(&gate, GENEROUS).expect("an answer");
    assert_eq!((marked.status, marked.text().as_str()), (200, "ok"));
    assert_eq!(marked.header("x-registry-isolated"), Some("true"));
    gate.set(Mode::Failing);
    let mut seen: Vec<u16> = (0..3)
        .map(|_| ask(&gate, GENEROUS).expect("an answer").status)
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [429, 500, 503]);
}

#[test]
fn garbage_is_never_an_answer() {
    let gate = Gate::start(&server(), Mode::Garbage);
    let answers: Vec<_> = (0..7).map(|_| ask(&gate, GENEROUS)).collect();
    assert!(answers.iter().any(Result::is_err), "{answers:?}");
    for reply in answers.into_iter().flatten() {
        assert!(reply.json().is_null(), "{}", reply.text());
    }
}
