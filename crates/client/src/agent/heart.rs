//! Heartbeats: one for the process, whatever it registered; none while it has registered nothing.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::backoff::Backoff;
use crate::client::Shared;
use crate::link::Failure;
use crate::report::{Processor, Report};

/// Beats until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut backoff = Backoff::default();
    let mut processor = Processor::default();
    let mut wait = interval(&shared);
    loop {
        tokio::time::sleep(wait).await;
        wait = interval(&shared);
        if !shared.registrations.any_was_there() {
            continue;
        }
        let cpu = processor.share(shared.now());
        let report = Report::take(&shared.copy, &shared.served, cpu);
        match beat(&shared, &report).await {
            Ok(()) => {
                shared.registrations.set_taken(true);
                backoff.worked(shared.now());
            }
            Err(failure) => {
                shared.registrations.set_taken(false);
                put_back(report, &failure);
                if failure == Failure::Unknown {
                    forgotten(&shared);
                    continue;
                }
                let delay = backoff.failed(shared.now(), failure.retry_after(), shared.random());
                // Never later than the next one would be, whatever was asked: too long a silence counts as death.
                wait = delay.min(wait);
                shared.retrying("heartbeat", &failure.to_string(), wait);
            }
        }
    }
}

/// What the registry said no to would only be refused again.
fn put_back(report: Report, failure: &Failure) {
    match failure {
        Failure::Refused(refused) if ![401, 403].contains(&refused.status) => {}
        _ => report.put_back(),
    }
}

/// The registry doesn't know us (any more): everything is registered again at once, and streams are opened anew.
pub(crate) fn forgotten(shared: &Shared) {
    tracing::warn!(
        session = shared.session,
        "the registry doesn't know this process; registering again"
    );
    if shared.registrations.again() {
        shared.forgotten.send_modify(|count| *count += 1);
    }
}

async fn beat(shared: &Shared, report: &Report) -> Result<(), Failure> {
    let path = shared.route(&["sessions", &shared.session, "heartbeat"]);
    let taken = shared
        .link
        .call(Method::POST, &path, report.encode(), &[204]);
    taken.await
}

/// The time to the next heartbeat: give or take 10 %.
fn interval(shared: &Shared) -> Duration {
    let heartbeat = shared.options.heartbeat;
    let fifth = u64::try_from((heartbeat / 5).as_nanos())
        .unwrap_or(u64::MAX)
        .max(1);
    let more = Duration::from_nanos(shared.random().draw() % fifth);
    heartbeat - heartbeat / 10 + more
}
