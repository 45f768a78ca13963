//! The gRPC check: the standard health protocol (`grpc.health.v1.Health/Check`, grpc/doc/health-checking.md) over
//! HTTP/2 without TLS. `SERVING` passes.

use std::pin::pin;

use bytes::{BufMut, Bytes, BytesMut};
use compact_str::format_compact;
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use prost::Message;

use super::http::AGENT;
use super::network::{Connection, Failure};

/// Length of the prefix of a message: a flag for compression, and the length.
const PREFIX_BYTES: usize = 5;
const SERVING: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

pub(super) async fn check(
    connection: Connection,
    authority: &str,
    service: &str,
) -> Result<(), Failure> {
    let message = HealthCheckRequest {
        service: service.to_owned(),
    }
    .encode_to_vec();
    let mut body = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    body.put_u8(0);
    body.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    body.put_slice(&message);
    let request = http::Request::post(format!("http://{authority}/grpc.health.v1.Health/Check"))
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers")
        .header(USER_AGENT, AGENT)
        .body(Full::new(body.freeze()))
        .map_err(|error| Failure::new(format_compact!("the check can't be sent: {error}")))?;
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), connection)
        .await
        .map_err(|error| Failure::new(format_compact!("no HTTP/2: {error}")))?;
    let mut answer = pin!(async {
        let answer = sender.send_request(request).await?;
        read(answer).await
    });
    let mut connection = pin!(connection);
    let mut closed = false;
    let answer = loop {
        tokio::select! {
            answer = &mut answer => break answer,
            _ = &mut connection, if !closed => closed = true,
        }
    };
    judge(answer.map_err(|error| Failure::new(format_compact!("no gRPC answer: {error}")))?)
}

/// An answer with its body and both kinds of headers.
struct Answer {
    status: http::StatusCode,
    headers: HeaderMap,
    trailers: HeaderMap,
    body: Bytes,
}

/// Reads the answer whole; the connection ends it where it is too long.
async fn read(answer: Response<Incoming>) -> Result<Answer, hyper::Error> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        trailers,
        body: body.to_bytes(),
    })
}

fn judge(answer: Answer) -> Result<(), Failure> {
    if answer.status != http::StatusCode::OK {
        let status = answer.status.as_u16();
        return Err(Failure::new(format_compact!(
            "HTTP status {status}, not gRPC"
        )));
    }
    // An answer without messages has its status among the headers.
    let status = [&answer.trailers, &answer.headers]
        .into_iter()
        .find_map(|headers| headers.get("grpc-status")?.to_str().ok());
    match status {
        Some("0") => {}
        Some(code) => return Err(Failure::new(format_compact!("gRPC status {code:.8}"))),
        None => return Err(Failure::new("an answer without gRPC status")),
    }
    let message = answer
        .body
        .get(PREFIX_BYTES..)
        .filter(|_| answer.body[0] == 0)
        .and_then(|message| HealthCheckResponse::decode(message).ok())
        .ok_or_else(|| Failure::new("an answer that is no health message"))?;
    match message.status {
        SERVING => Ok(()),
        2 => Err(Failure::new("it says NOT_SERVING")),
        3 => Err(Failure::new("it says SERVICE_UNKNOWN")),
        _ => Err(Failure::new("it says UNKNOWN")),
    }
}
