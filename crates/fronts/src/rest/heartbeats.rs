//! Heartbeats: somebody is alive. They commit nothing.

use http::{Request, Response, StatusCode};
use paste_api::{CallReport, Heartbeat, Refusal};
use paste_model::{ServiceName, SessionId};
use paste_traffic::LATENCY_BUCKETS;

use super::answer::{self, Answered};
use super::call::{self, Call};
use super::instances::plain_namespace;
use super::{Rest, access};
use crate::{Body, Peer};

/// Most services of which one heartbeat can tell calls.
const CALLS_MAX: usize = 100;

/// The heartbeat of an instance that is registered; `None` for everything else.
pub(super) fn instance_at_once<B>(
    rest: &Rest,
    service: &str,
    id: &str,
    request: &Request<B>,
    peer: &Peer,
) -> Option<Response<Body>> {
    let namespace = plain_namespace(request.uri().query())?;
    let caller = access::caller(rest, request.headers(), request.uri(), peer).ok()?;
    rest.0
        .engine
        .heartbeat_instance(&caller, namespace, service, id)
        .ok()?;
    Some(alive(rest))
}

/// The heartbeat of a session that is known; `None` for everything else.
pub(super) fn session_at_once<B>(
    rest: &Rest,
    session: &str,
    request: &Request<B>,
    peer: &Peer,
) -> Option<Response<Body>> {
    if request.uri().query().is_some() {
        return None;
    }
    let caller = access::caller(rest, request.headers(), request.uri(), peer).ok()?;
    rest.0
        .engine
        .heartbeat_session(&caller, session, None)
        .ok()?;
    Some(alive(rest))
}

fn alive(rest: &Rest) -> Response<Body> {
    let revision = rest.revision_header(rest.0.engine.catalog().revision());
    let mut response = answer::status(StatusCode::NO_CONTENT);
    response.headers_mut().insert(answer::REVISION, revision);
    response
}

/// An empty object.
#[derive(Debug, Default, serde::Deserialize)]
struct Nothing {}

/// Renews an instance's session.
#[utoipa::path(
    put,
    path = "/api/v1/services/{service}/instances/{id}/heartbeat",
    operation_id = "heartbeatInstance",
    tag = "register",
    summary = "Keep an instance's session alive",
    description = "No body, or `{}`. Commits nothing. After a 404, register again.",
    params(
        ("service" = String, Path, description = "The service"),
        ("id" = String, Path, description = "The instance's id"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 204, description = "Renewed"),
        (status = 404, description = "`not-registered`: register again", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn instance(mut call: Call, service: &str, id: &str) -> Answered {
    let key = call.instance(service, id)?;
    call.finish_query()?;
    let Nothing {} = call.json_if_any().await?;
    let service = &key.service;
    call.engine().heartbeat_instance(
        &call.caller,
        service.namespace.as_str(),
        service.name.as_str(),
        key.id.as_str(),
    )?;
    answer::nothing()
}

/// Renews a session.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{session}/heartbeat",
    operation_id = "heartbeatSession",
    tag = "register",
    summary = "Keep a session alive, with all its instances",
    description = "The body, if any, carries load and call counts. Commits nothing. After a 404, register again.",
    params(
        ("session" = String, Path, description = "The session"),
        ("namespace" = Option<String>, Query, description = "The namespace of what was called; `default` unless it says otherwise"),
    ),
    request_body(content = Option<Heartbeat>, content_type = "application/json"),
    responses(
        (status = 204, description = "Renewed"),
        (status = 404, description = "`not-registered`: register again", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn session(mut call: Call, session: &str) -> Answered {
    let session = SessionId::new(session).map_err(|error| call::path("session", error))?;
    let namespace = call.query.namespace()?;
    call.finish_query()?;
    let report: Heartbeat = call.json_if_any().await?;
    if report.cpu.is_some_and(|cpu| !(0.0..=1.0).contains(&cpu)) {
        return Err(Refusal::field("cpu", "must be from 0 to 1").into());
    }
    let calls = calls(&report.calls)?;
    let load = paste_engine::LoadReport {
        cpu: report.cpu,
        in_flight: report.in_flight,
        requests: report.requests,
        errors: report.errors,
    };
    let load = (load != paste_engine::LoadReport::default()).then_some(load);
    call.engine()
        .heartbeat_session(&call.caller, session.as_str(), load)?;
    call.engine()
        .report_calls(&call.caller, &session, &namespace, &calls);
    answer::nothing()
}

fn calls(reports: &[CallReport]) -> Result<Vec<paste_engine::CallReport>, Refusal> {
    if reports.len() > CALLS_MAX {
        let detail = format!(
            "{} are given; the limit (calls_max) is {CALLS_MAX}",
            reports.len()
        );
        return Err(Refusal::field("calls", detail));
    }
    let read = |(place, report): (usize, &CallReport)| {
        let field = |name: &str| format!("calls[{place}].{name}");
        if report.latency.len() > LATENCY_BUCKETS {
            let detail = format!("has more than {LATENCY_BUCKETS} buckets");
            return Err(Refusal::field(field("latency"), detail));
        }
        let service = ServiceName::new(&report.service);
        Ok(paste_engine::CallReport {
            service: service.map_err(|error| Refusal::field(field("service"), error))?,
            count: report.count,
            errors: report.errors,
            latency: report.latency.clone(),
        })
    };
    reports.iter().enumerate().map(read).collect()
}
