//! The HTTP wrapper: requests to `http://service/path` go to an instance of the service, and to another one when that
//! fails and may be tried again.

pub(crate) mod attempts;
mod body;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ::http::header::HOST;
use ::http::request::Parts;
use ::http::uri::{Authority, Scheme};
use ::http::{HeaderMap, Method, Request, Response, Uri};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use parking_lot::Mutex;
use paste_model::Policy;

use self::attempts::{Attempts, Failed};
pub use self::body::Body;
use crate::ask::Ask;
use crate::client::Shared;
use crate::error::{BoxError, CallError};
use crate::instance::Instance;
use crate::transport::{ConnectTimeout, Connector, Dialer, never_sent};

/// The headers of W3C Trace Context and Baggage.
const TRACE_HEADERS: [&str; 3] = ["traceparent", "tracestate", "baggage"];

/// Marks a request as one that may be sent twice, whatever its method: put it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Idempotent;

/// An HTTP client for services. Cloning it costs nothing; connections are kept for all clones.
///
/// An [`Ask`] among the extensions of a request says what the instance is to be like. What comes back is the answer or
/// the error of the last try. Needs a tokio runtime with time and I/O.
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
}

impl HttpClient {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Gets `http://service/path`.
    pub async fn get(&self, url: &str) -> Result<Response<Incoming>, CallError> {
        let uri: Uri = url.parse().map_err(|_| CallError::NoService)?;
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        self.send(request).await
    }

    /// Sends a request to an instance of the service that its URL names as host. The scheme, path and headers are kept;
    /// `Host` is the instance's.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, CallError> {
        let (mut parts, body) = request.into_parts();
        let name = parts.uri.host().ok_or(CallError::NoService)?;
        let service = self.shared.service(name)?;
        parts.headers.remove(HOST);
        let mut ask = parts.extensions.remove::<Ask>().unwrap_or_default();
        service.known().await?;
        let policy = service.policy();
        if wants_headers(&policy) {
            ask = ask.headers(parts.headers.clone());
        }
        let attempts = Attempts {
            idempotent: is_idempotent(&parts),
            replayable: body.is_replayable(),
            service: &service,
            policy: &policy,
        };
        let pool = self.shared.pools.of(service.name(), &policy);
        let mut body = Some(body);
        attempts
            .run(ask, |instance| {
                let sent = body.as_mut().and_then(Body::take_copy);
                let body = sent.or_else(|| body.take()).unwrap_or_else(Body::empty);
                let request = addressed(&parts, instance, body);
                let pool = pool.clone();
                async move {
                    let failed = |source: BoxError| Failed {
                        source,
                        never_sent: true,
                    };
                    let request = request.map_err(|error| failed(error.into()))?;
                    let sent = pool.request(request).await;
                    let response = sent.map_err(|error| Failed {
                        never_sent: never_sent(&error),
                        source: error.into(),
                    })?;
                    Ok((response.status(), response))
                }
            })
            .await
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Copies the headers that carry a trace (`traceparent`, `tracestate`, `baggage`) from the request that is being served to
/// one that is made for it, unless that has its own.
pub fn pass_on_trace(from: &HeaderMap, to: &mut HeaderMap) {
    for name in TRACE_HEADERS {
        if to.contains_key(name) {
            continue;
        }
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

/// Whether a choice looks at headers at all.
pub(crate) fn wants_headers(policy: &Policy) -> bool {
    !policy.rules.is_empty() || policy.balancer.hash_header.is_some()
}

fn is_idempotent(parts: &Parts) -> bool {
    method_is_idempotent(&parts.method) || parts.extensions.get::<Idempotent>().is_some()
}

/// Whether sending a request of that method twice has the effect of sending it once.
pub(crate) fn method_is_idempotent(method: &Method) -> bool {
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
        Method::TRACE,
    ];
    methods.contains(method)
}

/// The request as it is sent to an instance.
fn addressed(
    parts: &Parts,
    instance: &Instance,
    body: Body,
) -> Result<Request<Body>, ::http::Error> {
    let mut uri = parts.uri.clone().into_parts();
    uri.scheme.get_or_insert(Scheme::HTTP);
    uri.authority = Some(Authority::try_from(instance.authority())?);
    let mut request = Request::new(body);
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = Uri::from_parts(uri)?;
    *request.headers_mut() = parts.headers.clone();
    Ok(request)
}

type Pool = legacy::Client<Connector, Body>;

/// Kept connections, for each service its own: the time to connect is its policy's.
pub(crate) struct Pools {
    dialer: Dialer,
    open: Mutex<HashMap<String, (Pool, ConnectTimeout)>>,
}

impl Pools {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self {
            dialer,
            open: Mutex::default(),
        }
    }

    fn of(&self, service: &str, policy: &Policy) -> Pool {
        let connect = policy.timeouts.connect;
        let mut open = self.open.lock();
        if let Some((pool, timeout)) = open.get(service) {
            timeout.set(connect);
            return pool.clone();
        }
        let (pool, timeout) = self.dialer.client(connect);
        open.insert(service.to_owned(), (pool.clone(), timeout));
        pool
    }

    /// Closes what is idle.
    pub(crate) fn clear(&self) {
        self.open.lock().clear();
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::whole(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_passed_on_and_nothing_else() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, ::http::HeaderValue::from_static(value));
            }
            headers
        };
        let from = headers(&[
            ("traceparent", "00-a-b-01"),
            ("baggage", "k=v"),
            ("baggage", "l=w"),
            ("authorization", "secret"),
        ]);
        let mut to = headers(&[("traceparent", "00-c-d-01")]);
        pass_on_trace(&from, &mut to);
        let expected = [
            ("traceparent", "00-c-d-01"),
            ("baggage", "k=v"),
            ("baggage", "l=w"),
        ];
        assert_eq!(to, headers(&expected));
    }
}
