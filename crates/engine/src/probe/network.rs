//! One probe, over the network or over what a test puts in its place.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use compact_str::{CompactString, format_compact};
use hyper_util::rt::TokioIo;
use paste_model::{Address, CheckKind, Port};
use tokio::io::{AsyncReadExt, Join, Take, join};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::target::{Guard, Unreachable};
use super::{grpc, http};

/// Most that is read of an answer, head included, in bytes.
pub(super) const ANSWER_BYTES_MAX: u64 = 4 * 1024;

/// What to ask, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) address: Address,
    pub(super) port: Port,
    pub(super) kind: CheckKind,
    pub(super) timeout: Duration,
}

impl Request {
    /// Host and port, as they stand in a URL.
    pub(super) fn authority(&self) -> CompactString {
        let (address, port) = (self.address.as_str(), self.port);
        if address.contains(':') {
            format_compact!("[{address}]:{port}")
        } else {
            format_compact!("{address}:{port}")
        }
    }
}

/// A probe that did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Why, in words for a person.
    pub(super) reason: CompactString,
    /// It was not even tried, and never will be.
    pub(super) refused: bool,
}

impl Failure {
    pub(super) fn new(reason: impl Into<CompactString>) -> Self {
        Self {
            reason: reason.into(),
            refused: false,
        }
    }
}

/// Where probes go.
pub(super) trait Network: Send + Sync {
    /// Probes once, in no more than the request's time-out.
    fn probe(&self, request: Request) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// The network this node is in.
#[derive(Debug)]
pub(super) struct Wire(pub(super) Guard);

/// A connection of which no more than [`ANSWER_BYTES_MAX`] are read.
pub(super) type Connection = TokioIo<Join<Take<OwnedReadHalf>, OwnedWriteHalf>>;

impl Network for Wire {
    async fn probe(&self, request: Request) -> Result<(), Failure> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.attempt(&request))
            .await
            .unwrap_or_else(|_| {
                Err(Failure::new(format_compact!(
                    "no answer within {timeout:?}"
                )))
            })
    }
}

impl Wire {
    async fn attempt(&self, request: &Request) -> Result<(), Failure> {
        let addresses = self
            .0
            .resolve(request.address.as_str(), request.port.get())
            .await
            .map_err(|unreachable| match unreachable {
                Unreachable::Refused(reason) => Failure {
                    reason,
                    refused: true,
                },
                Unreachable::Unknown(reason) => Failure::new(reason),
            })?;
        let stream = connect(&addresses).await.map_err(|error| {
            Failure::new(format_compact!(
                "can't connect to {}: {error}",
                request.authority()
            ))
        })?;
        let (read, write) = stream.into_split();
        let connection = TokioIo::new(join(read.take(ANSWER_BYTES_MAX), write));
        match &request.kind {
            CheckKind::Tcp => Ok(()),
            CheckKind::Http { path } => http::check(connection, &request.authority(), path).await,
            CheckKind::Grpc { service } => {
                grpc::check(connection, &request.authority(), service).await
            }
        }
    }
}

/// The first of the addresses that answers.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
