//! A consumer: follows services over server-sent events and keeps a picture of them, as an SDK would.
//!
//! It reconnects with the last id it got, forgets everything on `reset`, and notes what a consumer would hold against
//! the registry: revisions that went back, deltas for what it never got, lists that suddenly shrank.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::{http, until};

/// How long a stream may be silent before the consumer looks whether it was told to stop.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Instances by id, as the consumer knows them.
pub type Instances = BTreeMap<String, Value>;

/// What a consumer knows and has lived through.
#[derive(Debug, Default, Clone)]
pub struct Picture {
    /// The services and their instances.
    pub services: BTreeMap<String, Instances>,
    /// Every event in order: its name and its data.
    pub events: Vec<(String, Value)>,
    /// The id to resume from.
    pub last_id: Option<String>,
    /// How often it connected.
    pub connections: usize,
    /// What it holds against the registry.
    pub complaints: Vec<String>,
    revisions: BTreeMap<String, u64>,
}

impl Picture {
    /// The ids of a service's instances whose health is not `failing`.
    pub fn healthy(&self, service: &str) -> Vec<String> {
        let instances = self.services.get(service).into_iter().flatten();
        instances
            .filter(|(_, instance)| instance["health"] != "failing")
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// How many events of this name came.
    pub fn count(&self, event: &str) -> usize {
        self.events.iter().filter(|(name, _)| name == event).count()
    }

    fn take(&mut self, event: &str, data: Value) {
        let service = data["service"].as_str().unwrap_or_default().to_owned();
        match event {
            "snapshot" => {
                self.check_revision(&service, &data);
                let instances = self.services.entry(service).or_default();
                instances.clear();
                instances.extend(by_id(&data["instances"]));
            }
            "delta" => {
                self.check_revision(&service, &data);
                match self.services.get_mut(&service) {
                    None => self
                        .complaints
                        .push(format!("a delta before the snapshot: {data}")),
                    Some(instances) => {
                        instances.extend(by_id(&data["upserted"]));
                        for id in data["removed"].as_array().into_iter().flatten() {
                            instances.remove(id.as_str().unwrap_or_default());
                        }
                    }
                }
            }
            "reset" => {
                self.services.clear();
                self.revisions.clear();
            }
            _ => {}
        }
        self.events.push((event.to_owned(), data));
    }

    fn check_revision(&mut self, service: &str, data: &Value) {
        let revision = data["revision"].as_u64().unwrap_or(0);
        let before = self
            .revisions
            .insert(service.to_owned(), revision)
            .unwrap_or(0);
        if revision < before {
            self.complaints.push(format!(
                "the revision of {service} went from {before} back to {revision}"
            ));
        }
    }
}

fn by_id(instances: &Value) -> impl Iterator<Item = (String, Value)> {
    let instances = instances.as_array().into_iter().flatten();
    instances.map(|instance| {
        (
            instance["id"].as_str().unwrap_or_default().to_owned(),
            instance.clone(),
        )
    })
}

/// A consumer in a thread of its own; it ends when this is dropped.
pub struct Watcher {
    picture: Arc<Mutex<Picture>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Follows `query` (of `GET /api/v1/watch`), and goes on following through restarts.
    pub fn start(address: &str, query: &str) -> Self {
        Self::resume(address, query, None)
    }

