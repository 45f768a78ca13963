//! One request to the registry: to the address in use, with what every request carries, within its time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;

use crate::addresses::Addresses;
use crate::clock::Clock;
use crate::error::{BoxError, Refused};
use crate::transport::{Transport, TransportBody};

/// Longest answer that is read into memory; nothing that is asked for outside the stream comes near.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest detail of an answer that isn't a problem document which is repeated, in bytes.
const DETAIL_BYTES_MAX: usize = 200;
/// The code of a 404 that asks to register again.
const NOT_REGISTERED: &str = "not-registered";
/// Statuses that sending again would not change, where the registry says so.
const FINAL: [u16; 6] = [400, 401, 403, 409, 413, 422];

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The registry's final word.
    Refused(Refused),
    /// 404 `not-registered`: the registry doesn't know this session or instance (any more).
    Unknown,
    /// 404 with another code, which it names.
    Missing(String),
    /// Worth trying again.
    Failed {
        why: String,
        retry_after: Option<Duration>,
    },
}

impl Failure {
    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self::Failed {
            why: why.into(),
            retry_after: None,
        }
    }

    /// The least to wait before the next try.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { retry_after, .. } => *retry_after,
            Self::Refused(_) | Self::Unknown | Self::Missing(_) => None,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Unknown => f.write_str("the registry doesn't know it (404)"),
            Self::Missing(code) => write!(f, "the registry doesn't have it ({code}, 404)"),
            Self::Failed { why, .. } => f.write_str(why),
        }
    }
}

/// What every request needs.
pub(crate) struct Link {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) addresses: Addresses,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) request_timeout: Duration,
}

/// A stream that was opened.
pub(crate) struct Opened {
    pub(crate) address: usize,
    pub(crate) body: TransportBody,
}

impl Link {
    /// Sends, and wants an answer whose status is one of `documented`, whatever it says.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        documented: &[u16],
    ) -> Result<(), Failure> {
        self.ask(method, path, body, documented, |_| Ok(())).await
    }

    /// The same, and reads the answer; one that can't be read counts as a failure.
    pub(crate) async fn ask<T>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        documented: &[u16],
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let address = self.addresses.current();
        let exchange = async {
            let response = self.send(address, method, path, body, None).await?;
            let (parts, body) = response.into_parts();
            let bytes = read_all(body)
                .await
                .map_err(|error| self.broken(address, &*error))?;
            judge(parts.status, &parts.headers, &bytes, documented)?;
            read(&bytes)
        };
        let outcome = self.within(exchange).await;
        if matches!(outcome, Err(Failure::Failed { .. })) {
            self.addresses.failed(address);
        }
        outcome
    }

    /// Opens a stream of events. Only its beginning is bounded in time.
    pub(crate) async fn open(
        &self,
        path: &str,
        body: Bytes,
        last_event_id: Option<&str>,
    ) -> Result<Opened, Failure> {
        let address = self.addresses.current();
        let exchange = async {
            let sending = self.send(address, Method::POST, path, body, last_event_id);
            let (parts, body) = sending.await?.into_parts();
            if parts.status == StatusCode::OK && is_event_stream(&parts.headers) {
                return Ok(Opened { address, body });
            }
            let bytes = read_all(body).await.unwrap_or_default();
            judge(parts.status, &parts.headers, &bytes, &[])?;
            Err(Failure::failed("the answer is not a stream of events"))
        };
        let outcome = self.within(exchange).await;
        if matches!(outcome, Err(Failure::Failed { .. })) {
            self.addresses.failed(address);
        }
        outcome
    }

    async fn within<T>(
        &self,
        exchange: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit = self.request_timeout;
        tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(Failure::failed(format!("no answer within {limit:?}"))))
    }

    async fn send(
        &self,
        address: usize,
        method: Method,
        path: &str,
        body: Bytes,
        last_event_id: Option<&str>,
    ) -> Result<Response<TransportBody>, Failure> {
        let request = self
            .request(address, method, path, body, last_event_id)
            .map_err(|error| Failure::failed(error.to_string()))?;
        let response = self.transport.send(request).await;
        let response = response.map_err(|error| self.broken(address, &*error))?;
        let now = self.clock.now();
        self.addresses.heard(address, response.headers(), now);
        Ok(response)
    }

    fn request(
        &self,
        address: usize,
        method: Method,
        path: &str,
        body: Bytes,
        last_event_id: Option<&str>,
    ) -> Result<Request<Bytes>, http::Error> {
        let agent = concat!("paste-registry-rust/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::builder()
            .method(method)
            .uri(self.addresses.uri(address, path)?)
            .header(USER_AGENT, agent)
            .header("prefer", "handling=lenient")
            .header(ACCEPT, "application/json, text/event-stream");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        request.body(body)
    }

    fn broken(&self, address: usize, error: &(dyn std::error::Error + 'static)) -> Failure {
        let name = self.addresses.name(address);
        Failure::failed(format!("{name}: {}", chain(error)))
    }
}

/// The whole of an answer.
async fn read_all(mut body: TransportBody) -> Result<Bytes, BoxError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > ANSWER_BYTES_MAX {
            return Err(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes").into());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    words.join(": ")
}

/// Encodes a body; what the SDK sends always can be.
pub(crate) fn encode(value: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}

fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    documented: &[u16],
) -> Result<(), Failure> {
    let number = status.as_u16();
    if documented.contains(&number) {
        return Ok(());
    }
    let (code, detail) = problem(body);
    // Without a code it isn't the registry's word: a proxy may have said so.
    let said = !code.is_empty();
    if number == 404 && code == NOT_REGISTERED {
        return Err(Failure::Unknown);
    }
    if number == 404 && said {
        return Err(Failure::Missing(code));
    }
    if FINAL.contains(&number) && said {
        return Err(Failure::Refused(Refused {
            status: number,
            code,
            detail,
        }));
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|value| value.trim().parse().ok());
    Err(Failure::Failed {
        why: format!("the answer was {number} {code} {detail}")
            .trim_end()
            .to_owned(),
        retry_after: seconds.map(Duration::from_secs),
    })
}

/// The code and the detail of a problem document, or what stands there instead.
fn problem(body: &[u8]) -> (String, String) {
    if let Ok(problem) = serde_json::from_slice::<paste_api::Problem>(body) {
        return (problem.code, problem.detail);
    }
    let mut text = String::from_utf8_lossy(body).into_owned();
    text.truncate(text.floor_char_boundary(DETAIL_BYTES_MAX));
    (String::new(), text)
}

/// Reads a JSON answer.
pub(crate) fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::failed(format!("the answer can't be read: {error}")))
}
