//! The transport over hyper: kept connections, plain or under TLS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::tls::{TlsError, Trust};
use super::{Sending, Transport};
use crate::error::BoxError;

/// The time to connect to a registry, and to shake hands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Kept connections that are idle so long are closed: less than servers wait, so that a request seldom meets a closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that are kept idle to one address.
const IDLE_PER_HOST_MAX: usize = 32;

/// Speaks to registries over HTTP/1.1.
#[derive(Debug, Clone)]
pub struct HyperTransport {
    client: Client<Connector, Full<Bytes>>,
}

impl HyperTransport {
    /// A transport that trusts `trust` for `https`.
    pub fn new(trust: &Trust) -> Result<Self, TlsError> {
        let dialer = Dialer::new(trust)?;
        Ok(Self {
            client: dialer.client(CONNECT_TIMEOUT).0,
        })
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let sending = self.client.request(request.map(Full::new));
        Box::pin(async move {
            let response = sending.await?;
            Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
        })
    }
}

/// Makes clients that open connections, and share the certificates that they trust.
#[derive(Clone)]
pub(crate) struct Dialer {
    tls: tokio_rustls::TlsConnector,
}

impl Dialer {
    pub(crate) fn new(trust: &Trust) -> Result<Self, TlsError> {
        Ok(Self {
            tls: trust.connector()?,
        })
    }

    /// A client with connections of its own, and what sets its time to connect.
    pub(crate) fn client<B>(&self, connect: Duration) -> (Client<Connector, B>, ConnectTimeout)
    where
        B: http_body::Body<Data = Bytes> + Send + 'static + Unpin,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let timeout = ConnectTimeout::new(connect);
        let connector = Connector {
            tls: self.tls.clone(),
            timeout: timeout.clone(),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .build(connector);
        (client, timeout)
    }
}

/// The time to connect, which may change while connections are opened.
#[derive(Debug, Clone)]
pub(crate) struct ConnectTimeout(Arc<AtomicU64>);

impl ConnectTimeout {
    fn new(limit: Duration) -> Self {
        let timeout = Self(Arc::default());
        timeout.set(limit);
        timeout
    }

    pub(crate) fn set(&self, limit: Duration) {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanos, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Opens connections to the host and port of a URI.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: tokio_rustls::TlsConnector,
    timeout: ConnectTimeout,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("timeout", &self.timeout.get())
            .finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (tls, limit) = (self.tls.clone(), self.timeout.get());
        Box::pin(async move {
            let opening = open(tls, uri);
            tokio::time::timeout(limit, opening)
                .await
                .map_err(|_| BoxError::from(format!("no connection within {limit:?}")))?
        })
    }
}

async fn open(tls: tokio_rustls::TlsConnector, uri: Uri) -> Result<TokioIo<Wire>, BoxError> {
    let host = uri.host().ok_or("the URL has no host")?;
    // An IPv6 address stands in brackets in a URL only.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    if !secure {
        return Ok(TokioIo::new(Wire::Plain(stream)));
    }
    let name = rustls_pki_types::ServerName::try_from(host.to_owned())?;
    let stream = tls.connect(name, stream).await?;
    Ok(TokioIo::new(Wire::Secure(Box::new(stream))))
}

/// One connection.
pub(crate) enum Wire {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Whether a request failed before a connection was open, so that it can't have had any effect.
pub(crate) fn never_sent(error: &legacy::Error) -> bool {
    error.is_connect()
}
