//! The past of an item: its releases, what differs between them, the way back, and what the timeline says.

use paste_api::{Config, ConfigDiff, EventList, Published, ReleaseList, RollbackRequest};
use paste_engine::{EventCursor, Which, unified};
use paste_model::ReleaseNumber;

use super::{release_number, release_of, shown};
use crate::rest::answer::{self, Answered};
use crate::rest::call::{Call, path};
use crate::rest::events;

/// Releases on a page that doesn't say how many.
const LIMIT_DEFAULT: usize = 100;
/// Most releases on a page, and events in an answer.
const LIMIT_MAX: usize = 1_000;

/// Lists releases.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/releases",
    operation_id = "listReleases",
    tag = "configure",
    summary = "The history of an item, newest first",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("before" = Option<u64>, Query, description = "Only releases before this one", format = "uint64"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, description = "The releases", body = ReleaseList),
        (status = 404, description = "`unknown-config`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) fn list(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let before = call.release("before")?;
    let limit = call
        .query
        .limit("limit", LIMIT_MAX)?
        .unwrap_or(LIMIT_DEFAULT);
    call.finish_query()?;
    let page = call
        .engine()
        .config_history(&call.caller, &key, before, limit)?;
    let releases = page.releases.iter();
    answer::ok(&ReleaseList {
        namespace: key.namespace.to_string(),
        group: key.group.to_string(),
        key: key.name.to_string(),
        revision: page.item.revision.0,
        releases: releases
            .map(|(number, release)| shown::release(&page.item.item, *number, release))
            .collect(),
        more: page.more,
    })
}

/// Reads a release.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/releases/{release}",
    operation_id = "getRelease",
    tag = "configure",
    summary = "One release with its content",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("release" = u64, Path, description = "The number of the release", minimum = 1),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The release", body = Config),
        (status = 404, description = "`unknown-config`, `unknown-release`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn get(
    mut call: Call,
    group: &str,
    key: &str,
    release: &str,
) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let number = release_of(release)
        .ok_or_else(|| path("release", "must be a whole number from 1, below 2^64"))?;
    let which = Which::Number(number);
    let release = call
        .engine()
        .read_config(&call.caller, &key, &which)
        .await?;
    answer::ok(&shown::config(&release)?)
}

/// Compares releases.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/diff",
    operation_id = "diffConfig",
    tag = "configure",
    summary = "What differs between two releases",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("from" = Option<u64>, Query, description = "The earlier release; the one that was in use before `to` unless it says otherwise, 0 for nothing", format = "uint64"),
        ("to" = Option<u64>, Query, description = "The later release; the one in use unless it says otherwise", format = "uint64"),
    ),
    responses(
        (status = 200, description = "What differs", body = ConfigDiff),
        (status = 404, description = "`unknown-config`, `unknown-release`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn diff(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let from = call.release("from")?;
    let to = call.release("to")?;
    call.finish_query()?;
    let diff = call
        .engine()
        .config_diff(&call.caller, &key, from, to)
        .await?;
    let name = |number: ReleaseNumber| format!("{}/{} release {number}", key.group, key.name);
    answer::ok(&ConfigDiff {
        from: diff.from.0,
        to: diff.to.0,
        unified: unified(&diff.hunks, &name(diff.from), &name(diff.to)),
        hunks: diff.hunks.iter().map(shown::hunk).collect(),
    })
}

/// Goes back.
#[utoipa::path(
    post,
    path = "/api/v1/configs/{group}/{key}/rollback",
    operation_id = "rollBackConfig",
    tag = "configure",
    summary = "Bring an earlier release back, as a new one",
    description = "Without `to` it is the release that was in use before the one in use; asked again, the one before that.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision"),
    ),
    request_body(content = Option<RollbackRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "It is back, with this release", body = Published),
        (status = 404, description = "`unknown-config`, `unknown-release`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`nothing-to-go-back-to`, `gray-release-running`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn rollback(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let asked = call.json_if_any::<RollbackRequest>().await?;
    let to = asked
        .to
        .map(|number| release_number("to", number))
        .transpose()?;
    let comment = asked.comment.into();
    let back = call
        .engine()
        .roll_back_config(&call.caller, &key, to, &comment, condition)
        .await?;
    answer::ok(&shown::published(&back))
}

/// Lists events.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/events",
    operation_id = "listConfigEvents",
    tag = "configure",
    summary = "What happened to an item: when, why, and by whom",
    description = "Oldest first: those after `after`, or else the newest.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("after" = Option<String>, Query, description = "The cursor of the last event seen", pattern = r"^[0-9]{1,19}(\.[0-9]{1,9})?$"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, description = "The events; `service` is the item as `group/key`", body = EventList),
        (status = 503, description = "`timeline-unavailable`; see `Retry-After`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn events(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let after = call.query.parsed::<EventCursor>("after")?;
    let limit = call
        .query
        .limit("limit", LIMIT_MAX)?
        .unwrap_or(LIMIT_DEFAULT);
    call.finish_query()?;
    let events = call
        .engine()
        .config_events(&call.caller, &key, after, limit)
        .await?;
    let about = format!("{}/{}", key.group, key.name);
    answer::ok(&events::list_of(about, &key.namespace, events))
}
