//! An administrator's word on an instance, which wins over the owner's.

use paste_api::{Code, OverrideEntry, OverrideInfo, OverrideList, OverrideRequest};
use paste_model::Role;

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;

/// Lists overrides.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/overrides",
    operation_id = "listOverrides",
    tag = "operate",
    summary = "The overrides of a service, those of instances that aren't registered included",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses((status = 200, description = "The overrides", body = OverrideList)),
)]
pub(super) fn list(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    call.finish_query()?;
    call.caller.require(Role::Read, &key)?;
    let catalog = call.engine().catalog();
    let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
    let snapshot = catalog.service(namespace, name);
    let registered = |id: &str| {
        snapshot
            .as_ref()
            .is_some_and(|known| known.member(id).is_some())
    };
    let overrides = catalog.overrides(namespace, name);
    answer::ok(&OverrideList {
        service: name.to_owned(),
        namespace: namespace.to_owned(),
        overrides: (overrides.iter())
            .map(|(id, word)| OverrideEntry {
                id: id.to_string(),
                registered: registered(id.as_str()),
                word: OverrideInfo::from(&**word),
            })
            .collect(),
    })
}

/// Gets an override.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/instances/{id}/override",
    operation_id = "getOverride",
    tag = "operate",
    summary = "The override of an instance, registered or not",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The override", body = OverrideInfo),
        (status = 404, description = "`unknown-override`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    call.caller.require(Role::Read, &key.service)?;
    let catalog = call.engine().catalog();
    let overrides = catalog.overrides(key.service.namespace.as_str(), key.service.name.as_str());
    let found = overrides.iter().find(|(id, _)| *id == key.id);
    let (_, word) = found.ok_or_else(|| {
        Failure::new(
            Code::UnknownOverride,
            format!("instance {key} has no override"),
        )
    })?;
    answer::ok(&OverrideInfo::from(&**word))
}

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
        ("If-Match" = Option<String>, Header, description = "Only if the override is at this revision; 0: only if there is none"),
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
    let condition = call.condition().await?;
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
    let condition = call.condition().await?;
    call.engine()
        .delete_override(&call.caller, &key, condition)
        .await?;
    answer::nothing()
}
