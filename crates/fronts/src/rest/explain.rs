//! Who may answer a request to a service, who may not, and why.

use std::time::Duration;

use paste_api::{Choice, Explanation, Instance, InstanceExplanation, Policy};
use paste_catalog::Snapshot;
use paste_model::{Label, Role};
use paste_traffic::{Caller, Chooser, Eligibility, Question};

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;
use super::instances::existing;
use super::query::invalid;

/// Explains a service.
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/explain",
    operation_id = "explain",
    tag = "discover",
    summary = "Who may answer a request, who may not, and why",
    description = "Says of each instance whether it may answer, and makes one choice as a consumer would: by what is asked, the \
        policy, the consumer's place, and the headers and key of its request. Nothing comes of it.",
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
        ("hash_key" = Option<String>, Query, description = "The key that balancers hash, where the policy names no header"),
        ("from_zone" = Option<String>, Query, description = "The zone of the consumer"),
        ("from_region" = Option<String>, Query, description = "The region of the consumer"),
    ),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
        (status = 404, description = "`unknown-service`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    let selector = call.query.selector()?;
    let headers = call.query.prefixed("header.");
    let hash_key = call.query.one("hash_key")?;
    let consumer = Caller {
        zone: place(&mut call, "from_zone")?,
        region: place(&mut call, "from_region")?,
    };
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
    let question = Question {
        selector: Some(&selector),
        headers: Some(&headers),
        hash_key: hash_key.as_deref(),
        tried: &[],
    };
    answer::ok(&Explanation {
        service: key.name.to_string(),
        namespace: key.namespace.to_string(),
        revision: snapshot.revision().0,
        protected: snapshot.protected(),
        protect_threshold: threshold.percent(),
        up: snapshot.up(),
        healthy: snapshot.up_healthy(),
        summary: eligibility.to_string(),
        policy: snapshot.policy().map(|policy| Policy::from(&**policy)),
        choice: choice(&snapshot, consumer, &question),
        instances,
    })
}

/// Where the consumer is.
fn place(call: &mut Call, name: &'static str) -> Result<Option<Label>, Failure> {
    let given = call.query.one(name)?;
    let label = given.map(|text| Label::new(name, &text)).transpose();
    label.map_err(|error| invalid(name, error))
}

/// One choice by a consumer that knows nothing of the instances but what the registry knows.
fn choice(snapshot: &Snapshot, consumer: Caller, question: &Question<'_>) -> Choice {
    let start = Duration::ZERO;
    let chooser = Chooser::new(consumer);
    if let Some(policy) = snapshot.policy()
        && let Err(error) = chooser.set_policy(policy.clone(), start)
    {
        tracing::error!(%error, service = %snapshot.key(), "a policy that is kept can't be used");
    }
    chooser.update(
        snapshot.members().cloned().collect(),
        snapshot.protected(),
        start,
    );
    let (pick, trace) = chooser.choose_traced(question, start, &mut rand::random);
    Choice {
        chosen: pick.ok().map(|pick| pick.id().to_string()),
        steps: trace.0.iter().map(ToString::to_string).collect(),
    }
}
