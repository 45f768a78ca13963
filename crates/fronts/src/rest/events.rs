//! The timeline of a service.

use paste_api::{Event, EventList};
use paste_engine::{EngineError, EventCursor, EventKind};
use paste_model::Namespace;

use super::answer::{self, Answered};
use super::call::Call;

/// Events in one answer that doesn't say how many.
const LIMIT_DEFAULT: usize = 100;
/// Most events in one answer.
const LIMIT_MAX: usize = 1_000;

/// Lists events.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/events",
    operation_id = "listEvents",
    tag = "discover",
    summary = "What happened to a service: when, why, and seen by whom",
    description = "Oldest first: those after `after`, or else the newest. An event with `gap` stands where some are missing.",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("after" = Option<String>, Query, description = "The cursor of the last event seen", pattern = r"^[0-9]{1,19}(\.[0-9]{1,9})?$"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, description = "The events", body = EventList),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 503, description = "`timeline-unavailable`; see `Retry-After`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    let after = call.query.parsed::<EventCursor>("after")?;
    let limit = call
        .query
        .limit("limit", LIMIT_MAX)?
        .unwrap_or(LIMIT_DEFAULT);
    call.finish_query()?;
    let events = call
        .engine()
        .events(&call.caller, &key, after, limit)
        .await?;
    let catalog = call.engine().catalog();
    // A service that is gone still has a past.
    if events.is_empty()
        && catalog
            .service(key.namespace.as_str(), key.name.as_str())
            .is_none()
    {
        return Err(EngineError::UnknownService(key).into());
    }
    answer::ok(&list_of(key.name.to_string(), &key.namespace, events))
}

/// Events of `about`, oldest first.
pub(super) fn list_of(
    about: String,
    namespace: &Namespace,
    events: Vec<paste_engine::Event>,
) -> EventList {
    EventList {
        service: about,
        namespace: namespace.to_string(),
        cursor: events.last().map(|event| event.cursor.to_string()),
        events: events.into_iter().map(shown).collect(),
    }
}

fn shown(event: paste_engine::Event) -> Event {
    Event {
        cursor: event.cursor.to_string(),
        revision: event.cursor.revision.0,
        at: event.at.into(),
        instance: event.instance.map(|id| id.to_string()),
        kind: event.kind.as_str().to_owned(),
        by: event.by,
        reason: event.reason,
        gap: event.kind == EventKind::Gap,
    }
}
