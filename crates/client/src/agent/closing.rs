//! Leaving: draining first, so that nobody sends anything new, and then the end of the session.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::client::Shared;
use crate::error::CloseError;
use crate::hooks::Event;
use crate::link::Failure;
use crate::registration::Entry;

/// Left of the time for closing to end what runs here.
const MARGIN: Duration = Duration::from_millis(500);

/// Takes everything out, by `deadline`. Tells what it couldn't do.
pub(crate) async fn leave(shared: &Arc<Shared>, deadline: Instant) -> Option<CloseError> {
    let there = shared.registrations.there();
    let known = shared.registrations.any_was_there();
    if !known && shared.registrations.all().is_empty() {
        return None;
    }
    let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
    if !there.is_empty() {
        let pause = Instant::now() + shared.options.drain_delay;
        let draining = drain(shared, there);
        let _late = tokio::time::timeout_at(deadline, draining).await.is_err();
        tokio::time::sleep_until(pause.min(deadline)).await;
    }
    // One that was never answered may be there all the same.
    let ending = tokio::time::timeout_at(deadline, end(shared)).await;
    let failure = match ending {
        Ok(Ok(())) => return None,
        Ok(Err(reason)) => reason,
        Err(_) => "it did not answer in time".to_owned(),
    };
    known.then_some(CloseError::NotDeregistered { reason: failure })
}

async fn drain(shared: &Arc<Shared>, entries: Vec<Arc<Entry>>) {
    let mut all = JoinSet::new();
    for entry in entries {
        let shared = Arc::clone(shared);
        all.spawn(async move {
            let path = shared.route(&["services", &entry.service, "instances", &entry.id]);
            let body = Bytes::from_static(br#"{"status":"draining"}"#);
            let drained = shared.link.call(Method::PATCH, &path, body, &[200]).await;
            if let Err(failure) = drained {
                tracing::warn!(id = entry.id, %failure, "can't drain");
            }
        });
    }
    while all.join_next().await.is_some() {}
}

/// Ends the session, however often that must be tried.
async fn end(shared: &Shared) -> Result<(), String> {
    let path = shared.route(&["sessions", &shared.session]);
    let mut backoff = Backoff::default();
    loop {
        let ended = shared
            .link
            .call(Method::DELETE, &path, Bytes::new(), &[200, 204])
            .await;
        let failure = match ended {
            Ok(()) | Err(Failure::Unknown) => {
                let (service, id) = ("", shared.session.as_str());
                shared.hooks().tell(&Event::Deregistered { service, id });
                return Ok(());
            }
            Err(Failure::Refused(refused)) => return Err(refused.to_string()),
            Err(failure) => failure,
        };
        let delay = backoff.failed(shared.now(), failure.retry_after(), shared.random());
        shared.retrying("deregister", &failure.to_string(), delay);
        tokio::time::sleep(delay).await;
    }
}
