//! Instances: the list that consumers read, and the single ones that owners write.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::IF_NONE_MATCH;
use http::{HeaderMap, Request, Response, StatusCode};
use paste_api::{Code, Instance, MergePatch, Registered, Registration};
use paste_catalog::{Snapshot, Topic};
use paste_engine::EngineError;
use paste_model::{InstanceKey, Member, Revision, Role, ServiceKey};
use paste_traffic::{Eligibility, Selector};
use tokio::time::Instant;

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;
use super::listing::{self, Listing, Whom};
use super::query::invalid;
use super::waiting::{self, Waiting};
use super::{LONG_POLL_MAX, Rest, access};
use crate::{Body, Peer};

/// How long a long poll waits that doesn't say.
const LONG_POLL_DEFAULT: Duration = Duration::from_secs(30);
/// Largest `limit`.
const LIMIT_MAX: usize = 1_000_000;

/// The plain list of a service that exists, for someone who may read it; `None` for everything else.
pub(super) fn at_once<B>(
    rest: &Rest,
    service: &str,
    request: &Request<B>,
    peer: &Peer,
) -> Option<Response<Body>> {
    let namespace = plain_namespace(request.uri().query())?;
    let engine = &rest.0.engine;
    let revision = engine.catalog().revision();
    let snapshot = engine.catalog().service(namespace, service)?;
    let caller = access::caller(rest, request.headers(), request.uri(), peer).ok()?;
    if !caller.may(Role::Read, snapshot.key()) {
        return None;
    }
    let listing = listing::of(&snapshot, Whom::Eligible);
    let mut response = conditional(listing, request.headers());
    response
        .headers_mut()
        .insert(answer::REVISION, rest.revision_header(revision));
    Some(response)
}

/// The namespace of a query that says nothing else and needs no decoding.
pub(super) fn plain_namespace(query: Option<&str>) -> Option<&str> {
    match query {
        None => Some(paste_model::Namespace::DEFAULT),
        Some(query) => query
            .strip_prefix("namespace=")
            .filter(|name| !name.contains(['&', '%', '+'])),
    }
}

/// The list, or `304` where the client has it.
fn conditional(listing: &Listing, headers: &HeaderMap) -> Response<Body> {
    if !is_known(listing.etag().as_bytes(), headers) {
        return listing.response();
    }
    let mut response = answer::status(StatusCode::NOT_MODIFIED);
    response
        .headers_mut()
        .insert(http::header::ETAG, listing.etag().clone());
    response
}

/// Whether `If-None-Match` names `etag`: `*`, or a list that may hold weak tags (RFC 9110 §13.1.2).
pub(super) fn is_known(etag: &[u8], headers: &HeaderMap) -> bool {
    // Most requests have no such header, and then nothing is taken apart.
    headers.contains_key(IF_NONE_MATCH)
        && headers.get_all(IF_NONE_MATCH).iter().any(|value| {
            value.as_bytes().split(|byte| *byte == b',').any(|tag| {
                let tag = tag.trim_ascii();
                tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag
            })
        })
}

/// What a request for a list asks for.
struct Wanted {
    key: ServiceKey,
    selector: Selector,
    whom: Whom,
    limit: Option<usize>,
    consistent: bool,
    poll: Option<(Revision, Duration)>,
}

impl Wanted {
    fn read(call: &mut Call, service: &str) -> Result<Self, Failure> {
        let wanted = Self {
            key: call.service(service)?,
            selector: call.query.selector()?,
            whom: if call.query.flag("all")? {
                Whom::Everyone
            } else {
                Whom::Eligible
            },
            limit: call.query.limit("limit", LIMIT_MAX)?,
            consistent: call.query.flag("consistent")?,
            poll: poll(call)?,
        };
        call.finish_query()?;
        Ok(wanted)
    }
}

