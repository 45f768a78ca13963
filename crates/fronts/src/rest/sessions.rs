//! The clean stop of a whole process.

use paste_api::EndedSession;
use paste_model::SessionId;

use super::answer::{self, Answered};
use super::call::{self, Call};

/// Ends a session.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{session}",
    operation_id = "endSession",
    tag = "register",
    summary = "End a session: all its ephemeral instances are gone at once",
    params(
        ("session" = String, Path, description = "The session"),
        ("namespace" = Option<String>, Query, description = "Changes nothing: a session may have instances in several"),
    ),
    responses(
        (status = 200, description = "It is ended", body = EndedSession),
        (status = 404, description = "`not-registered`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, session: &str) -> Answered {
    let session = SessionId::new(session).map_err(|error| call::path("session", error))?;
    call.query.namespace()?;
    call.finish_query()?;
    call.unconditional()?;
    let removed = call.engine().end_session(&call.caller, &session).await?;
    answer::ok(&EndedSession {
        session: session.to_string(),
        removed,
    })
}
