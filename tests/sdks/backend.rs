//! An instance that really answers: a small HTTP server, which counts.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long a request may take to arrive.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it stops it.
pub struct Backend {
    port: u16,
    hits: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Backend {
    /// Answers everything with `status`, one request a connection.
    pub fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let backend = Self {
            port: listener.local_addr().expect("an address").port(),
            hits: Arc::default(),
            stopped: Arc::default(),
        };
        let (hits, stopped) = (Arc::clone(&backend.hits), Arc::clone(&backend.stopped));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let hits = Arc::clone(&hits);
                thread::spawn(move || answer(stream, status, &hits));
            }
        });
        backend
    }

    /// Where it listens, on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many requests it has had.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // One connection more, so that it looks.
        let _woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
    }
}

fn answer(mut stream: TcpStream, status: &str, hits: &AtomicU64) {
    let limited = stream.set_read_timeout(Some(REQUEST_LIMIT));
    limited.expect("a limit that isn't zero");
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    // A connection that was only tried carries no request.
    if lines.by_ref().any(|line| line.is_empty()) {
        hits.fetch_add(1, Ordering::SeqCst);
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        let _sent = stream.write_all(answer.as_bytes());
    }
}
