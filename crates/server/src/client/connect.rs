//! Connections of the client: plain or under TLS.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::exit::{Exit, Failure};

/// The time to connect, and to shake hands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A registry's address.
#[derive(Clone)]
pub(crate) struct Target {
    url: String,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.url).finish()
    }
}

impl Target {
    /// The registry at `url`, trusted by the certificates of `ca_file` or the well-known ones.
    pub(crate) fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(
                Exit::Usage,
                format!("'{url}' is not the URL of a registry, such as http://127.0.0.1:7750"),
            )
        };
        let parsed: Uri = url.parse().map_err(|_| wrong())?;
        let host = parsed.host().ok_or_else(wrong)?;
        let (port, secure) = match parsed.scheme_str() {
            Some("http") => (parsed.port_u16().unwrap_or(80), false),
            Some("https") => (parsed.port_u16().unwrap_or(443), true),
            _ => return Err(wrong()),
        };
        if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() {
            return Err(wrong());
        }
        // An IPv6 address stands in brackets in a URL only.
        let bare = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let tls = if secure {
            let name = ServerName::try_from(bare.clone()).map_err(|_| wrong())?;
            Some((connector(ca_file)?, name))
        } else {
            None
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            host: bare,
            port,
            tls,
        })
    }

    /// What the `Host` header says.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Connects and sends.
    pub(crate) async fn send<B>(&self, request: Request<B>) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let mut sender = self.connect().await?;
        sender
            .send_request(request)
            .await
            .map_err(|error| self.unreachable(&error))
    }

    /// Connects. The connection ends with its sender, or when the other side ends it.
    pub(crate) async fn connect<B>(&self) -> Result<SendRequest<B>, Failure>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|error| self.unreachable(&error))?
            .map_err(|error| self.unreachable(&error))?;
        let Some((connector, name)) = &self.tls else {
            return handshake(stream)
                .await
                .map_err(|error| self.unreachable(&error));
        };
        let shaking = connector.connect(name.clone(), stream);
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, shaking)
            .await
            .map_err(|error| self.unreachable(&error))?
            .map_err(|error| self.unreachable(&error))?;
        handshake(stream)
            .await
            .map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &dyn Error) -> Failure {
        let what = format!("can't reach the registry at {}", self.url);
        Failure::caused(Exit::Unreachable, what, error)
    }
}

async fn handshake<T, B>(stream: T) -> hyper::Result<SendRequest<B>>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What goes wrong with it shows in the answer.
    tokio::spawn(connection);
    Ok(sender)
}

fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, Failure> {
    let roots = match ca_file {
        Some(path) => read_roots(path)?,
        None => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::caused(Exit::Failed, "can't set up TLS", &error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read_roots(path: &Path) -> Result<RootCertStore, Failure> {
    let wrong = |error: &dyn Error| {
        let what = format!("can't use the certificates in {}", path.display());
        Failure::caused(Exit::Usage, what, error)
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    Ok(roots)
}
