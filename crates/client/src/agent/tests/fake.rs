//! A registry that does what a test says, without a network and in paused time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::{Clock, Random};
use crate::error::BoxError;
use crate::options::Options;
use crate::transport::{Sending, Transport, TransportBody};
use crate::{Event, Hooks};

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) host: String,
    /// Method and path, such as `PUT /api/v1/services/a/instances/1`.
    pub(super) what: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Value,
    pub(super) at: Duration,
}

/// What to answer.
pub(super) enum Reply {
    /// A status with a body, and whether the node is isolated.
    Status(u16, String),
    Isolated(u16, String),
    /// 503, with the seconds of `Retry-After`.
    Busy(u64),
    /// Nothing, ever.
    Hang,
    /// No connection.
    Refuse,
    /// A stream, which is handed to the test.
    Stream,
}

/// The sending side of a stream. Dropping it ends the stream.
pub(super) struct Feed(mpsc::UnboundedSender<Bytes>);

impl Feed {
    pub(super) fn send(&self, text: impl Into<String>) {
        let _gone = self.0.send(Bytes::from(text.into()));
    }

    pub(super) fn event(&self, kind: &str, id: Option<&str>, data: &str) {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        self.send(format!("event: {kind}\n{id}data: {data}\n\n"));
    }

    /// A snapshot of these instances.
    pub(super) fn snapshot(&self, id: &str, service: &str, ids: &[&str]) {
        let instances: Vec<String> = ids.iter().map(|id| instance(id)).collect();
        let data = format!(
            r#"{{"service":"{service}","namespace":"default","revision":1,"protected":false,"instances":[{}]}}"#,
            instances.join(",")
        );
        self.event("snapshot", Some(id), &data);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

pub(super) fn instance(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","address":"10.0.0.1","port":80,"weight":100,"status":"up","health":"passing","ephemeral":true,"revision":1}}"#
    )
}

/// A problem document.
pub(super) fn problem(status: u16, code: &str) -> Reply {
    let body = serde_json::json!({"type": "", "title": "", "status": status, "detail": "mend it", "code": code});
    Reply::Status(status, body.to_string())
}

type Script = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// The registry, and all that was asked of it.
#[derive(Clone)]
pub(super) struct Fake(Arc<State>);

struct State {
    script: Mutex<Script>,
    asked: Mutex<Vec<Asked>>,
    feeds: Mutex<VecDeque<Feed>>,
}

impl Fake {
    pub(super) fn new(script: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self(Arc::new(State {
            script: Mutex::new(Box::new(script)),
            asked: Mutex::default(),
            feeds: Mutex::default(),
        }))
    }

    /// One that does what is documented.
    pub(super) fn good() -> Self {
        Self::new(good)
    }

    /// From now on it does something else.
    pub(super) fn script(&self, script: impl FnMut(&Asked) -> Reply + Send + 'static) {
        *self.0.script.lock() = Box::new(script);
    }

    /// Requests whose method and path contain `part`, in their order.
    pub(super) fn asked(&self, part: &str) -> Vec<Asked> {
        let asked = self.0.asked.lock();
        asked
            .iter()
            .filter(|asked| asked.what.contains(part))
            .cloned()
            .collect()
    }

    /// The next stream that was opened.
    pub(super) async fn feed(&self) -> Feed {
        until("a stream", || self.0.feeds.lock().pop_front()).await
    }

    /// A client of it whose agent runs on the test's runtime.
    pub(super) fn client(&self, change: impl FnOnce(&mut Options)) -> Running {
        let events: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let heard = Arc::clone(&events);
        let mut options = Options {
            urls: vec!["http://one:1".to_owned(), "http://two:2".to_owned()],
            token: None,
            transport: Some(Arc::new(self.clone())),
            clock: Arc::new(Paused(tokio::time::Instant::now())),
            random: Arc::new(Middle),
            hooks: Hooks::new(move |event: &Event<'_>| heard.lock().push(event.name())),
            ..Options::default()
        };
        change(&mut options);
        let shared = super::Shared::new(options, Handle::current()).expect("good options");
        let shared = Arc::new(shared);
        let running = Arc::clone(&shared);
        let agent = tokio::spawn(async move { super::super::run(&running).await });
        Running {
            shared,
            agent,
            events,
        }
    }
}

/// A client while its agent runs.
pub(super) struct Running {
    pub(super) shared: Arc<super::Shared>,
    pub(super) agent: JoinHandle<()>,
    pub(super) events: Arc<Mutex<Vec<&'static str>>>,
}

/// What a registry answers when all is well.
pub(super) fn good(asked: &Asked) -> Reply {
    let what = asked.what.as_str();
    if what.contains("/watch") {
        return Reply::Stream;
    }
    if what.contains("/heartbeat") {
        return Reply::Status(204, String::new());
    }
    if what.starts_with("PUT ") {
        let id = what.rsplit('/').next().unwrap_or_default();
        return Reply::Status(201, instance(id));
    }
    Reply::Status(200, "{}".to_owned())
}

impl Transport for Fake {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let (parts, body) = request.into_parts();
        let asked = Asked {
            host: parts.uri.host().unwrap_or_default().to_owned(),
            what: format!("{} {}", parts.method, parts.uri.path()),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            at: tokio::time::Instant::now().duration_since(start()),
        };
        let reply = (self.0.script.lock())(&asked);
        self.0.asked.lock().push(asked);
        let state = Arc::clone(&self.0);
        Box::pin(async move {
            match reply {
                Reply::Status(status, body) => answer(status, body, false),
                Reply::Isolated(status, body) => answer(status, body, true),
                Reply::Busy(seconds) => busy(seconds),
                Reply::Hang => std::future::pending().await,
                Reply::Refuse => Err("connection refused".into()),
                Reply::Stream => stream(&state),
            }
        })
    }
}

fn answer(status: u16, body: String, isolated: bool) -> Result<Response<TransportBody>, BoxError> {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    let mut response = Response::builder().status(status);
    if isolated {
        response = response.header("x-registry-isolated", "true");
    }
    Ok(response.body(body.boxed_unsync())?)
}

fn busy(seconds: u64) -> Result<Response<TransportBody>, BoxError> {
    let mut response = answer(503, String::new(), false)?;
    response.headers_mut().insert("retry-after", seconds.into());
    Ok(response)
}

fn stream(state: &State) -> Result<Response<TransportBody>, BoxError> {
    let (sender, mut pieces) = mpsc::unbounded_channel::<Bytes>();
    state.feeds.lock().push_back(Feed(sender));
    let pieces = futures_util::stream::poll_fn(move |cx| {
        pieces
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| Ok::<_, BoxError>(Frame::data(piece))))
    });
    let response = Response::builder().header("content-type", "text/event-stream");
    Ok(response.body(StreamBody::new(pieces).boxed_unsync())?)
}

/// When paused time began, as far as a test is concerned.
fn start() -> tokio::time::Instant {
    thread_local! {
        static START: std::cell::OnceCell<tokio::time::Instant> =
            const { std::cell::OnceCell::new() };
    }
    START.with(|start| *start.get_or_init(tokio::time::Instant::now))
}

/// Waits in paused time, so that it costs none.
pub(super) async fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let step = Duration::from_millis(10);
    for _ in 0..60_000 {
        if let Some(value) = condition() {
            return value;
        }
        tokio::time::sleep(step).await;
    }
    panic!("ten minutes in vain: {what}");
}

/// The clock of the paused runtime.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.now()
    }
}

/// Draws the middle: half of every jitter, and the first of two addresses.
struct Middle;

impl Random for Middle {
    fn draw(&self) -> u64 {
        1 << 63
    }
}
