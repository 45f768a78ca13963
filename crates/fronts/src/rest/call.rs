//! One request on its way through a handler: who asks, what for, and the body under its limits.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, Method};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use paste_api::{Code, Strictness};
use paste_engine::{Caller, Engine};
use paste_model::{InstanceId, InstanceKey, Revision, ServiceKey, ServiceName};
use serde::de::DeserializeOwned;

use super::Rest;
use super::access;
use super::failure::Failure;
use super::query::Query;
use super::route::Route;
use super::waiting;
use crate::Peer;
use crate::listener::BodyError;

/// Why a body broke off.
pub(super) type BodyFailure = Box<dyn Error + Send + Sync>;

/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
const DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long that may take.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// The body of a request, not yet read.
pub(super) struct Upload(
    Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyFailure> + Send + Sync>>,
);

impl Upload {
    pub(super) fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<BodyFailure>> + Send + Sync + 'static,
    {
        Self(Box::pin(body.map_err(Into::into)))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_end_stream()
    }

    /// The next piece.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while let Some(frame) = self.0.frame().await {
            if let Ok(bytes) = frame.map_err(|error| broken(&*error))?.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// All of it, at most `max` bytes.
    async fn read(&mut self, max: usize) -> Result<Bytes, Failure> {
        let mut all = BytesMut::new();
        let mut first = Bytes::new();
        while let Some(bytes) = self.next().await? {
            if first.len() + all.len() + bytes.len() > max {
                self.drain().await;
                return Err(too_large(max as u64));
            }
            // Most bodies come in one piece, which is then not copied.
            if first.is_empty() && all.is_empty() {
                first = bytes;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&bytes);
            }
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Reads on for a while without keeping anything.
    pub(super) async fn drain(&mut self) {
        let rest = Limited::new(&mut self.0, DRAIN_BYTES_MAX);
        let mut rest = std::pin::pin!(rest);
        let drained = async { while let Some(Ok(_)) = rest.frame().await {} };
        // Whoever is not done by then finds the connection closed.
        let _ = tokio::time::timeout(DRAIN_TIME_MAX, drained).await;
    }
}

fn broken(error: &(dyn Error + Send + Sync + 'static)) -> Failure {
    match error.downcast_ref::<BodyError>() {
        Some(BodyError::TooSlow) => {
            Failure::new(Code::RequestTimeout, "send the body without pauses")
        }
        Some(BodyError::Broken(_)) | None => Failure::of_field(
            Code::MalformedJson,
            "body",
            format!("it broke off: {error}"),
        ),
    }
}

pub(super) fn too_large(max: u64) -> Failure {
    Failure::new(
        Code::BodyTooLarge,
        format!("the limit for this request is {max} bytes"),
    )
}

/// One request.
pub(super) struct Call {
    pub(super) rest: Rest,
    pub(super) caller: Caller,
    pub(super) peer: Peer,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) query: Query,
    pub(super) strictness: Strictness,
    pub(super) upload: Upload,
}

impl Call {
    /// Checks who asks, and reads what every request has.
    pub(super) fn new(
        rest: Rest,
        route: &Route<'_>,
        head: http::request::Parts,
        upload: Upload,
        peer: &Peer,
    ) -> Result<Self, Failure> {
        if let Some(herald) = rest.0.engine.catalog().herald() {
            // It goes with the worker that it runs on.
            drop(tokio::spawn(herald));
        }
        let caller = if route.open() {
            Caller::anonymous()
        } else {
            access::caller(&rest, &head.headers, &head.uri, peer)?
        };
        if !upload.is_empty() {
            typed(&head.headers, wanted(route))?;
        }
        Ok(Self {
            rest,
            caller,
            peer: *peer,
            method: head.method,
            query: Query::read(head.uri.query().unwrap_or_default())?,
            strictness: strictness(&head.headers),
            headers: head.headers,
            upload,
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.rest.0.engine
    }

    /// Whether only the head of the answer is wanted.
    pub(super) fn head_only(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Refuses the query's parameters that the handler didn't take.
    pub(super) fn finish_query(&mut self) -> Result<(), Failure> {
        self.query.finish(self.strictness)
    }

    /// The service of that name in the query's namespace.
    pub(super) fn service(&mut self, name: &str) -> Result<ServiceKey, Failure> {
        Ok(ServiceKey {
            namespace: self.query.namespace()?,
            name: ServiceName::new(name).map_err(|error| path("service", error))?,
        })
    }

    /// The instance of that name in the query's namespace.
    pub(super) fn instance(&mut self, service: &str, id: &str) -> Result<InstanceKey, Failure> {
        Ok(InstanceKey {
            service: self.service(service)?,
            id: InstanceId::new(id).map_err(|error| path("id", error))?,
        })
    }

    /// The body as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let max = self.rest.0.config.body_bytes_max;
        self.json_within(max).await
    }

    /// The body as JSON, which may be up to `max` bytes.
    pub(super) async fn json_within<T: DeserializeOwned>(
        &mut self,
        max: usize,
    ) -> Result<T, Failure> {
        let body = self.body(max).await?;
        if body.is_empty() {
            let detail = "it is empty; a JSON document is needed";
            return Err(Failure::of_field(Code::MalformedJson, "body", detail));
        }
        Ok(paste_api::decode(&body, self.strictness)?)
    }

    /// The body as JSON; nothing and `null` are the same as `{}`.
    pub(super) async fn json_if_any<T: DeserializeOwned + Default>(
        &mut self,
    ) -> Result<T, Failure> {
        let body = self.body(self.rest.0.config.body_bytes_max).await?;
        if body.is_empty() {
            return Ok(T::default());
        }
        Ok(paste_api::decode::<Option<T>>(&body, self.strictness)?.unwrap_or_default())
    }

    /// The body as it is, at most `max` bytes.
    pub(super) async fn octets(&mut self, max: usize) -> Result<Bytes, Failure> {
        self.body(max).await
    }

    async fn body(&mut self, max: usize) -> Result<Bytes, Failure> {
        self.announced(max as u64).await?;
        self.upload.read(max).await
    }

    /// Refuses a body that says itself that it is too large.
    pub(super) async fn announced(&mut self, max: u64) -> Result<(), Failure> {
        let length = self
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        if length
            .and_then(|text| text.parse::<u64>().ok())
            .is_some_and(|length| length > max)
        {
            // Who asks first hasn't sent anything yet.
            if !self.headers.contains_key(EXPECT) {
                self.upload.drain().await;
            }
            return Err(too_large(max));
        }
        Ok(())
    }

    /// The revision that a write is conditional on. Another node may have told it: this one catches up first, so that what
    /// it only doesn't know yet isn't taken for changed.
    pub(super) async fn condition(&self) -> Result<Option<Revision>, Failure> {
        let condition = self.if_match()?;
        if let Some(revision) = condition {
            waiting::catch_up(&self.rest, revision).await;
        }
        Ok(condition)
    }

    fn if_match(&self) -> Result<Option<Revision>, Failure> {
        let refused =
            |field: &str, detail: &str| Failure::of_field(Code::InvalidHeader, field, detail);
        if self.headers.contains_key(IF_NONE_MATCH) {
            return Err(refused(
                "If-None-Match",
                "is for reading; a write can have If-Match",
            ));
        }
        let mut values = self.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        let bare = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(text);
        let digits = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        match bare.parse() {
            Ok(revision) if digits && values.next().is_none() => Ok(Some(Revision(revision))),
            _ => Err(refused(
                "If-Match",
                "must be one revision, bare or quoted, such as 42; 0 for what isn't there",
            )),
        }
    }

    /// Refuses a condition where a write knows none: it must not be passed over.
    pub(super) fn unconditional(&self) -> Result<(), Failure> {
        if self.if_match()?.is_some() {
            let detail = "this write can't be conditional";
            return Err(Failure::of_field(Code::InvalidHeader, "If-Match", detail));
        }
        Ok(())
    }
}

/// A name in the path that breaks a rule.
pub(super) fn path(field: &str, error: impl ToString) -> Failure {
    Failure::of_field(Code::InvalidPath, field, error)
}

const OCTETS: &str = "application/octet-stream";
const JSON: &str = "application/json";

/// What the body of a request may be.
fn wanted(route: &Route<'_>) -> &'static [&'static str] {
    match route {
        Route::Restore => &[OCTETS],
        Route::Configs(route) if route.takes_octets() => &[JSON, OCTETS],
        _ => &[JSON],
    }
}

/// A body says what it is. A web page can't say `application/json` to a foreign server without asking it first.
fn typed(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Failure> {
    let found = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = found
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let json_dialect =
        wanted.contains(&JSON) && essence.starts_with("application/") && essence.ends_with("+json");
    if wanted.contains(&essence.as_str()) || json_dialect {
        return Ok(());
    }
    let wanted = wanted.join(" or ");
    let detail = format!("send it with 'Content-Type: {wanted}', not {found:?}");
    Err(Failure::new(Code::UnsupportedMediaType, detail))
}

fn strictness(headers: &HeaderMap) -> Strictness {
    let lenient = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| {
            let (key, value) = preference.split_once('=').unwrap_or((preference, ""));
            key.trim().eq_ignore_ascii_case("handling")
                && value
                    .trim()
                    .trim_matches('"')
                    .eq_ignore_ascii_case("lenient")
        });
    if lenient {
        Strictness::Lenient
    } else {
        Strictness::Strict
    }
}
