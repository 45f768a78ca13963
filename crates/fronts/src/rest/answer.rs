//! Answers: JSON with its headers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use paste_api::{Code, Problem};
use serde::Serialize;

use super::failure::Failure;
use crate::Body;

/// What every handler gives.
pub(super) type Answered = Result<Response<Body>, Failure>;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// How far this node's knowledge goes.
pub(super) const REVISION: HeaderName = HeaderName::from_static("x-registry-revision");

/// `value` as JSON. What the wire types can't write (there is nothing such) would be a fault of our own.
pub(super) fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::new(Code::Internal, "the answer could not be written")
            .detail
            .into_bytes()
    })
}

/// An answer of `value` as JSON.
pub(super) fn json_of(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    bytes(status, JSON, encode(value).into())
}

/// An answer of bytes that are there already.
pub(super) fn bytes(status: StatusCode, kind: HeaderValue, bytes: Bytes) -> Response<Body> {
    let length = HeaderValue::from(bytes.len());
    let mut response = bytes_of(kind, bytes, length);
    *response.status_mut() = status;
    response
}

/// `200` with bytes whose length is written, too.
pub(super) fn bytes_of(kind: HeaderValue, bytes: Bytes, length: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// `200` with `value`.
pub(super) fn ok(value: &impl Serialize) -> Answered {
    Ok(json_of(StatusCode::OK, value))
}

/// `201` where something is new, else `200`.
pub(super) fn stored(created: bool, value: &impl Serialize) -> Answered {
    Ok(json_of(
        if created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        value,
    ))
}

/// `204`.
pub(super) fn nothing() -> Answered {
    Ok(status(StatusCode::NO_CONTENT))
}

/// An answer that is only a status.
pub(super) fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}
