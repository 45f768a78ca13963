//! The HTTP check: `GET path`, passing on a 2xx status. Redirects are not followed, and the body doesn't matter.

use std::pin::pin;

use bytes::Bytes;
use compact_str::format_compact;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http_body_util::Empty;
use hyper::client::conn::http1;

use super::network::{Connection, Failure};

/// How probes introduce themselves.
pub(super) const AGENT: &str = "paste-registry";

pub(super) async fn check(
    connection: Connection,
    authority: &str,
    path: &str,
) -> Result<(), Failure> {
    let request = http::Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| Failure::new(format_compact!("the check can't be sent: {error}")))?;
    let (mut sender, connection) = http1::handshake(connection)
        .await
        .map_err(|error| Failure::new(format_compact!("no HTTP: {error}")))?;
    let mut answer = pin!(sender.send_request(request));
    let mut connection = pin!(connection);
    let mut closed = false;
    // A connection may end together with its answer, which is then still to be had.
    let answer = loop {
        tokio::select! {
            answer = &mut answer => break answer,
            _ = &mut connection, if !closed => closed = true,
        }
    };
    let status = answer
        .map_err(|error| Failure::new(format_compact!("no HTTP answer: {error}")))?
        .status();
    if status.is_success() {
        Ok(())
    } else {
        Err(Failure::new(format_compact!(
            "HTTP status {}",
            status.as_u16()
        )))
    }
}
