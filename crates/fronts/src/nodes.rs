//! What nodes of one registry tell each other: which sessions they heard. For nodes only; no client has business here.
//!
//! `POST /cluster/v1/signs` takes a message of another node as it is (the engine knows its form) and answers 204. The
//! `v1` is the version of what is said here: a node of the next version still takes what this one tells.
//!
//! Invariants:
//! - Who doesn't show the secret that the nodes keep in their store gets 401, wherever it calls from, and nothing of its
//!   body is read. There is nobody else to be: no token, no anonymity on this machine.
//! - A message is at most [`SIGNS_BYTES_MAX`] long.
//! - No rate limit: what is refused here is a sign of life lost, and nodes are few and keep to their own pace.

mod failure;
mod route;

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use paste_engine::Engine;

use self::failure::Failure;
use self::route::Route;
use crate::listener::BodyError;
use crate::{Body, Metrics};

/// Longest message of another node, in bytes: several times what a node sends at once.
pub const SIGNS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The front for other nodes. A clone is cheap and shares everything.
#[derive(Clone)]
pub struct Nodes {
    engine: Engine,
    metrics: Arc<Metrics>,
}

impl Nodes {
    /// Hands what nodes tell to `engine`.
    pub fn new(engine: Engine, metrics: Arc<Metrics>) -> Self {
        Self { engine, metrics }
    }

    /// Whether this is a path of this front.
    pub fn takes(path: &str) -> bool {
        path.starts_with(route::PREFIX)
    }

    /// Answers one request.
    pub async fn answer<B>(self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
    {
        let began = Instant::now();
        let (head, body) = request.into_parts();
        let answered = match self.admitted(&head) {
            Ok(Route::Signs) => self.signs(&head.headers, body).await,
            Err(failure) => Err(failure),
        };
        let response = answered.unwrap_or_else(Failure::into_response);
        self.metrics.routes[Route::INDEX].observe(response.status(), began.elapsed());
        response
    }

    /// Where a request goes, if it may.
    fn admitted(&self, head: &Parts) -> Result<Route, Failure> {
        if !self.engine.is_clustered() {
            return Err(Failure::Alone);
        }
        let route = Route::of(head.uri.path()).ok_or(Failure::Elsewhere)?;
        if head.method != route.method() {
            return Err(Failure::Method(route.method()));
        }
        let secret = shown(&head.headers).ok_or(Failure::Stranger)?;
        if !self.engine.is_node(secret) {
            return Err(Failure::Stranger);
        }
        Ok(route)
    }

    async fn signs<B>(&self, headers: &HeaderMap, body: B) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
    {
        let message = read(headers, body).await?;
        self.engine.take_signs(&message)?;
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// The secret that is shown.
fn shown(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, secret) = value.as_bytes().split_at_checked("Bearer ".len())?;
    let only = scheme.eq_ignore_ascii_case(b"Bearer ") && more.is_none();
    only.then_some(secret)
}

/// The whole body.
async fn read<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Failure>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
{
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > SIGNS_BYTES_MAX) {
        return Err(Failure::TooLarge);
    }
    let read = Limited::new(body, SIGNS_BYTES_MAX).collect().await;
    match read {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::TooLarge),
        Err(error) => match error.downcast_ref::<BodyError>() {
            Some(BodyError::TooSlow) => Err(Failure::TooSlow),
            Some(BodyError::Broken(_)) | None => Err(Failure::Broken(error.to_string())),
        },
    }
}
