//! A backup, written while it is sent.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::Frame;
use paste_model::Role;
use tokio::sync::mpsc;

use super::answer::Answered;
use super::call::Call;
use crate::Body;

/// Size of the pieces that a backup is sent in, in bytes.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait to be sent: the writer stops while the client doesn't read.
const PIECES_MAX: usize = 4;

/// Streams a backup.
#[utoipa::path(
    get,
    path = "/api/v1/backup",
    operation_id = "backup",
    tag = "operate",
    summary = "A consistent backup, taken while the registry works on",
    responses((status = 200, description = "The backup; one that breaks off is not a backup, and restore refuses it", content_type = "application/octet-stream", body = Vec<u8>)),
)]
pub(super) fn get(mut call: Call) -> Answered {
    call.finish_query()?;
    call.caller.require_everywhere(Role::Admin)?;
    if call.head_only() {
        return Ok(headed(Body::Empty));
    }
    let (pieces, sent) = mpsc::channel(PIECES_MAX);
    let (engine, caller) = (call.engine().clone(), call.caller.clone());
    tokio::task::spawn_blocking(move || {
        let mut sink = io::BufWriter::with_capacity(PIECE_BYTES, Sink(pieces));
        let written = engine
            .backup(&caller, &mut sink)
            .map_err(|error| error.to_string());
        let written = written.and_then(|_| sink.flush().map_err(|error| error.to_string()));
        if let Err(error) = written {
            tracing::warn!(%error, "a backup was not finished");
        }
    });
    Ok(headed(Body::stream(Pieces(sent))))
}

fn headed(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Where the backup is written to.
struct Sink(mpsc::Sender<Bytes>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0
            .blocking_send(piece)
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is sent of it.
struct Pieces(mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
