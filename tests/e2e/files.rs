//! Too few file descriptors: whoever is there is served on, whoever comes waits, and nothing spins.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use paste_tests::registry::Registry;
use paste_tests::{http, process, until};

use crate::{ids, instance, instances, registration};

/// What the registry may have open: its own files and some connections.
const FILES_MAX: u32 = 128;
/// More than that.
const CONNECTIONS: usize = 300;
/// How long its processor time is watched: how much it takes in a while is the subject.
const WATCHED: Duration = Duration::from_secs(3);
/// Kernel ticks in [`WATCHED`] on one processor.
const TICKS: u64 = 300;

/// A connection that stays open between its requests.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(registry: &Registry) -> Self {
        let stream = TcpStream::connect(registry.address()).expect("the system accepts it");
        Self {
            stream: BufReader::new(stream),
        }
    }

    fn ask(&mut self, method: &str, target: &str, body: &str) -> http::Reply {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).expect("sent");
        http::read_reply(&mut self.stream).expect("an answer")
    }
}

fn open_files(registry: &Registry) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", registry.pid()));
    files.map_or(0, Iterator::count)
}

#[test]
fn without_file_descriptors_those_who_are_there_are_served_and_the_others_wait() {
    let registry = Registry::start_with_files(FILES_MAX);
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let mut early = Client::connect(&registry);
    assert_eq!(early.ask("GET", &instances("a"), "").status, 200);
    let crowd: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(registry.address()).expect("the system accepts it"))
        .collect();
    until("all are used", String::new, || {
        (open_files(&registry) >= FILES_MAX as usize - 1).then_some(())
    });

    // Writes need no new file.
    let body = registration().to_string();
    assert_eq!(early.ask("PUT", &instance("a", "two"), &body).status, 201);
    let before = process::cpu_ticks(registry.pid());
    thread::sleep(WATCHED);
    let spent = process::cpu_ticks(registry.pid()) - before;
    assert!(
        spent < TICKS / 2,
        "it spins: {spent} of {TICKS} ticks for nothing"
    );
    assert_eq!(early.ask("GET", &instances("a"), "").status, 200);
    assert!(
        registry.log().contains("can't accept connections"),
        "it says so: {}",
        registry.log()
    );

    drop(crowd);
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), ["one", "two"]);
    registry.expect("PUT", &instance("a", "three"), Some(&registration()), 201);
}
