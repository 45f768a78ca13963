//! A gate in front of a registry, through which its clients go: it can be shut, and it can falsify what comes out.
//!
//! It knows as much of HTTP as its lies need; what it lets through it doesn't look at.

mod carry;
mod lies;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::{ports, runtime, until};

/// How long to wait where nothing can be done but to try again.
const AGAIN: Duration = Duration::from_millis(20);

/// What the gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything passes.
    Open,
    /// Nobody listens: connections are refused, and those that were there are gone.
    Shut,
    /// Nothing passes in either direction, and nobody is told; it goes on when that ends.
    Silent,
    /// What the registry says comes seconds late, or byte by byte.
    Slow,
    /// Every request is answered 500, 503 or 429.
    Failing,
    /// Every request is answered with something that is no answer.
    Garbage,
    /// Every answer says that the node is isolated.
    Isolated,
}

impl Mode {
    /// Whether connections that were made in another mode can't go on in this one.
    fn resets(self) -> bool {
        !matches!(self, Self::Open | Self::Silent | Self::Slow)
    }
}

/// What has gone through a gate.
#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    open: AtomicUsize,
    heard: AtomicUsize,
    listening: AtomicBool,
}

/// One connection that is open, counted until it is dropped.
struct Counted(Arc<Counts>);

impl Counted {
    /// Counts one more, and gives its number.
    fn new(counts: &Arc<Counts>) -> (Self, usize) {
        counts.open.fetch_add(1, Ordering::SeqCst);
        let number = counts.accepted.fetch_add(1, Ordering::SeqCst);
        (Self(Arc::clone(counts)), number)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A way to one server. Dropping it closes all its connections.
pub struct Gate {
    address: String,
    mode: watch::Sender<Mode>,
    counts: Arc<Counts>,
    task: AbortHandle,
}

impl Gate {
    /// A gate to `server`, in `mode` from the beginning, on a port that stays its own while it is shut.
    pub fn start(server: &str, mode: Mode) -> Self {
        let address = format!("127.0.0.1:{}", ports::reserve());
        let place: SocketAddr = address.parse().expect("an address");
        let (sender, receiver) = watch::channel(mode);
        let counts = Arc::new(Counts::default());
        let keeper = Keeper {
            server: server.to_owned(),
            mode: receiver,
            counts: Arc::clone(&counts),
        };
        let task = runtime().spawn(keeper.keep(place)).abort_handle();
        let gate = Self {
            address,
            mode: sender,
            counts,
            task,
        };
        gate.await_listening(mode);
        gate
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Does something else from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        self.await_listening(mode);
    }

    /// How many connections it has at the moment.
    pub fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// How many pieces clients have sent through it so far: at least one a request.
    pub fn heard(&self) -> usize {
        self.counts.heard.load(Ordering::SeqCst)
    }

    fn await_listening(&self, mode: Mode) {
        until("the gate has turned", String::new, || {
            let listening = self.counts.listening.load(Ordering::SeqCst);
            (listening == (mode != Mode::Shut)).then_some(())
        });
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who stands at the gate.
#[derive(Clone)]
struct Keeper {
    server: String,
    mode: watch::Receiver<Mode>,
    counts: Arc<Counts>,
}

impl Keeper {
    async fn keep(mut self, place: SocketAddr) {
        // An error says that the gate is gone.
        while self.mode.wait_for(|mode| *mode != Mode::Shut).await.is_ok() {
            let Ok(listener) = TcpListener::bind(place).await else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            self.counts.listening.store(true, Ordering::SeqCst);
            let mut mode = self.mode.clone();
            tokio::select! {
                () = self.accept(listener) => {}
                _shut = mode.wait_for(|mode| *mode == Mode::Shut) => {}
            }
            self.counts.listening.store(false, Ordering::SeqCst);
        }
    }

    /// Takes connections, which end with this.
    async fn accept(&self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((client, _)) => connections.spawn(self.clone().serve(client)),
                Err(_) => {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
        }
    }

    /// One connection, until it ends or can't go on.
    async fn serve(self, client: TcpStream) {
        let (_counted, number) = Counted::new(&self.counts);
        let mut mode = self.mode.clone();
        // Neither the greeting nor the answer to it gets through silence.
        let Ok(begun) = mode
            .wait_for(|mode| *mode != Mode::Silent)
            .await
            .map(|mode| *mode)
        else {
            return;
        };
        let changed = async {
            let _gone = mode
                .wait_for(|mode| *mode != begun && (mode.resets() || begun.resets()))
                .await
                .is_err();
        };
        tokio::select! {
            _ended = self.converse(client, begun, number) => {}
            () = changed => {}
        }
    }

    async fn converse(&self, client: TcpStream, begun: Mode, number: usize) -> io::Result<()> {
        client.set_nodelay(true)?;
        match begun {
            Mode::Failing => lies::fail(client, number).await,
            Mode::Garbage => lies::babble(client, number).await,
            Mode::Isolated => carry::isolated(client, self).await,
            Mode::Open | Mode::Shut | Mode::Silent | Mode::Slow => {
                carry::through(client, self, number).await
            }
        }
    }
}

#[cfg(test)]
mod tests;
