//! The native API: JSON over HTTP, and server-sent events.
//!
//! The requests that make up nearly all traffic (read instances or configuration, two kinds of heartbeat) are answered
//! in place, without a task, a lock or a formatted string; whatever is unusual about one sends it the long way, which
//! answers everything else and every failure. Routes are matched by hand: the whole tree is one `match` (`route.rs`).
//!
//! One file per resource, all of the same shape: parse, ask the engine or the catalog, render.
//!
//! Invariants:
//! - What is read of a request is bounded: its body by [`Config::body_bytes_max`] and its siblings, its query by a number
//!   of parameters, its rate by [`RateLimit`].
//! - An answer is made from one snapshot; its `X-Registry-Revision` was read before it, so that it never claims too much.
//! - Every answer of a node that is cut off says so (`standing.rs`), also one that refuses.
//! - Every failure is one of `paste_api::Code`, and every one of those is provoked by a test.

mod access;
mod answer;
mod audit;
mod backup;
mod batch;
mod call;
mod cluster;
mod configs;
mod departure;
mod events;
mod explain;
mod failure;
mod frame;
mod heartbeats;
mod instances;
mod listing;
mod namespaces;
mod openapi;
mod overrides;
mod policies;
mod query;
mod quiet;
mod rate;
mod restore;
mod route;
mod services;
mod sessions;
mod standing;
mod stats;
mod status;
mod stream;
mod tokens;
mod waiting;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::future::Either;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use paste_api::Code;
use paste_engine::Engine;
use paste_model::Revision;
use tokio::sync::watch as signal;

use self::audit::Author;
use self::call::{Call, Upload};
use self::configs::{ConfigRoute, Encoded};
use self::departure::Departure;
use self::failure::Failure;
use self::route::Route;
use crate::listener::{Handler, RequestBody};
use crate::{Body, Metrics, Peer};

pub use self::openapi::document as openapi_document;
pub use self::rate::RateLimit;

/// What of the native API can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether a request from this machine may come without a token.
    pub anonymous_on_loopback: bool,
    /// Largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// Largest body of a batch, in bytes.
    pub batch_bytes_max: usize,
    /// Largest backup that can be restored, in bytes.
    pub restore_bytes_max: u64,
    /// Requests from one address; `None` for no limit. Never applied to loopback.
    pub rate: Option<RateLimit>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            anonymous_on_loopback: true,
            body_bytes_max: 2 * 1024 * 1024,
            batch_bytes_max: 8 * 1024 * 1024,
            restore_bytes_max: 4 * 1024 * 1024 * 1024,
            rate: Some(RateLimit::default()),
        }
    }
}

/// Renders `/metrics`.
pub type Exposition = Arc<dyn Fn() -> String + Send + Sync>;

/// The native API. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Rest(Arc<Shared>);

struct Shared {
    engine: Engine,
    config: Config,
    metrics: Arc<Metrics>,
    exposition: Exposition,
    rate: Option<rate::Limiter>,
    draining: signal::Sender<bool>,
    departure: Departure,
    /// Configuration items as they are sent.
    encoded: Encoded,
    /// The newest `X-Registry-Revision`, written once for all requests that see it.
    revision: ArcSwap<(Revision, HeaderValue)>,
}

impl Rest {
    /// The API of `engine`; `exposition` renders `/metrics`.
    pub fn new(
        engine: Engine,
        config: Config,
        metrics: Arc<Metrics>,
        exposition: Exposition,
    ) -> Self {
        Self(Arc::new(Shared {
            engine,
            rate: config.rate.map(rate::Limiter::new),
            config,
            metrics,
            exposition,
            draining: signal::Sender::new(false),
            departure: Departure::default(),
            encoded: Encoded::default(),
            revision: ArcSwap::from_pointee((Revision::ZERO, HeaderValue::from_static("0"))),
        }))
    }

    /// Ends watch streams one after the other, evenly over `period`, so that their watchers come to other nodes no faster
    /// than that; call it after [`Engine::drain`], and [`Self::drain`] after it for those that have come since.
    pub async fn send_away(&self, period: Duration) {
        let open = || self.0.metrics.streams_open.get();
        self.0.departure.spread(period, open).await;
    }

    /// Ends watch streams and long polls cleanly; call it after [`Engine::drain`].
    pub fn drain(&self) {
        self.0.draining.send_replace(true);
        self.0.departure.everyone();
    }

