//! Services: the list of them, and their settings.

use std::sync::Arc;

use paste_api::{Service, ServiceList, ServiceSettings};
use paste_catalog::Snapshot;
use paste_model::{Namespace, Role, ServiceName};

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;
use super::instances::existing;
use super::query::invalid;

/// Services on a page that doesn't say how many.
const LIMIT_DEFAULT: usize = 100;
/// Most services on a page.
const LIMIT_MAX: usize = 1_000;

fn shown(snapshot: &Snapshot) -> Service {
    let settings = snapshot.settings();
    Service {
        service: snapshot.key().name.to_string(),
        namespace: snapshot.key().namespace.to_string(),
        revision: snapshot.revision().0,
        settings_revision: snapshot.settings_revision().map(|revision| revision.0),
        protect_threshold: snapshot.protect_threshold().percent(),
        protected: snapshot.protected(),
        owners: settings.owners.iter().map(ToString::to_string).collect(),
        description: settings.description.to_string(),
        instances: snapshot.len(),
        up: snapshot.up(),
        healthy: snapshot.up_healthy(),
    }
}

/// Lists services.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    operation_id = "listServices",
    tag = "discover",
    summary = "The services of a namespace that the caller may read, in name order",
    params(
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("prefix" = Option<String>, Query, description = "Only services whose name begins so"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of services", body = ServiceList)),
)]
pub(super) fn list(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    let prefix = call.query.one("prefix")?.unwrap_or_default();
    let page = Page::asked(&mut call)?;
    call.finish_query()?;
    let (found, cursor) = page.of(&call, &namespace, &prefix, |_| true)?;
    answer::ok(&ServiceList {
        namespace: namespace.to_string(),
        cursor,
        services: found.iter().map(|snapshot| shown(snapshot)).collect(),
    })
}

/// Which page of services is asked for.
pub(super) struct Page {
    limit: usize,
    after: Option<ServiceName>,
}

impl Page {
    /// Reads `limit` and `cursor`.
    pub(super) fn asked(call: &mut Call) -> Result<Self, Failure> {
        let limit = call.query.limit("limit", LIMIT_MAX)?;
        let cursor = call.query.one("cursor")?;
        let cursor = cursor.map(|text| ServiceName::new(&text)).transpose();
        Ok(Self {
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            after: cursor.map_err(|_| invalid("cursor", "is none that a page ended with"))?,
        })
    }

    /// The services on it, of those that the caller may read and that are `wanted`; and what to send as `cursor` for the next.
    pub(super) fn of(
        self,
        call: &Call,
        namespace: &Namespace,
        prefix: &str,
        wanted: impl Fn(&Snapshot) -> bool,
    ) -> Result<(Vec<Arc<Snapshot>>, Option<String>), Failure> {
        permitted(call, namespace)?;
        let Self { limit, mut after } = self;
        // One more than asked for tells whether there is another page.
        let mut found = Vec::with_capacity(limit + 1);
        while found.len() <= limit {
            let from = after.as_ref().map(ServiceName::as_str);
            let catalog = call.engine().catalog();
            let page = catalog.services(namespace.as_str(), prefix, from, LIMIT_MAX);
            let Some(last) = page.last() else { break };
            after = Some(last.key().name.clone());
            let readable = page
                .iter()
                .filter(|snapshot| wanted(snapshot) && call.caller.may(Role::Read, snapshot.key()));
            found.extend(readable.take(limit + 1 - found.len()).cloned());
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let cursor = last.map(|last| last.key().name.to_string());
        Ok((found, cursor))
    }
}

fn permitted(call: &Call, namespace: &Namespace) -> Result<(), Failure> {
    if call.caller.may_in(Role::Read, namespace) {
        return Ok(());
    }
    // Says it in the words of every other refusal.
    Ok(call.caller.require_all(Role::Read, namespace)?)
}

/// Gets a service.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}",
    operation_id = "getService",
    tag = "discover",
    summary = "One service with its settings and counts",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The service", body = Service),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, name: &str) -> Answered {
    let key = call.service(name)?;
    call.finish_query()?;
    call.caller.require(Role::Read, &key)?;
    answer::ok(&shown(&*existing(&call, &key)?))
}

/// Sets what a service's owners decide.
#[utoipa::path(
    put,
    path = "/api/v1/services/{service}",
    operation_id = "putService",
    tag = "operate",
    summary = "Set a service's settings; the service exists from then on",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the settings are at this revision; 0: only if there is none"),
    ),
    request_body(content = Option<ServiceSettings>, content_type = "application/json"),
    responses(
        (status = 200, description = "It had settings", body = Service),
        (status = 201, description = "It had none", body = Service),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(mut call: Call, name: &str) -> Answered {
    let key = call.service(name)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let settings = call.json_if_any::<ServiceSettings>().await?;
    let settings = settings.try_into()?;
    let stored = call
        .engine()
        .put_service(&call.caller, &key, settings, condition)
        .await?;
    answer::stored(stored.created, &shown(&stored.value))
}

/// Deletes a service.
#[utoipa::path(
    delete,
    path = "/api/v1/services/{service}",
    operation_id = "deleteService",
    tag = "operate",
    summary = "Delete a service that has no instances",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the settings are at this revision"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`service-not-empty`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, name: &str) -> Answered {
    let key = call.service(name)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    call.engine()
        .delete_service(&call.caller, &key, condition)
        .await?;
    answer::nothing()
}
