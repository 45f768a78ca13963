//! Who may answer a request to a service, who may not, and why.

use paste_api::{Explanation, Instance, InstanceExplanation};
use paste_model::Role;
use paste_traffic::Eligibility;

use super::answer::{self, Answered};
use super::call::Call;
use super::instances::existing;

/// Explains a service.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/explain",
    operation_id = "explain",
    tag = "discover",
    summary = "Who may answer a request, who may not, and why",
    description = "Headers (`header.NAME=VALUE`) are taken for the policies of later versions; no rule looks at them yet.",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("version" = Option<String>, Query, description = "A version range"),
        ("zone" = Option<Vec<String>>, Query, description = "Any of these zones"),
        ("region" = Option<Vec<String>>, Query, description = "Any of these regions"),
        ("tag" = Option<Vec<String>>, Query, description = "All of these tags"),
        ("status" = Option<Vec<paste_api::Status>>, Query, description = "Any of these statuses"),
        ("meta" = Option<String>, Query, description = "`meta.KEY=VALUE`: all of these pairs of metadata"),
        ("header" = Option<String>, Query, description = "`header.NAME=VALUE`: headers of the request in question"),
    ),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    let selector = call.query.selector()?;
    call.query.prefixed("header.");
    call.finish_query()?;
    call.caller.require(Role::Read, &key)?;
    let snapshot = existing(&call, &key)?;
    let threshold = snapshot.protect_threshold();
    let eligibility = Eligibility::counted(snapshot.up(), snapshot.up_healthy(), threshold);
    let instances = snapshot
        .members()
        .map(|member| {
            let verdict = paste_traffic::explain(member, &eligibility, &selector);
            InstanceExplanation {
                eligible: verdict.eligible(),
                reasons: verdict.reasons().iter().map(ToString::to_string).collect(),
                instance: Instance::from(&**member),
            }
        })
        .collect();
    answer::ok(&Explanation {
        service: key.name.to_string(),
        namespace: key.namespace.to_string(),
        revision: snapshot.revision().0,
        protected: snapshot.protected(),
        protect_threshold: threshold.percent(),
        up: snapshot.up(),
        healthy: snapshot.up_healthy(),
        summary: eligibility.to_string(),
        instances,
    })
}
