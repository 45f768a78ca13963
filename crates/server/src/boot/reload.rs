//! Takes over a new certificate while serving: when its files change, and on SIGHUP.
//!
//! Nothing else is read again: tokens are in the store and hold at once, and the rest of the configuration is read at the
//! start only, so that what runs is what a start would make of it.

use std::sync::Arc;
use std::time::Duration;

use paste_fronts::listener::tls::Certificate;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// SIGHUP. Once this is made it no longer ends the process, whether there is a certificate or not.
pub(super) struct Hangups(Signal);

impl Hangups {
    /// From here on the signal comes here.
    pub(super) fn new() -> Result<Self, Failure> {
        signal(SignalKind::hangup())
            .map(Self)
            .map_err(|error| Failure::caused(Exit::Failed, "can't listen for signals", &error))
    }

    async fn next(&mut self) {
        self.0.recv().await;
        tracing::info!(
            "SIGHUP: the certificate is read again; other options take a restart, tokens hold at once"
        );
    }
}

/// Watches the files until the runtime ends.
pub(super) fn watch(
    mut hangups: Hangups,
    certificate: Option<Arc<Certificate>>,
    interval: Duration,
) {
    tokio::spawn(async move {
        let Some(certificate) = certificate else {
            loop {
                hangups.next().await;
            }
        };
        let mut ticks = tokio::time::interval(interval);
        loop {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                () = hangups.next() => true,
            };
            let certificate = Arc::clone(&certificate);
            let reloaded = tokio::task::spawn_blocking(move || certificate.reload(asked)).await;
            match reloaded {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => tracing::info!("serving a new certificate"),
                Ok(Err(error)) => {
                    let failure =
                        Failure::caused(Exit::Failed, "keeping the old certificate", &error);
                    tracing::error!("{}", failure.sentence);
                }
                Err(_) => return,
            }
        }
    });
}
