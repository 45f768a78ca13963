//! The vectors of `conformance/`, through the SDK's own door: what the registry would send goes in as a stream, what an
//! application would ask is asked, and the choice must be the one that every SDK makes.
//!
//! The parts by themselves, and decisions that begin with endpoints in some state, are checked with the engine that
//! chooses here, `paste-traffic`.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use paste_registry_client::{
    Ask, AskError, ChooseError, Client, Clock, NoInstance, Options, Random, Sending, Transport,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    members: Vec<Value>,
    protected: bool,
    policy: Option<Value>,
    caller: Caller,
    request: Asked,
    endpoints: BTreeMap<String, Endpoint>,
    now: u64,
    random: Vec<String>,
    drawn: usize,
    picked: Option<String>,
    #[serde(rename = "subset")]
    _subset: Option<String>,
    #[serde(rename = "priority")]
    _priority: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    zone: Option<String>,
    region: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    version: Option<String>,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    hash_key: Option<String>,
    tried: Vec<String>,
}

/// A state that an application can't bring about is left to the engine's own tests.
#[derive(Deserialize)]
struct Endpoint {}

/// A registry that tells of one service, once.
struct Told(String);

impl Transport for Told {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let text = self.0.clone();
        let is_stream = request.uri().path().ends_with("/watch");
        Box::pin(async move {
            if !is_stream {
                return pending().await;
            }
            let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
            let response = Response::builder().header("content-type", "text/event-stream");
            Ok(response.body(body.boxed_unsync())?)
        })
    }
}

struct Fixed(Duration);

impl Clock for Fixed {
    fn now(&self) -> Duration {
        self.0
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH
    }
}

/// The numbers of a vector for the thread that chooses; the SDK's own thread draws others.
struct Numbers {
    chooses: ThreadId,
    left: Mutex<Vec<u64>>,
}

impl Random for Numbers {
    fn draw(&self) -> u64 {
        if thread::current().id() != self.chooses {
            return u64::MAX;
        }
        self.left
            .lock()
            .expect("nobody panics")
            .pop()
            .expect("no more is drawn than there is")
    }
}

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    fs::read_to_string(folder.join(name)).expect("the vectors")
}

fn told(vector: &Vector) -> String {
    let mut snapshot = serde_json::json!({
        "service": "s", "namespace": "default", "revision": 1,
        "protected": vector.protected, "instances": vector.members,
    });
    if let Some(policy) = &vector.policy {
        snapshot["policy"] = policy.clone();
    }
    format!("event: snapshot\nid: e-1\ndata: {snapshot}\n\n")
}

fn ask(request: &Asked) -> Result<Ask, AskError> {
    let mut ask = Ask::any();
    if let Some(range) = &request.version {
        ask = ask.version(range)?;
    }
    for tag in &request.tags {
        ask = ask.tag(tag)?;
    }
    for (key, value) in &request.metadata {
        ask = ask.metadata(key, value)?;
    }
    for id in &request.tried {
        ask = ask.excluding(id)?;
    }
    if let Some(key) = &request.hash_key {
        ask = ask.hash_key(key);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(name).expect("a header");
        // As they come over the wire: bytes, which here are UTF-8.
        headers.insert(
            name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
        );
    }
    Ok(ask.headers(headers))
}

fn error(reason: &NoInstance) -> &'static str {
    match reason {
        NoInstance::NoneKnown => "no instances",
        NoInstance::NoneEligible => "none eligible",
        NoInstance::NoneAsked => "none match",
        NoInstance::AllEjected => "all ejected",
    }
}

async fn check(vector: &Vector) {
    let mut numbers: Vec<u64> = vector
        .random
        .iter()
        .map(|number| u64::from_str_radix(number, 16).expect("hexadecimal"))
        .collect();
    numbers.reverse();
    let random = Arc::new(Numbers {
        chooses: thread::current().id(),
        left: Mutex::new(numbers),
    });
    let client = Client::connect(Options {
        urls: vec!["http://told:1".to_owned()],
        zone: vector.caller.zone.clone(),
        region: vector.caller.region.clone(),
        transport: Some(Arc::new(Told(told(vector)))),
        clock: Arc::new(Fixed(Duration::from_nanos(vector.now))),
        random: Arc::clone(&random) as _,
        ..Options::default()
    })
    .expect("a client");
    let service = client.service("s").expect("a name");
    service
        .known_within(Duration::from_secs(20))
        .await
        .expect("it is told");
    let chosen = service.choose_now(&ask(&vector.request).expect("what can be asked"));
    let (picked, failed) = match &chosen {
        Ok(pick) => (Some(pick.instance().id().to_owned()), None),
        Err(ChooseError::NoInstance { reason, .. }) => (None, Some(error(reason))),
        Err(error) => panic!("{}: {error}", vector.name),
    };
    assert_eq!(
        (&picked, failed),
        (&vector.picked, vector.error.as_deref()),
        "{}",
        vector.name
    );
    let left = random.left.lock().expect("nobody panics").len();
    assert_eq!(
        vector.random.len() - left,
        vector.drawn,
        "{}: numbers drawn",
        vector.name
    );
    client.close().await.expect("closed");
}

#[tokio::test]
async fn decisions_are_those_of_every_sdk() {
    let vectors: Vec<Vector> = serde_json::from_str(&file("decide.json")).expect("vectors");
    let fresh: Vec<_> = vectors
        .iter()
        .filter(|vector| vector.endpoints.is_empty())
        .collect();
    assert!(fresh.len() >= 40, "{} of {}", fresh.len(), vectors.len());
    for vector in fresh {
        check(vector).await;
    }
}

#[derive(Deserialize)]
struct Range {
    range: String,
    error: Option<String>,
}

#[test]
fn the_same_version_ranges_can_be_asked_for() {
    let vectors: Vec<Range> = serde_json::from_str(&file("version-range.json")).expect("vectors");
    for vector in vectors {
        let asked = Ask::any().version(&vector.range);
        assert_eq!(asked.is_err(), vector.error.is_some(), "{}", vector.range);
    }
}

/// All files, with the engine as the SDK has it.
#[test]
fn the_engine_passes_every_file() {
    paste_traffic::vectors::check_all();
}
