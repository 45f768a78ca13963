//! Namespaces.

use paste_api::{Code, Namespace, NamespaceList, NamespaceSettings};
use paste_model::Role;

use super::answer::{self, Answered};
use super::call::{self, Call};
use super::failure::Failure;

fn named(name: &str) -> Result<paste_model::Namespace, Failure> {
    paste_model::Namespace::new(name).map_err(|error| call::path("namespace", error))
}

fn shown(
    name: &paste_model::Namespace,
    settings: Option<paste_model::NamespaceSettings>,
) -> Namespace {
    let description = settings.unwrap_or_default().description.to_string();
    Namespace {
        name: name.to_string(),
        description,
    }
}

/// Lists namespaces.
#[utoipa::path(
    get,
    path = "/api/v1/namespaces",
    operation_id = "listNamespaces",
    tag = "operate",
    summary = "All namespaces that the caller may read, in name order",
    responses((status = 200, description = "The namespaces", body = NamespaceList)),
)]
pub(super) fn list(mut call: Call) -> Answered {
    call.finish_query()?;
    let namespaces = call.engine().catalog().namespaces();
    let readable = namespaces
        .into_iter()
        .filter(|(name, _)| call.caller.may_in(Role::Read, name))
        .map(|(name, settings)| shown(&name, settings))
        .collect();
    answer::ok(&NamespaceList {
        namespaces: readable,
    })
}

/// Gets a namespace.
#[utoipa::path(
    get,
    path = "/api/v1/namespaces/{namespace}",
    operation_id = "getNamespace",
    tag = "operate",
    summary = "One namespace",
    params(("namespace" = String, Path, description = "The namespace")),
    responses(
        (status = 200, description = "The namespace", body = Namespace),
        (status = 404, description = "`unknown-namespace`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, name: &str) -> Answered {
    let name = named(name)?;
    call.finish_query()?;
    if !call.caller.may_in(Role::Read, &name) {
        let detail = format!(
            "{} may read nothing in namespace {name}",
            call.caller.principal()
        );
        return Err(Failure::new(Code::Forbidden, detail));
    }
    let namespaces = call.engine().catalog().namespaces();
    match namespaces.into_iter().find(|(found, _)| *found == name) {
        Some((name, settings)) => answer::ok(&shown(&name, settings)),
        None if name == paste_model::Namespace::default() => answer::ok(&shown(&name, None)),
        None => {
            let detail = format!("namespace {name} is unknown; it exists once it is used or made");
            Err(Failure::new(Code::UnknownNamespace, detail))
        }
    }
}

/// Makes or changes a namespace.
#[utoipa::path(
    put,
    path = "/api/v1/namespaces/{namespace}",
    operation_id = "putNamespace",
    tag = "operate",
    summary = "Make a namespace, or change its settings",
    params(("namespace" = String, Path, description = "The namespace")),
    request_body(content = Option<NamespaceSettings>, content_type = "application/json"),
    responses(
        (status = 200, description = "It was there", body = Namespace),
        (status = 201, description = "It is new", body = Namespace),
    ),
)]
pub(super) async fn put(mut call: Call, name: &str) -> Answered {
    let name = named(name)?;
    call.finish_query()?;
    call.unconditional()?;
    let settings = call.json_if_any::<NamespaceSettings>().await?;
    let settings: paste_model::NamespaceSettings = settings.try_into()?;
    let created = call
        .engine()
        .put_namespace(&call.caller, &name, settings.clone())
        .await?;
    answer::stored(created, &shown(&name, Some(settings)))
}

/// Deletes a namespace.
#[utoipa::path(
    delete,
    path = "/api/v1/namespaces/{namespace}",
    operation_id = "deleteNamespace",
    tag = "operate",
    summary = "Delete a namespace that has no services",
    params(("namespace" = String, Path, description = "The namespace")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-namespace`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`namespace-not-empty`, `namespace-permanent`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, name: &str) -> Answered {
    let name = named(name)?;
    call.finish_query()?;
    call.unconditional()?;
    call.engine().delete_namespace(&call.caller, &name).await?;
    answer::nothing()
}
