//! One connection, from the accepted socket to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::body::{AnswerBody, CutOffNote, RequestBody, Serving};
use super::counters::CutOff;
use super::guard::{Guarded, Pulse, Verdict};
use super::worker::Shared;
use super::{Config, Handler, Phase};
use crate::Peer;

/// Answer to a connection too many. It is written without waiting, so it has to fit into an empty socket buffer.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: application/problem+json\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 174\r\n\r\n\
    {\"type\":\"urn:paste-registry:problem:too-many-connections\",\"title\":\"too many connections are open\",\
    \"status\":503,\"detail\":\"try again in a second\",\"code\":\"too-many-connections\"}";

/// Streams of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 250;
/// Silence after which an HTTP/2 peer is asked whether it is there, and again the time it has to answer.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Says that there are too many connections, and closes.
pub(super) fn refuse(stream: &TcpStream) {
    // Whether the peer reads it or not, the connection is closed.
    let _ = stream.try_write(TOO_MANY);
}

/// HTTP/1 and HTTP/2 without TLS, told apart by the first bytes.
pub(super) type Protocol = auto::Builder<TokioExecutor>;

/// How every connection of a worker speaks HTTP.
pub(super) fn protocol(config: &Config) -> Protocol {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Ours is in `guard.rs`.
        .header_read_timeout(None)
        // `pipeline_flush` stays off: it lifts the bound on what is buffered for a peer that doesn't read.
        .max_buf_size(config.head_bytes_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(config.head_bytes_max).unwrap_or(u32::MAX))
        .max_send_buf_size(config.head_bytes_max)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    builder
}

/// Serves a plain connection, or one under TLS where the listener has a certificate.
pub(super) async fn serve<H: Handler>(
    stream: TcpStream,
    remote: SocketAddr,
    handler: H,
    protocol: Arc<Protocol>,
    shared: Arc<Shared>,
    mut phase: watch::Receiver<Phase>,
) {
    // Without a local address the connection is gone already.
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let peer = Peer {
        remote,
        local,
        tls: shared.tls.is_some(),
    };
    let Some(tls) = &shared.tls else {
        return speak(stream, peer, handler, &protocol, &shared, phase).await;
    };
    let handshake = tokio::select! {
        handshake = tokio::time::timeout(shared.config.head_timeout, tls.accept(stream)) => handshake,
        _ = phase.changed() => return,
    };
    match handshake {
        // Boxed: the state of a TLS connection is large, and a plain one shouldn't carry it.
        Ok(Ok(stream)) => {
            Box::pin(speak(stream, peer, handler, &protocol, &shared, phase)).await;
        }
        Ok(Err(error)) => {
            shared.counters.cut_off(CutOff::Handshake);
            tracing::debug!(peer = %remote, %error, "tls handshake failed");
        }
        Err(_) => {
            shared.counters.cut_off(CutOff::Handshake);
            tracing::debug!(peer = %remote, "tls handshake took too long");
        }
    }
}

async fn speak<H: Handler, T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    transport: T,
    peer: Peer,
    handler: H,
    protocol: &Protocol,
    shared: &Shared,
    mut phase: watch::Receiver<Phase>,
) {
    let pulse = Arc::new(Pulse::new());
    let noted = Arc::clone(&pulse);
    let (idle_timeout, timeout) = (shared.config.body_idle_timeout, shared.config.body_timeout);
    let service = service_fn(move |request: Request<Incoming>| {
        let serving = Serving::begin(&noted, request.version() == Version::HTTP_2);
        let request = request.map(|body| RequestBody::new(body, idle_timeout, timeout, &noted));
        let handler = handler.clone();
        async move {
            let mut answer = handler.handle(request, peer).await;
            let note = answer.extensions_mut().remove::<CutOffNote>();
            Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, note, serving)))
        }
    });
    let io = TokioIo::new(Guarded::new(transport, Arc::clone(&pulse)));
    let mut connection = pin!(protocol.serve_connection(io, service));
    let mut watch = pin!(tokio::time::sleep(shared.config.head_timeout / 2));
    let mut closing = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(peer = %peer.remote, error, "connection ended");
                }
                return;
            }
            () = watch.as_mut() => match pulse.judge(&shared.config) {
                Verdict::Fine(wait) => watch.as_mut().reset(tokio::time::Instant::now() + wait),
                // The second time round it hasn't gone on its own.
                Verdict::Idle if closing => return,
                Verdict::Idle => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                    watch.as_mut().reset(tokio::time::Instant::now() + shared.config.head_timeout);
                }
                Verdict::CutOff(why) => {
                    shared.counters.cut_off(why);
                    pulse.cut_off();
                    tracing::debug!(peer = %peer.remote, ?why, "connection cut off");
                    return;
                }
            },
            changed = phase.changed() => {
                if changed.is_err() || *phase.borrow() == Phase::Closing {
                    return;
                }
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
