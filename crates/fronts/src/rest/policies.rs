//! Policies of services: how their consumers choose among the instances.

use paste_api::{Policy, PolicyHistory, PolicyList, PolicyRelease, ServicePolicy, Time};
use paste_engine::{PolicyTerms, RecordedPolicy};
use paste_model::ServiceKey;

use super::answer::{self, Answered};
use super::call::Call;
use super::failure::Failure;
use super::services::Page;

fn shown(key: &ServiceKey, recorded: &RecordedPolicy) -> Option<ServicePolicy> {
    let newest = recorded.history.newest();
    Some(ServicePolicy {
        service: key.name.to_string(),
        namespace: key.namespace.to_string(),
        revision: recorded.revision.0,
        number: newest.number,
        policy: Policy::from(&**newest.policy.as_ref()?),
        comment: newest.comment.to_string(),
        by: newest.by.to_string(),
        at: Time::from(newest.at),
    })
}

fn unknown(key: &ServiceKey) -> Failure {
    Failure::new(
        paste_api::Code::UnknownPolicy,
        format!("service {key} has no policy; the defaults hold"),
    )
}

/// Lists policies.
#[utoipa::path(
    get,
    path = "/api/v1/policies",
    operation_id = "listPolicies",
    tag = "discover",
    summary = "The policies of a namespace that the caller may read, by service in name order",
    params(
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of policies", body = PolicyList)),
)]
pub(super) fn list(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    let page = Page::asked(&mut call)?;
    call.finish_query()?;
    let (found, cursor) = page.of(&call, &namespace, "", |it| it.policy().is_some())?;
    let policies = found.iter().filter_map(|snapshot| {
        let (history, revision) = snapshot.policy_history()?;
        let recorded = RecordedPolicy {
            history: history.clone(),
            revision,
        };
        shown(snapshot.key(), &recorded)
    });
    answer::ok(&PolicyList {
        namespace: namespace.to_string(),
        policies: policies.collect(),
        cursor,
    })
}

/// Gets a policy.
#[utoipa::path(
    get,
    path = "/api/v1/policies/{service}",
    operation_id = "getPolicy",
    tag = "discover",
    summary = "The policy of a service, with all its defaults written out",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The policy", body = ServicePolicy),
        (status = 404, description = "`unknown-policy`: the defaults hold", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn get(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    call.finish_query()?;
    let recorded = call.engine().policy(&call.caller, &key)?;
    answer::ok(&shown(&key, &recorded).ok_or_else(|| unknown(&key))?)
}

/// Sets a policy.
#[utoipa::path(
    put,
    path = "/api/v1/policies/{service}",
    operation_id = "putPolicy",
    tag = "operate",
    summary = "Set the policy of a service; its consumers have it in milliseconds",
    description = "Takes the role `config`. What is left out has its default. A policy that holds already is not written \
        again. The service exists from then on, with or without instances.",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("comment" = Option<String>, Query, description = "Why"),
        ("dry_run" = Option<bool>, Query, description = "Check everything, change nothing"),
        ("If-Match" = Option<String>, Header, description = "Only if the record is at this revision; 0: only if there is none"),
    ),
    request_body(content = Policy, content_type = "application/json"),
    responses(
        (status = 200, description = "It replaced another, or holds already", body = ServicePolicy),
        (status = 201, description = "There was none", body = ServicePolicy),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    let terms = terms(&mut call).await?;
    let policy = call.json::<Policy>().await?.try_into()?;
    let stored = call
        .engine()
        .put_policy(&call.caller, &key, policy, &terms)
        .await?;
    let policy = shown(&key, &stored.value).ok_or_else(|| unknown(&key))?;
    answer::stored(stored.created, &policy)
}

/// Removes a policy.
#[utoipa::path(
    delete,
    path = "/api/v1/policies/{service}",
    operation_id = "deletePolicy",
    tag = "operate",
    summary = "Remove the policy of a service: the defaults hold; its history stays",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("comment" = Option<String>, Query, description = "Why"),
        ("dry_run" = Option<bool>, Query, description = "Check everything, change nothing"),
        ("If-Match" = Option<String>, Header, description = "Only if the record is at this revision"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-policy`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    let terms = terms(&mut call).await?;
    call.engine()
        .delete_policy(&call.caller, &key, &terms)
        .await?;
    answer::nothing()
}

/// What a policy was before.
#[utoipa::path(
    get,
    path = "/api/v1/policies/{service}/history",
    operation_id = "policyHistory",
    tag = "discover",
    summary = "The policies that a service had, newest first: what, who, when and why",
    params(
        ("service" = String, Path, description = "The service"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The history", body = PolicyHistory),
        (status = 404, description = "`unknown-policy`: it never had one", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) fn history(mut call: Call, service: &str) -> Answered {
    let key = call.service(service)?;
    call.finish_query()?;
    let recorded = call.engine().policy(&call.caller, &key)?;
    let releases = recorded.history.releases().iter().rev();
    answer::ok(&PolicyHistory {
        service: key.name.to_string(),
        namespace: key.namespace.to_string(),
        revision: recorded.revision.0,
        releases: releases
            .map(|release| PolicyRelease {
                number: release.number,
                policy: release.policy.as_deref().map(Policy::from),
                comment: release.comment.to_string(),
                by: release.by.to_string(),
                at: Time::from(release.at),
            })
            .collect(),
    })
}

/// What a change is asked with, besides the policy.
async fn terms(call: &mut Call) -> Result<PolicyTerms, Failure> {
    let comment = call.query.one("comment")?.unwrap_or_default().into();
    let dry_run = call.query.flag("dry_run")?;
    call.finish_query()?;
    Ok(PolicyTerms {
        comment,
        condition: call.condition().await?,
        dry_run,
    })
}
