//! What is on disk: refused when it can't grow, carried into a new history by a backup.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use paste_tests::registry::{self, Registry};
use paste_tests::until;
use paste_tests::watch::Watcher;

use crate::{ids, instance, instances, registration};

#[test]
fn a_backup_carries_everything_into_a_new_history_and_watchers_begin_anew() {
    let registry = Registry::start();
    registry.expect("PUT", &instance("a", "kept"), Some(&registration()), 201);
    let watcher = Watcher::start(registry.address(), "service=a");
    watcher.until_healthy("a", &["kept".to_owned()]);
    let backup = registry.data().join("backup");
    command(&registry, "backup", &backup);
    registry.expect("PUT", &instance("a", "later"), Some(&registration()), 201);
    watcher.until_healthy("a", &["kept".to_owned(), "later".to_owned()]);
    command(&registry, "restore", &backup);
    watcher.until("a reset, and then only what was kept", |picture| {
        (picture.count("reset") >= 1 && picture.healthy("a") == ["kept"]).then_some(())
    });
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), ["kept"]);
}

/// Sends a body in four pieces, each after a pause.
fn send_slowly(
    registry: &Registry,
    method: &str,
    target: &str,
    kind: &str,
    body: &[u8],
    pause: Duration,
) -> paste_tests::http::Reply {
    let mut stream = TcpStream::connect(registry.address()).expect("connected");
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\n\r\n",
        registry.address(),
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    for piece in body.chunks(body.len().div_ceil(4)) {
        thread::sleep(pause);
        // Whoever is cut off has an answer waiting.
        let _cut_off = stream.write_all(piece);
    }
    paste_tests::http::read_reply(&mut BufReader::new(stream)).expect("an answer")
}

#[test]
fn a_backup_may_come_in_more_slowly_than_any_other_body() {
    let registry = Registry::start_with(&["--set", "http.body_timeout=1s"]);
    registry.expect("PUT", &instance("a", "kept"), Some(&registration()), 201);
    let backup = registry.expect("GET", "/api/v1/backup", None, 200).body;
    registry.expect("PUT", &instance("a", "later"), Some(&registration()), 201);
    // Twice the limit in all.
    let pause = Duration::from_millis(500);
    let body = registration().to_string();
    let (put, json) = (instance("a", "slow"), "application/json");
    let refused = send_slowly(&registry, "PUT", &put, json, body.as_bytes(), pause);
    assert_eq!(refused.status, 408, "{}", refused.text());
    let octets = "application/octet-stream";
    let restored = send_slowly(&registry, "POST", "/api/v1/restore", octets, &backup, pause);
    assert_eq!(restored.status, 200, "{}", restored.text());
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), ["kept"]);
}

fn command(registry: &Registry, name: &str, file: &Path) {
    let output = registry::command()
        .arg(name)
        .arg(file)
        .env(
            "PASTE_REGISTRY_URL",
            format!("http://{}", registry.address()),
        )
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
}

/// A small file system of its own, gone when dropped; `None` where mounting isn't allowed.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder.path())
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_stops_writes_with_a_reason_and_reads_go_on() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let mut registry = Registry::start_in(disk.0.path());
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let filler = disk.0.path().join("filler");
    fill(&filler);

    // What is already reserved in the data file may still take some writes.
    let mut body = registration();
    body["metadata"] = serde_json::json!({ "padding": "x".repeat(4_000) });
    let mut acknowledged = vec!["one".to_owned()];
    let refusal = until("a write is refused", String::new, || {
        let id = format!("more-{}", acknowledged.len());
        let reply = paste_tests::http::request(
            registry.address(),
            "PUT",
            &instance("a", &id),
            &[],
            Some(&body),
        )
        .expect("an answer");
        if reply.status == 201 {
            acknowledged.push(id);
            return None;
        }
        Some(reply)
    });
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    assert!(refusal.header("retry-after").is_some());
    assert_eq!(
        refusal.json()["code"],
        "store-unavailable",
        "{}",
        refusal.text()
    );
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    acknowledged.sort();
    assert_eq!(ids(&answer), acknowledged);

    // With room again, a restart finds all that was acknowledged.
    registry.kill();
    fs::remove_file(filler).expect("the filler is ours");
    registry.start_again();
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), acknowledged);
}

/// Takes all the room there is, down to the last block.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).expect("a new file");
    for size in [1 << 20, 4096] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
