//! A worker: a thread that accepts connections and serves them, on its own.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use super::counters::Counters;
use super::{Config, Handler, Phase, connection};

/// Pause after a failure to accept: long enough not to spin without file descriptors, short enough not to be noticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all workers of a listener share.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) counters: Arc<Counters>,
    pub(super) tls: Option<TlsAcceptor>,
}

/// Starts worker `number` on its socket. The thread ends when the phase says so and its connections are gone.
pub(super) fn start<H: Handler>(
    number: usize,
    socket: std::net::TcpListener,
    handler: H,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name(format!("http-{number}"))
        .spawn(move || {
            let served = runtime.block_on(async {
                let listener = TcpListener::from_std(socket)?;
                run(listener, handler, shared, phase).await;
                io::Result::Ok(())
            });
            if let Err(error) = served {
                tracing::error!(%error, "worker {number} can't listen");
            }
        })
}

async fn run<H: Handler>(
    listener: TcpListener,
    handler: H,
    shared: Arc<Shared>,
    mut phase: watch::Receiver<Phase>,
) {
    let protocol = Arc::new(connection::protocol(&shared.config));
    // Every connection holds the sending half until it ends.
    let (open, mut ended) = mpsc::channel::<Infallible>(1);
    while *phase.borrow_and_update() == Phase::Serving {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            changed = phase.changed() => if changed.is_err() { break } else { continue },
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failed_to_accept(&shared, &error).await;
                continue;
            }
        };
        let Some(admitted) = shared.counters.admit(shared.config.connections_max) else {
            connection::refuse(&stream);
            continue;
        };
        let (open, handler, phase) = (open.clone(), handler.clone(), phase.clone());
        let (protocol, shared) = (Arc::clone(&protocol), Arc::clone(&shared));
        tokio::spawn(async move {
            connection::serve(stream, address, handler, protocol, shared, phase).await;
            drop((admitted, open));
        });
    }
    drop((listener, handler, open));
    // Nothing is ever sent: this ends with the last connection.
    let _: Option<Infallible> = ended.recv().await;
}

async fn failed_to_accept(shared: &Shared, error: &io::Error) {
    // The peer was gone before it was accepted: nothing is wrong with us.
    if error.kind() == io::ErrorKind::ConnectionAborted {
        return;
    }
    if shared.counters.failed_to_accept() {
        tracing::error!(%error, "can't accept connections; retrying");
    }
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
