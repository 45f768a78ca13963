//! How this node is.

use http::{HeaderValue, StatusCode};
use paste_api::{Counts, Map, Ready, RegistryStatus, StoreStatus};
use paste_engine::LivenessStatus;
use paste_model::Role;

use super::answer::{self, Answered};
use super::call::Call;
use super::cluster::seconds;

/// Tells how this node is.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "status",
    tag = "operate",
    summary = "How this node is",
    responses((status = 200, description = "The status", body = RegistryStatus)),
)]
pub(super) fn get(mut call: Call) -> Answered {
    call.finish_query()?;
    call.caller.require_everywhere(Role::Read)?;
    let status = call.engine().status();
    answer::ok(&RegistryStatus {
        node: status.node.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        epoch: status.position.epoch.to_string(),
        revision: status.position.revision.0,
        draining: status.draining,
        stale: call.engine().stale().map(seconds),
        isolated: call.engine().isolated(),
        store: StoreStatus {
            backend: status.store.backend.to_owned(),
            revision: status.store.revision.0,
            oldest: status.store.oldest.0,
            disk_bytes: status.store.disk_bytes,
            waiting: status.store.waiting,
            failed: status.store.failed.as_ref().map(ToString::to_string),
        },
        counts: Counts {
            services: status.counts.services,
            instances: status.counts.instances,
            sessions: status.counts.sessions,
            subscribers: status.counts.subscribers,
        },
        sessions: sessions(&status.liveness),
        holds: status
            .liveness
            .holds
            .iter()
            .map(|hold| hold.reason.to_string())
            .collect(),
    })
}

fn sessions(liveness: &LivenessStatus) -> Map<usize> {
    let doubtful = liveness.suspect + liveness.failing;
    [
        ("passing", liveness.sessions.saturating_sub(doubtful)),
        ("suspect", liveness.suspect),
        ("failing", liveness.failing),
    ]
    .into_iter()
    .map(|(state, count)| (state.to_owned(), count))
    .collect()
}

/// Says that the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operate",
    summary = "Whether the process is alive",
    security(()),
    responses((status = 200, description = "It is", body = Ready)),
)]
pub(super) fn healthz(mut call: Call) -> Answered {
    call.finish_query()?;
    answer::ok(&Ready {
        status: "alive".to_owned(),
        store: None,
        stale: None,
        isolated: false,
    })
}

/// Says whether requests may be sent here.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operate",
    summary = "Whether requests may be sent to this node",
    description = "200 from the catalog's being loaded until the node goes down; trouble with the store shows in the body.",
    security(()),
    responses(
        (status = 200, description = "It is ready", body = Ready),
        (status = 503, description = "It goes down", body = Ready),
    ),
)]
pub(super) fn readyz(mut call: Call) -> Answered {
    call.finish_query()?;
    // The front exists only once the catalog is loaded.
    let status = call.engine().status();
    let failed = status.store.failed.as_ref().map(ToString::to_string);
    let ready = Ready {
        status: if status.draining { "draining" } else { "ready" }.to_owned(),
        store: Some(failed.unwrap_or_else(|| "ok".to_owned())),
        stale: call.engine().stale().map(seconds),
        isolated: call.engine().isolated(),
    };
    let code = if status.draining {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    Ok(answer::json_of(code, &ready))
}

/// Renders the metrics.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operate",
    summary = "Metrics in the Prometheus text format",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
pub(super) fn metrics(mut call: Call) -> Answered {
    call.finish_query()?;
    call.caller.require_everywhere(Role::Read)?;
    let text = (call.rest.0.exposition)();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(answer::bytes(StatusCode::OK, kind, text.into()))
}