    /// The same, beginning after an id that an earlier stream gave.
    pub fn resume(address: &str, query: &str, last_id: Option<String>) -> Self {
        let picture = Arc::new(Mutex::new(Picture {
            last_id,
            ..Picture::default()
        }));
        let stop = Arc::new(AtomicBool::new(false));
        let (address, query) = (address.to_owned(), query.to_owned());
        let (shared, told) = (Arc::clone(&picture), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // Whatever ended the stream, a consumer comes back.
                let _ended = follow(&address, &query, &shared, &told);
                thread::sleep(LOOK_UP);
            }
        });
        Self {
            picture,
            stop,
            thread: Some(thread),
        }
    }

    /// A copy of what it knows.
    pub fn picture(&self) -> Picture {
        lock(&self.picture).clone()
    }

    /// Waits until the picture answers `question`.
    pub fn until<T>(&self, what: &str, question: impl Fn(&Picture) -> Option<T>) -> T {
        until(
            what,
            || format!("{:#?}", self.picture()),
            || question(&lock(&self.picture)),
        )
    }

    /// Waits until the healthy instances of `service` are exactly `ids`, in any order.
    pub fn until_healthy(&self, service: &str, ids: &[String]) {
        let mut wanted = ids.to_vec();
        wanted.sort();
        self.until(&format!("{service} has {wanted:?}"), |picture| {
            (picture.healthy(service) == wanted).then_some(())
        });
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn lock(picture: &Mutex<Picture>) -> MutexGuard<'_, Picture> {
    picture
        .lock()
        .expect("a watcher doesn't panic while it holds the picture")
}

/// One connection, to its end.
fn follow(
    address: &str,
    query: &str,
    picture: &Mutex<Picture>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let resume = match lock(picture).last_id.as_ref() {
        Some(id) => format!("last-event-id: {id}\r\n"),
        None => String::new(),
    };
    let head = format!(
        "GET /api/v1/watch?{query} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n{resume}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.set_read_timeout(Some(LOOK_UP))?;
    let mut reader = BufReader::new(Patient { stream, stop });
    let (status, headers) = http::read_head(&mut reader)?;
    if status != 200 {
        lock(picture)
            .complaints
            .push(format!("the stream was answered with {status}"));
        return Err(io::Error::other("no stream"));
    }
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"));
    if !chunked {
        return Err(io::Error::other("a stream over HTTP/1.1 is chunked"));
    }
    lock(picture).connections += 1;
    let mut lines = Lines::default();
    while let Some(chunk) = http::read_chunk(&mut reader)? {
        lines.feed(&chunk, &mut lock(picture));
    }
    Ok(())
}

/// Puts lines together into events (WHATWG HTML §9.2.6).
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    event: String,
    data: String,
    id: Option<String>,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8], picture: &mut Picture) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim_end(), picture);
        }
    }

    fn line(&mut self, line: &str, picture: &mut Picture) {
        if line.is_empty() {
            // An id holds from the blank line on, even when no data came with it.
            if let Some(id) = self.id.take() {
                picture.last_id = Some(id);
            }
            let (event, data) = (
                std::mem::take(&mut self.event),
                std::mem::take(&mut self.data),
            );
            if !data.is_empty() {
                let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
                picture.take(&event, data);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => self.data.push_str(value),
            "id" => self.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

/// Reads that outlast a quiet stream, until told to stop.
struct Patient<'a> {
    stream: TcpStream,
    stop: &'a AtomicBool,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    if self.stop.load(Ordering::Relaxed) {
                        return Err(io::ErrorKind::ConnectionAborted.into());
                    }
                }
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_events_wherever_they_are_cut() {
        let text = "event: snapshot\ndata: {\"service\":\"a\",\"revision\":3,\"instances\":[{\"id\":\"x\"}]}\nid: e-3\n\n\
                    id: e-4\n\n: a comment\n\
                    event: delta\ndata: {\"service\":\"a\",\"revision\":5,\"upserted\":[{\"id\":\"y\"}],\"removed\":[\"x\"]}\n\n";
        for size in [1, 7, text.len()] {
            let (mut lines, mut picture) = (Lines::default(), Picture::default());
            for piece in text.as_bytes().chunks(size) {
                lines.feed(piece, &mut picture);
            }
            assert_eq!(picture.healthy("a"), ["y"], "{size}");
            assert_eq!(picture.last_id.as_deref(), Some("e-4"));
            assert_eq!(picture.events.len(), 2);
            assert!(picture.complaints.is_empty(), "{:?}", picture.complaints);
        }
    }
}
