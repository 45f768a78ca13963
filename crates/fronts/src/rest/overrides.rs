//! An administrator's word on an instance, which wins over the owner's.

use paste_api::{OverrideInfo, OverrideRequest};

use super::answer::{self, Answered};
use super::call::Call;

/// Sets an override.
#[utoipa::path(
    put,
    path = "/api/v1/services/{service}/instances/{id}/override",
    operation_id = "putOverride",
    tag = "operate",
    summary = "Set the status that holds for an instance, whatever its owner says",
    description = "Durable; it may be set before the instance registers and outlives its deregistration.",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the override is at this revision"),
    ),
    request_body(content = OverrideRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "It replaced another", body = OverrideInfo),
        (status = 201, description = "It is new", body = OverrideInfo),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let condition = call.condition()?;
    let wire = call.json::<OverrideRequest>().await?;
    let (status, reason) = (wire.status.into(), wire.reason.into());
    let engine = call.engine();
    let stored = engine
        .put_override(&call.caller, &key, status, reason, condition)
        .await?;
    answer::stored(stored.created, &OverrideInfo::from(&*stored.value))
}

/// Removes an override.
#[utoipa::path(
    delete,
    path = "/api/v1/services/{service}/instances/{id}/override",
    operation_id = "deleteOverride",
    tag = "operate",
    summary = "Let the owner's status hold again",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the override is at this revision"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-override`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let condition = call.condition()?;
    call.engine()
        .delete_override(&call.caller, &key, condition)
        .await?;
    answer::nothing()
}
