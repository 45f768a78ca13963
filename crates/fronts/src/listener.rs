//! Connections: accepts them, bounds what each may cost, and hands their requests to a [`Handler`].
//!
//! Every worker is a thread with a single-threaded runtime and a listening socket of its own (`SO_REUSEPORT`): the kernel
//! spreads connections, and nothing is shared between workers while a request is answered.
//!
//! Invariants:
//! - A peer can hold a connection only while something moves. Idle, half a head, half a body and an unread answer each
//!   have a time limit (`guard.rs`, `body.rs`), heads a size limit, connections a number.
//! - What we owe a peer that doesn't read is bounded: at most [`Config::head_bytes_max`] and one chunk of the answer in
//!   this process, and [`Config::send_bytes_max`] in the kernel.
//! - An accepted connection never makes the listener fail: being out of file descriptors only makes it wait.

mod body;
mod connection;
mod counters;
mod guard;
mod socket;
pub mod tls;
mod worker;

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::sync::watch;

use crate::Peer;

pub use body::{BodyError, CutOffNote, RequestBody};
pub use counters::Counters;

/// What answers the requests of a listener.
pub trait Handler: Clone + Send + Sync + 'static {
    /// The body of its answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// Answers one request. The future is kept in place for each connection: keep it small.
    fn handle(
        &self,
        request: Request<RequestBody>,
        peer: Peer,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Where to listen, and the limits of a connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Threads that accept and serve.
    pub workers: usize,
    /// Connections open at once; one more is answered 503 and closed.
    pub connections_max: usize,
    /// Largest head of a request, in bytes; a larger one is answered 431.
    pub head_bytes_max: usize,
    /// Most of an answer that the kernel holds for a peer that doesn't read, in bytes.
    pub send_bytes_max: usize,
    /// From the first byte of a request's head to its last, and for a TLS handshake.
    pub head_timeout: Duration,
    /// From one request to the next on a connection kept open.
    pub idle_timeout: Duration,
    /// Between two pieces of a request's body.
    pub body_idle_timeout: Duration,
    /// For the whole body of a request, unless its handler lets it take longer ([`RequestBody::take_time`]).
    pub body_timeout: Duration,
    /// For a write of which the peer takes nothing.
    pub write_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 7750)),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            connections_max: 65_536,
            head_bytes_max: 64 * 1024,
            send_bytes_max: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_idle_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
        }
    }
}

/// Why a listener can't begin.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A worker can't be started.
    #[error("can't start a worker thread")]
    Worker(#[source] io::Error),
}

/// What the workers are told: serve, then finish what is begun, then leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Closing,
}

/// A bound address, not yet served: so that a taken port is known before anything else is done.
#[derive(Debug)]
pub struct Listener {
    config: Config,
    address: SocketAddr,
    sockets: Vec<std::net::TcpListener>,
    counters: Arc<Counters>,
}

impl Listener {
    /// Binds the address once for each worker.
    pub fn bind(config: Config) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind {
            address: config.address,
            source,
        };
        let claim = socket::Claim::new(config.address).map_err(failed)?;
        let address = claim.address();
        let sockets = (0..config.workers.max(1))
            .map(|_| socket::bind(address, config.send_bytes_max).map_err(failed))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            config,
            address,
            sockets,
            counters: Arc::default(),
        })
    }

    /// What it will count.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the workers.
    pub fn serve<H: Handler>(
        self,
        handler: &H,
        tls: Option<&Arc<ServerConfig>>,
    ) -> Result<Running, ListenError> {
        let (phase, watched) = watch::channel(Phase::Serving);
        let shared = Arc::new(worker::Shared {
            config: self.config,
            counters: self.counters,
            tls: tls.map(|tls| tokio_rustls::TlsAcceptor::from(Arc::clone(tls))),
        });
        let mut running = Running {
            address: self.address,
            counters: Arc::clone(&shared.counters),
            phase,
            workers: Vec::new(),
        };
        for (number, socket) in self.sockets.into_iter().enumerate() {
            let worker = worker::start(
                number,
                socket,
                handler.clone(),
                Arc::clone(&shared),
                watched.clone(),
            )
            .map_err(ListenError::Worker)?;
            running.workers.push(worker);
        }
        Ok(running)
    }
}

/// A listener that serves.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    counters: Arc<Counters>,
    phase: watch::Sender<Phase>,
    workers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counts.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Accepts no more, finishes the requests under way for at most `grace`, then closes what is left. Says how many
    /// connections were cut off.
    pub async fn stop(self, grace: Duration) -> usize {
        self.phase.send_replace(Phase::Draining);
        // Workers hold a receiver each for as long as they have connections.
        let finished = tokio::time::timeout(grace, self.phase.closed()).await;
        let left = if finished.is_ok() {
            0
        } else {
            self.counters.open()
        };
        self.phase.send_replace(Phase::Closing);
        let workers = self.workers;
        let joined = tokio::task::spawn_blocking(move || {
            for worker in workers {
                if worker.join().is_err() {
                    tracing::error!("a worker had panicked");
                }
            }
        })
        .await;
        if joined.is_err() {
            tracing::error!("the workers could not be waited for");
        }
        left
    }
}

#[cfg(test)]
mod tests;
