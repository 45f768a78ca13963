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

/// Says that nothing new is to be sent here, and waits until that is known; by `deadline`.
pub(crate) async fn drain(shared: &Arc<Shared>, deadline: Instant) {
    let there = shared.registrations.there();
    if there.is_empty() {
        return;
    }
    let deadline = before(deadline);
    let pause = Instant::now() + shared.options.drain_delay;
    let draining = drain_each(shared, there);
    let _late = tokio::time::timeout_at(deadline, draining).await.is_err();
    tokio::time::sleep_until(pause.min(deadline)).await;
}

/// Takes everything out, by `deadline`. Tells what it couldn't do.
pub(crate) async fn end(shared: &Shared, deadline: Instant) -> Option<CloseError> {
    // One that was never answered may be there all the same.
    if shared.registrations.all().is_empty() {
        return None;
    }
    let ending = tokio::time::timeout_at(before(deadline), end_session(shared)).await;
    let reason = match ending {
        Ok(Ok(())) => return None,
        Ok(Err(reason)) => reason,
        Err(_) => "it did not answer in time".to_owned(),
    };
    let known = shared.registrations.any_was_there();
    known.then_some(CloseError::NotDeregistered { reason })
}

fn before(deadline: Instant) -> Instant {
    deadline.checked_sub(MARGIN).unwrap_or(deadline)
}

async fn drain_each(shared: &Arc<Shared>, entries: Vec<Arc<Entry>>) {
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
async fn end_session(shared: &Shared) -> Result<(), String> {
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
