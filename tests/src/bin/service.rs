//! A small HTTP service that keeps itself registered, for the end-to-end tests.
//!
//! `paste-test-service REGISTRY SERVICE ID TTL REMOVE_AFTER`: answers every request with 200, renews its session four
//! times a ttl, registers again when the registry doesn't know it, and ends its session on SIGTERM.

use std::env;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use paste_tests::http;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

struct Identity {
    registry: String,
    path: String,
    session: String,
    registration: Value,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [registry, service, id, ttl, remove_after] = arguments.as_slice() else {
        return Err(io::Error::other(
            "usage: paste-test-service REGISTRY SERVICE ID TTL REMOVE_AFTER",
        ));
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let session = format!("{id}-{}", std::process::id());
    let identity = Identity {
        registry: registry.clone(),
        path: format!("/api/v1/services/{service}/instances/{id}"),
        session: session.clone(),
        registration: json!({
            "address": "127.0.0.1",
            "port": listener.local_addr()?.port(),
            "session": session,
            "ttl": ttl,
            "remove_after": remove_after,
        }),
    };
    let ttl_seconds: u64 = ttl
        .trim_end_matches('s')
        .parse()
        .map_err(io::Error::other)?;
    let target = format!("/api/v1/sessions/{session}");
    let registry = registry.clone();
    thread::spawn(move || serve(&listener));
    thread::spawn(move || stay_registered(&identity, Duration::from_secs(ttl_seconds) / 4));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stopped = signal(SignalKind::terminate())?.recv().await;
        stopped.ok_or_else(|| io::Error::other("no more signals"))
    })?;
    let reply = http::request(&registry, "DELETE", &target, &[], None)?;
    if reply.status >= 300 {
        return Err(io::Error::other(format!(
            "cannot end the session: {}",
            reply.text()
        )));
    }
    Ok(())
}

fn serve(listener: &TcpListener) {
    for mut stream in listener.incoming().flatten() {
        // One answer a connection; who hangs up early loses nothing of ours.
        let _request = stream.read(&mut [0; 4096]);
        let _sent = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    }
}

/// Renews; where the registry doesn't know the session, registers; where it doesn't answer, tries again.
fn stay_registered(identity: &Identity, interval: Duration) {
    let heartbeat = format!("/api/v1/sessions/{}/heartbeat", identity.session);
    loop {
        let renewed = http::request(&identity.registry, "POST", &heartbeat, &[], None);
        if renewed.is_ok_and(|reply| reply.status == 404) {
            let body = Some(&identity.registration);
            if let Ok(reply) = http::request(&identity.registry, "PUT", &identity.path, &[], body)
                && reply.status >= 400
            {
                eprintln!("{}: {}", identity.path, reply.text());
            }
        }
        thread::sleep(interval);
    }
}