    /// Answers one request.
    pub fn answer<B>(
        &self,
        request: Request<B>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send + use<B>
    where
        B: http_body::Body<Data = Bytes, Error: Into<call::BodyFailure>> + Send + Sync + 'static,
    {
        let began = Instant::now();
        if let Err(failure) = self.admitted(&peer) {
            let response = self.finished(&Route::Unknown, began, failure.into_response());
            return Either::Left(std::future::ready(response));
        }
        if let Some((route, response)) = self.at_once(&request, &peer) {
            return Either::Left(std::future::ready(self.finished(&route, began, response)));
        }
        let (head, body) = request.into_parts();
        Either::Right(Box::pin(self.clone().at_length(
            head,
            Upload::new(body),
            peer,
            began,
        )))
    }

    fn admitted(&self, peer: &Peer) -> Result<(), Failure> {
        match &self.0.rate {
            Some(limiter) if !peer.is_loopback() => limiter.admit(peer.remote.ip()),
            _ => Ok(()),
        }
    }

    /// The usual requests in their usual form, where nothing is wrong with them.
    fn at_once<B: http_body::Body>(
        &self,
        request: &Request<B>,
        peer: &Peer,
    ) -> Option<(Route<'static>, Response<Body>)> {
        let inner = request.uri().path().strip_prefix("/api/v1/")?;
        if inner.contains('%') || !request.body().is_end_stream() {
            return None;
        }
        match *request.method() {
            Method::GET => {
                if let Some(path) = inner.strip_prefix("configs/") {
                    let response = configs::at_once(self, path, request, peer)?;
                    let item = ConfigRoute::Item("".into(), "".into());
                    return Some((Route::Configs(item), response));
                }
                let service = inner
                    .strip_prefix("services/")?
                    .strip_suffix("/instances")?;
                let response = instances::at_once(self, service, request, peer)?;
                Some((Route::Instances("".into()), response))
            }
            Method::PUT => {
                let (service, rest) = inner.strip_prefix("services/")?.split_once("/instances/")?;
                let id = rest.strip_suffix("/heartbeat")?;
                let response = heartbeats::instance_at_once(self, service, id, request, peer)?;
                Some((Route::InstanceHeartbeat("".into(), "".into()), response))
            }
            Method::POST => {
                let session = inner
                    .strip_prefix("sessions/")?
                    .strip_suffix("/heartbeat")?;
                let response = heartbeats::session_at_once(self, session, request, peer)?;
                Some((Route::SessionHeartbeat("".into()), response))
            }
            _ => None,
        }
    }

    /// Every request that isn't answered at once.
    async fn at_length(
        self,
        head: http::request::Parts,
        body: Upload,
        peer: Peer,
        began: Instant,
    ) -> Response<Body> {
        let revision = self.0.engine.catalog().revision();
        let (method, uri) = (head.method.clone(), head.uri.clone());
        let route = Route::of(uri.path());
        let (route, answered, principal) = match route {
            Err(failure) => (Route::Unknown, Err(failure), None),
            Ok(route) => {
                let (answered, principal) = self.routed(&route, head, body, &peer).await;
                (route, answered, principal)
            }
        };
        let mut response = answered.unwrap_or_else(Failure::into_response);
        if route.audited(&method) && !matches!(route, Route::Unknown) {
            let action = format!("{method} {}", Metrics::ROUTES[route.index()]);
            let author = Author {
                principal: principal.as_deref(),
                peer: &peer,
            };
            audit::note(&self.0.engine, author, &action, &uri, &response);
        }
        // A write's answer shows at least what it wrote, and the view has waited for that.
        let revision = if route.audited(&method) {
            self.0.engine.catalog().revision()
        } else {
            revision
        };
        response
            .headers_mut()
            .entry(answer::REVISION)
            .or_insert_with(|| self.revision_header(revision));
        self.finished(&route, began, response)
    }

    async fn routed(
        &self,
        route: &Route<'_>,
        head: http::request::Parts,
        body: Upload,
        peer: &Peer,
    ) -> (answer::Answered, Option<String>) {
        let methods = route.methods();
        if methods.is_empty() {
            let detail = format!("nothing lives at {}", head.uri.path());
            return (Err(Failure::new(Code::NotFound, detail)), None);
        }
        if head.method == Method::OPTIONS {
            let mut response = answer::status(StatusCode::NO_CONTENT);
            response
                .headers_mut()
                .insert(http::header::ALLOW, failure::allow(methods));
            return (Ok(response), None);
        }
        let reading = if head.method == Method::HEAD {
            &Method::GET
        } else {
            &head.method
        };
        if !methods.contains(reading) {
            return (Err(Failure::method(methods)), None);
        }
        let call = match Call::new(self.clone(), route, head, body, peer) {
            Ok(call) => call,
            Err(failure) => return (Err(failure), None),
        };
        let principal = call.caller.principal().to_string();
        (self.dispatch(route, call).await, Some(principal))
    }

    async fn dispatch(&self, route: &Route<'_>, call: Call) -> answer::Answered {
        let method = call.method.clone();
        match (route, method) {
            (Route::Services, _) => services::list(call),
            (Route::Service(name), Method::PUT) => services::put(call, name).await,
            (Route::Service(name), Method::DELETE) => services::delete(call, name).await,
            (Route::Service(name), _) => services::get(call, name),
            (Route::Instances(service), _) => instances::list(call, service).await,
            (Route::Instance(service, id), Method::PUT) => instances::put(call, service, id).await,
            (Route::Instance(service, id), Method::PATCH) => {
                instances::patch(call, service, id).await
            }
            (Route::Instance(service, id), Method::DELETE) => {
                instances::delete(call, service, id).await
            }
            (Route::Instance(service, id), _) => instances::get(call, service, id).await,
            (Route::InstanceHeartbeat(service, id), _) => {
                heartbeats::instance(call, service, id).await
            }
            (Route::Override(service, id), Method::DELETE) => {
                overrides::delete(call, service, id).await
            }
            (Route::Override(service, id), Method::PUT) => overrides::put(call, service, id).await,
            (Route::Override(service, id), _) => overrides::get(call, service, id),
            (Route::Overrides(service), _) => overrides::list(call, service),
            (Route::Policies, _) => policies::list(call),
            (Route::Policy(service), Method::PUT) => policies::put(call, service).await,
            (Route::Policy(service), Method::DELETE) => policies::delete(call, service).await,
            (Route::Policy(service), _) => policies::get(call, service),
            (Route::PolicyHistory(service), _) => policies::history(call, service),
            (Route::Stats(service), _) => stats::get(call, service),
            (Route::Explain(service), _) => explain::get(call, service),
            (Route::Events(service), _) => events::list(call, service).await,
            (Route::Configs(route), _) => configs::dispatch(route, call).await,
            (Route::Batch, _) => batch::post(call).await,
            (Route::Session(session), _) => sessions::delete(call, session).await,
            (Route::SessionHeartbeat(session), _) => heartbeats::session(call, session).await,
            (Route::Watch, Method::POST) => watch::post(call).await,
            (Route::Watch, _) => watch::get(call).await,
            (Route::Namespaces, _) => namespaces::list(call),
            (Route::Namespace(name), Method::PUT) => namespaces::put(call, name).await,
            (Route::Namespace(name), Method::DELETE) => namespaces::delete(call, name).await,
            (Route::Namespace(name), _) => namespaces::get(call, name),
            (Route::Tokens, _) => tokens::list(call),
            (Route::Token(name), Method::DELETE) => tokens::delete(call, name).await,
            (Route::Token(name), Method::POST) => tokens::create_by_post(call, name).await,
            (Route::Token(name), _) => tokens::create(call, name).await,
            (Route::Status, _) => status::get(call),
            (Route::Cluster, _) => cluster::get(call),
            (Route::Owner, _) => cluster::owner(call),
            (Route::Backup, _) => backup::get(call),
            (Route::Restore, _) => restore::post(call).await,
            (Route::OpenApi, _) => openapi::get(call),
            (Route::Healthz, _) => status::healthz(call),
            (Route::Readyz, _) => status::readyz(call),
            (Route::Metrics, _) => status::metrics(call),
            (Route::Unknown, _) => Err(Failure::new(Code::NotFound, "nothing lives here")),
        }
    }

    fn finished(
        &self,
        route: &Route<'_>,
        began: Instant,
        mut response: Response<Body>,
    ) -> Response<Body> {
        standing::note(&self.0.engine, response.headers_mut());
        self.0.metrics.routes[route.index()].observe(response.status(), began.elapsed());
        response
    }

    /// `revision` as a header; made once for all who see the same one.
    fn revision_header(&self, revision: Revision) -> HeaderValue {
        let newest = self.0.revision.load();
        if newest.0 == revision {
            return newest.1.clone();
        }
        let header = HeaderValue::from(revision.0);
        self.0.revision.store(Arc::new((revision, header.clone())));
        header
    }

    /// Ends when it is a stream's turn to end.
    fn sent_away(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.departure.turn()
    }

    /// Ends when the node goes down.
    fn drained(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut draining = self.0.draining.subscribe();
        async move {
            // An error means that the front is gone, which comes to the same.
            let _ = draining.wait_for(|draining| *draining).await;
        }
    }
}

impl Handler for Rest {
    type Body = Body;

    fn handle(
        &self,
        mut request: Request<RequestBody>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send {
        // A backup is as long as it is; `restore.rs` reads it only from an administrator, and up to a size.
        if request.uri().path() == restore::PATH {
            request.body_mut().take_time();
        }
        self.answer(request, peer)
    }
}

/// Longest time a long poll waits.
const LONG_POLL_MAX: Duration = Duration::from_secs(300);