/// How long a poll waits, and for what.
pub(super) fn poll(call: &mut Call) -> Result<Option<(Revision, Duration)>, Failure> {
    let after = call.query.number("after")?;
    let wait = call
        .query
        .parsed::<paste_api::Duration>("wait")?
        .map(|wait| wait.0);
    if wait.is_some_and(|wait| wait > LONG_POLL_MAX) {
        return Err(invalid("wait", "must be at most 300s (long_poll_max)"));
    }
    match (after, wait) {
        (Some(after), wait) => Ok(Some((Revision(after), wait.unwrap_or(LONG_POLL_DEFAULT)))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(invalid("wait", "goes with after")),
    }
}

/// Lists instances.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/instances",
    operation_id = "listInstances",
    tag = "discover",
    summary = "The instances of a service",
    description = "In id order, complete without `limit`; eligible ones only (status `up`, not failing, or all `up` ones \
        while the service is protected) unless `all=true`. Selectors narrow what is listed and never widen it, so \
        `status=draining` needs `all=true` to show anything. Several zones, regions or statuses mean any of them; \
        several tags and pairs of metadata all of them.\n\n`after` makes a long poll: the answer comes as soon as this \
        service passes that revision, or at the end of `wait` with what there is.\n\nIt also carries what a client \
        knows from one node of a cluster to another, whose knowledge may be a little behind: that node first waits, up \
        to 5 s whatever `wait` says, until it has come as far as `after`. So to read at any node what was written at \
        revision R (the `X-Registry-Revision` of the write), ask for `after=R&wait=0s`: the answer shows at least R and \
        waits for nothing newer. `after=R` alone waits for what comes after it; `after=R-1` for a change of this service \
        at R or later, which a write that changed nothing of this service is not. Where the node doesn't get so far in \
        time it answers with what there is, and its `X-Registry-Revision` is below `after`.",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("version" = Option<String>, Query, description = "A version range", example = "^1.4 || 2.x"),
        ("zone" = Option<Vec<String>>, Query, description = "Any of these zones"),
        ("region" = Option<Vec<String>>, Query, description = "Any of these regions"),
        ("tag" = Option<Vec<String>>, Query, description = "All of these tags"),
        ("status" = Option<Vec<paste_api::Status>>, Query, description = "Any of these statuses"),
        ("meta" = Option<String>, Query, description = "`meta.KEY=VALUE`: all of these pairs of metadata"),
        ("all" = Option<bool>, Query, description = "Everyone registered, not only who is eligible"),
        ("limit" = Option<usize>, Query, description = "The first so many", minimum = 1, maximum = 1_000_000),
        ("consistent" = Option<bool>, Query, description = "First catch up with the store, so that the answer shows all that any node had acknowledged before. 503 where that takes more than 2 s"),
        ("after" = Option<u64>, Query, description = "A revision that is known, from any node: wait until the service has passed it", format = "uint64"),
        ("wait" = Option<paste_api::Duration>, Query, description = "For how long, at most 300s; 30s unless it says otherwise"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of a list that is known"),
    ),
    responses(
        (status = 200, description = "The instances", body = paste_api::InstanceList, headers(
            ("ETag" = String, description = "A hash of the answer"),
            ("X-Registry-Revision" = u64, description = "How far this node's knowledge goes"),
        )),
        (status = 304, description = "The list is the one that is known"),
        (status = 404, description = "`unknown-service`: nobody ever registered, or the service has been empty for so long that it is forgotten (a restart, or 10,000 others that became empty later). A service that is known and empty is answered with 200 and `[]`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(mut call: Call, service: &str) -> Answered {
    let wanted = Wanted::read(&mut call, service)?;
    call.caller.require(Role::Read, &wanted.key)?;
    if wanted.consistent {
        waiting::consistent(&call.rest).await?;
    }
    if let Some((after, wait)) = wanted.poll {
        let ends = Instant::now() + wait;
        waiting::catch_up(&call.rest, after).await;
        if !wait.is_zero() {
            passed(&call, &wanted.key, after, ends).await;
        }
    }
    // Read anew: what was waited for is in the answer.
    let revision = call.engine().catalog().revision();
    let snapshot = existing(&call, &wanted.key)?;
    let mut response = listed(&call, &wanted, &snapshot);
    response
        .headers_mut()
        .insert(answer::REVISION, call.rest.revision_header(revision));
    Ok(response)
}

/// The answer to what was asked for, from one snapshot.
fn listed(call: &Call, wanted: &Wanted, snapshot: &Snapshot) -> Response<Body> {
    if wanted.selector.is_any() && wanted.limit.is_none() {
        return conditional(listing::of(snapshot, wanted.whom), &call.headers);
    }
    let threshold = snapshot.protect_threshold();
    let eligibility = Eligibility::counted(snapshot.up(), snapshot.up_healthy(), threshold);
    let members = snapshot
        .members()
        .filter(|member| wanted.whom == Whom::Everyone || eligibility.admits(member))
        .filter(|member| wanted.selector.matches(member))
        .take(wanted.limit.unwrap_or(usize::MAX));
    conditional(&listing::of_members(snapshot, members), &call.headers)
}

/// The newest snapshot of a service that was ever seen.
pub(super) fn existing(call: &Call, key: &ServiceKey) -> Result<Arc<Snapshot>, Failure> {
    let found = call
        .engine()
        .catalog()
        .service(key.namespace.as_str(), key.name.as_str());
    found.ok_or_else(|| EngineError::UnknownService(key.clone()).into())
}

/// Waits until the service has passed `after`, or until `ends`, and not while the node goes down.
async fn passed(call: &Call, key: &ServiceKey, after: Revision, ends: Instant) {
    let catalog = call.engine().catalog();
    // Subscribed first, so that nothing comes between looking and waiting.
    let mut subscription = catalog.subscribe(vec![Topic::Service(key.clone())], None);
    let changed = std::future::poll_fn(|cx| {
        loop {
            let passed = catalog
                .service(key.namespace.as_str(), key.name.as_str())
                .is_some_and(|snapshot| snapshot.revision() > after);
            if passed {
                return Poll::Ready(());
            }
            if subscription.poll_next(cx).is_pending() {
                return Poll::Pending;
            }
        }
    });
    let _waiting = Waiting::begin(&call.rest);
    tokio::select! {
        () = changed => {}
        () = call.rest.drained() => {}
        () = tokio::time::sleep_until(ends) => {}
    }
}

/// Gets an instance.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/instances/{id}",
    operation_id = "getInstance",
    tag = "discover",
    summary = "One instance",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("consistent" = Option<bool>, Query, description = "First catch up with the store"),
        ("after" = Option<u64>, Query, description = "First catch up with this revision, which another node may have told", format = "uint64"),
    ),
    responses(
        (status = 200, description = "The instance", body = Instance),
        (status = 404, description = "`unknown-service`, `not-registered`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    let consistent = call.query.flag("consistent")?;
    let after = call.query.number("after")?;
    call.finish_query()?;
    call.caller.require(Role::Read, &key.service)?;
    if consistent {
        waiting::consistent(&call.rest).await?;
    }
    if let Some(after) = after {
        waiting::catch_up(&call.rest, Revision(after)).await;
    }
    answer::ok(&Instance::from(&*registered(&call, &key)?))
}

/// An instance that is registered.
pub(super) fn registered(call: &Call, key: &InstanceKey) -> Result<Arc<Member>, Failure> {
    let snapshot = existing(call, &key.service)?;
    let member = snapshot.member(key.id.as_str()).ok_or_else(|| {
        Failure::new(
            Code::NotRegistered,
            format!("instance {key} is not registered"),
        )
    })?;
    Ok(Arc::clone(member))
}

/// Registers an instance.
#[utoipa::path(
    put,
    path = "/api/v1/services/{service}/instances/{id}",
    operation_id = "registerInstance",
    tag = "register",
    summary = "Register an instance, or replace what was registered",
    description = "Idempotent. Answered once it is on disk, with what is stored.",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the instance is at this revision; 0: only if there is none"),
        ("Prefer" = Option<String>, Header, description = "`handling=lenient` passes over unknown fields"),
    ),
    request_body(content = Registration, content_type = "application/json"),
    responses(
        (status = 200, description = "It was there", body = Instance),
        (status = 201, description = "It is new", body = Instance, links(
            ("heartbeat" = (operation_id = "heartbeatInstance", parameters(("service" = "$request.path.service"), ("id" = "$response.body#/id")))),
            ("get" = (operation_id = "getInstance", parameters(("service" = "$request.path.service"), ("id" = "$response.body#/id")))),
            ("deregister" = (operation_id = "deregisterInstance", parameters(("service" = "$request.path.service"), ("id" = "$response.body#/id")))),
        )),
        (status = 409, description = "`session-taken`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let registered = Registered::try_from(call.json::<Registration>().await?)?;
    let engine = call.engine();
    let stored = engine
        .register(&call.caller, key, registration(registered), condition)
        .await?;
    answer::stored(stored.created, &Instance::from(&*stored.value))
}

/// What the engine is asked to register.
pub(super) fn registration(registered: Registered) -> paste_engine::Registration {
    paste_engine::Registration {
        instance: Arc::new(registered.instance),
        ttl: registered.ttl,
        remove_after: registered.remove_after,
    }
}

/// Changes an instance.
#[utoipa::path(
    patch,
    path = "/api/v1/services/{service}/instances/{id}",
    operation_id = "patchInstance",
    tag = "register",
    summary = "Change some fields of a registered instance",
    description = "A JSON merge patch (RFC 7396) on the registration: `null` removes a field or a key of the metadata; \
        lists are replaced.",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the instance is at this revision"),
    ),
    request_body(content = std::collections::BTreeMap<String, serde_json::Value>, content_type = "application/merge-patch+json", example = json!({"weight": 50, "metadata": {"canary": null}})),
    responses(
        (status = 200, description = "The instance as it is now", body = Instance),
        (status = 404, description = "`unknown-service`, `not-registered`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`session-taken`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn patch(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let patch = call.json::<MergePatch>().await?;
    // What is wrong with the patch shows only once it is applied; kept here because the engine has no words for it.
    let refused = parking_lot::Mutex::new(None);
    let strictness = call.strictness;
    let edit = |instance: &paste_model::Instance| {
        patched(instance, &patch, strictness).map_err(|failure| {
            *refused.lock() = Some(failure);
            EngineError::Invalid {
                field: "body".to_owned(),
                detail: String::new(),
            }
        })
    };
    let modified = call
        .engine()
        .modify(&call.caller, key, condition, edit)
        .await;
    match (modified, refused.into_inner()) {
        (Ok(member), _) => answer::ok(&Instance::from(&*member)),
        (Err(_), Some(failure)) => Err(failure),
        (Err(error), None) => Err(error.into()),
    }
}

fn patched(
    instance: &paste_model::Instance,
    patch: &MergePatch,
    strictness: paste_api::Strictness,
) -> Result<paste_engine::Registration, Failure> {
    let mut document = answer::encode(&Registration::from(instance));
    if let Ok(mut value) = serde_json::from_slice(&document) {
        patch.apply(&mut value);
        document = answer::encode(&value);
    }
    let wire: Registration = paste_api::decode(&document, strictness)?;
    Ok(registration(Registered::try_from(wire)?))
}

/// Deregisters an instance.
#[utoipa::path(
    delete,
    path = "/api/v1/services/{service}/instances/{id}",
    operation_id = "deregisterInstance",
    tag = "register",
    summary = "Take an instance out",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the instance is at this revision"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`not-registered`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    call.engine()
        .deregister(&call.caller, &key, condition)
        .await?;
    answer::nothing()
}
