//! One connection to one member of etcd: TCP, TLS where it is asked for, HTTP/2.
//!
//! Connections are made here and not by tonic's own transport, because a write must know whether it was ever sent.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::body::Body;

use super::EtcdError;

/// A quiet connection is asked whether it lives. etcd hangs up on those who ask more often than every 5 s.
const PING_INTERVAL: Duration = Duration::from_secs(6);
/// A connection that doesn't answer in this time is dead.
const PING_LIMIT: Duration = Duration::from_secs(3);
/// How much may be on its way without being taken: pages and watches are large.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;

type Cause = Box<dyn Error + Send + Sync>;

/// Where a member is.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Scheme, host and port.
    pub(super) uri: Uri,
    host: String,
    port: u16,
}

impl Endpoint {
    /// Reads `http://host:port` or `https://host:port`; without a scheme it is `https` if there is `tls`.
    pub(super) fn parse(text: &str, tls: bool) -> Result<Self, EtcdError> {
        let invalid = |found: String| EtcdError::Setting {
            setting: "endpoints",
            found,
        };
        let scheme = if tls { "https" } else { "http" };
        let full = match text.contains("://") {
            true => text.to_owned(),
            false => format!("{scheme}://{text}"),
        };
        let uri: Uri = full
            .parse()
            .map_err(|error| invalid(format!("{text:?}: {error}")))?;
        match uri.scheme_str() {
            Some("https") if !tls => {
                let found = format!("{text:?} wants TLS, but no certificate authority is set");
                return Err(invalid(found));
            }
            Some("http") if tls => {
                let found = format!("{text:?} is without TLS, but TLS is set up");
                return Err(invalid(found));
            }
            Some("http" | "https") => {}
            _ => return Err(invalid(format!("{text:?} is neither http nor https"))),
        }
        let host = uri.host().unwrap_or_default();
        let (Some(port), false) = (uri.port_u16(), host.is_empty()) else {
            return Err(invalid(format!("{text:?} needs a host and a port")));
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            host: host.to_owned(),
            port,
            uri,
        })
    }
}

/// A connection. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    sender: SendRequest<Body>,
    /// Tells connections apart.
    pub(super) number: u64,
    pub(super) uri: Uri,
}

impl Connection {
    /// Connects to `endpoint`.
    pub(super) async fn open(
        endpoint: &Endpoint,
        tls: Option<&Arc<ClientConfig>>,
        number: u64,
    ) -> Result<Self, EtcdError> {
        let sender = connect(endpoint, tls)
            .await
            .map_err(|source| EtcdError::Unreachable {
                endpoint: endpoint.uri.to_string(),
                source,
            })?;
        Ok(Self {
            sender,
            number,
            uri: endpoint.uri.clone(),
        })
    }

    /// Whether nothing can be sent any more.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

async fn connect(
    endpoint: &Endpoint,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<SendRequest<Body>, Cause> {
    let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
    stream.set_nodelay(true)?;
    match tls {
        None => handshake(stream).await,
        Some(config) => {
            let name = ServerName::try_from(endpoint.host.clone())?;
            let connector = TlsConnector::from(Arc::clone(config));
            handshake(connector.connect(name, stream).await?).await
        }
    }
}

async fn handshake<I>(stream: I) -> Result<SendRequest<Body>, Cause>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_LIMIT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(2 * WINDOW_BYTES)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = &error as &dyn Error, "a connection to etcd ended");
        }
    });
    Ok(sender)
}

impl tower_service::Service<http::Request<Body>> for Connection {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_or_refused() {
        for (text, tls, expected) in [
            ("http://127.0.0.1:2379", false, Some(("127.0.0.1", 2379))),
            ("127.0.0.1:2379", false, Some(("127.0.0.1", 2379))),
            ("etcd-1.example:2379", true, Some(("etcd-1.example", 2379))),
            ("https://[::1]:2379", true, Some(("::1", 2379))),
            ("https://etcd:2379", false, None),
            ("http://etcd:2379", true, None),
            ("ftp://etcd:2379", false, None),
            ("http://etcd", false, None),
            ("", false, None),
            ("http://:1", false, None),
        ] {
            let found = Endpoint::parse(text, tls).ok();
            let found = found
                .as_ref()
                .map(|endpoint| (endpoint.host.as_str(), endpoint.port));
            assert_eq!(found, expected, "{text}");
        }
    }
}
