//! The end: what interrupts the process, and how it goes down without anybody's losing an answer.

use std::future::Future;
use std::time::Duration;

use paste_engine::Engine;
use paste_fronts::listener::Running;
use paste_fronts::rest::Rest;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// SIGTERM and SIGINT. Once this is made they no longer end the process by themselves.
pub(crate) struct Interrupts {
    terminate: Signal,
    interrupt: Signal,
}

impl Interrupts {
    /// From here on the signals come here.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::caused(Exit::Failed, "can't listen for signals", &error))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The first SIGTERM or SIGINT.
pub(crate) fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupts = Interrupts::new()?;
    Ok(async move { interrupts.next().await })
}

/// How long things may take on the way down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Requests under way are finished in this time, or cut off.
    pub(crate) grace: Duration,
    /// Watchers are sent to other nodes over this time, where there are any.
    pub(crate) period: Duration,
}

/// Goes down: not ready any more, streams closed in order, requests under way finished for at most the grace, then the
/// background work. A second signal ends the process at once.
pub(crate) async fn drain(
    mut interrupts: Interrupts,
    engine: &Engine,
    rest: Rest,
    running: Running,
    pace: Pace,
) {
    tracing::info!(?pace, "stopping; a second signal stops at once");
    tokio::spawn(async move {
        interrupts.next().await;
        tracing::warn!("stopped at once");
        std::process::exit(i32::from(Exit::Failed.code()));
    });
    let others = engine
        .cluster_status()
        .is_some_and(|cluster| cluster.nodes.len() > 1 && !cluster.isolated);
    engine.drain();
    if others {
        rest.send_away(pace.period).await;
    }
    rest.drain();
    drop(rest);
    let cut_off = running.stop(pace.grace).await;
    if cut_off > 0 {
        tracing::warn!(
            connections = cut_off,
            "cut off: their requests took too long"
        );
    }
    engine.stop().await;
}
