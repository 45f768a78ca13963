//! Drafts: written by one, approved by another.

use paste_api::{CommentRequest, Config, Published};
use paste_engine::Which;
use paste_model::Role;

use super::{item, shown};
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;

/// Reads a draft.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/draft",
    operation_id = "getDraft",
    tag = "configure",
    summary = "What waits for approval",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The draft; its release is 0", body = Config),
        (status = 404, description = "`unknown-config`, `no-draft`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn get(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    call.caller.require_config(Role::ConfigRead, &key)?;
    let draft = call
        .engine()
        .read_config(&call.caller, &key, &Which::Draft)
        .await?;
    answer::ok(&shown::config(&draft)?)
}

/// Writes a draft.
#[utoipa::path(
    put,
    path = "/api/v1/configs/{group}/{key}/draft",
    operation_id = "putDraft",
    tag = "configure",
    summary = "Write what is to be approved, in place of an earlier draft",
    description = "Takes the role `config-write` alone. Malformed content is refused, as when it is released.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("format" = Option<paste_api::ConfigFormat>, Query, description = "How the content is read, where the body is the content"),
        ("comment" = Option<String>, Query, description = "Why, where the body is the content"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision; 0: only if it isn't there"),
    ),
    request_body(content((paste_api::Publication = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, description = "The item; its draft waits", body = Published),
        (status = 201, description = "The same, of an item that has no release yet", body = Published),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn put(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let publication = item::publication(&mut call).await?;
    let condition = call.condition().await?;
    let drafted = call
        .engine()
        .draft_config(&call.caller, &key, &publication, condition)
        .await?;
    answer::stored(drafted.created, &shown::published(&drafted))
}

/// Throws a draft away.
#[utoipa::path(
    delete,
    path = "/api/v1/configs/{group}/{key}/draft",
    operation_id = "deleteDraft",
    tag = "configure",
    summary = "Throw a draft away",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "`unknown-config`, `no-draft`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn delete(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    call.engine()
        .discard_draft(&call.caller, &key, condition)
        .await?;
    answer::nothing()
}

/// Approves a draft.
#[utoipa::path(
    post,
    path = "/api/v1/configs/{group}/{key}/draft/approve",
    operation_id = "approveDraft",
    tag = "configure",
    summary = "Release a draft, to everybody or to an audience",
    description = "Takes the role `config-publish`. Where the item needs approval, whoever wrote the draft can't approve it.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision: what was reviewed is what is released"),
    ),
    request_body(content = Option<CommentRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "It is released", body = Published),
        (status = 404, description = "`unknown-config`, `no-draft`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`second-person-needed`, `gray-release-running`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn approve(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let asked = call.json_if_any::<CommentRequest>().await?;
    let audience = asked.audience.map(TryInto::try_into).transpose()?;
    let approved = call
        .engine()
        .approve_draft(&call.caller, &key, audience, condition)
        .await?;
    answer::ok(&shown::published(&approved))
}
