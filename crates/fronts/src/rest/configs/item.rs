//! One item: reading, releasing and removing it.

use std::time::Duration;

use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use paste_api::{Config, Published, Reach};
use paste_engine::{Publication, Removal, Terms, Which};
use paste_model::{ConfigKey, Format, Revision, Role};
use tokio::time::Instant;

use super::encoded::Written;
use super::{poll, shown};
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;
use crate::rest::failure::Failure;
use crate::rest::instances::{is_known, plain_namespace, poll as long_poll};
use crate::rest::query::invalid;
use crate::rest::{Rest, access, waiting};
use crate::{Body, Peer};

/// The release whose content an answer is, where the content is all that it has.
const RELEASE: HeaderName = HeaderName::from_static("x-registry-release");
/// The revision of the item, there too.
const ITEM_REVISION: HeaderName = HeaderName::from_static("x-registry-config-revision");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What is in use of an item without a trial, for someone who may read it, where it was asked for lately; `None` for
/// everything else.
pub(in crate::rest) fn at_once<B>(
    rest: &Rest,
    path: &str,
    request: &Request<B>,
    peer: &Peer,
) -> Option<Response<Body>> {
    let (group, name) = path.split_once('/')?;
    let namespace = plain_namespace(request.uri().query())?;
    let engine = &rest.0.engine;
    let revision = engine.catalog().revision();
    let item = engine.catalog().config(namespace, group, name)?;
    if item.item.gray.is_some() {
        return None;
    }
    let caller = access::caller(rest, request.headers(), request.uri(), peer).ok()?;
    if !caller.may_config(Role::ConfigRead, &item.key) {
        return None;
    }
    let written = rest.0.encoded.known(&item)?;
    let mut response = conditional(&written, request.headers());
    response
        .headers_mut()
        .insert(answer::REVISION, rest.revision_header(revision));
    Some(response)
}

/// The answer, or `304` where the client has it.
fn conditional(written: &Written, headers: &HeaderMap) -> Response<Body> {
    unless_known(&written.etag, headers, || {
        answer::bytes_of(answer::JSON, written.json.clone(), written.length.clone())
    })
}

/// What `answer` gives, under this tag; or `304` where the client has it.
fn unless_known(
    etag: &HeaderValue,
    headers: &HeaderMap,
    answer: impl FnOnce() -> Response<Body>,
) -> Response<Body> {
    let mut response = if is_known(etag.as_bytes(), headers) {
        answer::status(StatusCode::NOT_MODIFIED)
    } else {
        answer()
    };
    response.headers_mut().insert(ETAG, etag.clone());
    response
}

/// Reads an item.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}",
    operation_id = "getConfig",
    tag = "configure",
    summary = "An item with its content",
    description = "The release in use, or the one on trial where the caller takes part: by its `session` and what that \
        session's instances are registered with, by `zone`, by `label.NAME`, or by the address that it comes from. With \
        `raw=true` or `Accept: application/octet-stream` the answer is the content alone, byte for byte, and \
        `X-Registry-Release` says which release it is.\n\n`after` makes a long poll: the answer comes as soon as the item \
        passes that revision, or at the end of `wait` with what there is; 0 waits for an item that doesn't exist yet.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("session" = Option<String>, Query, description = "The session that it is read for"),
        ("zone" = Option<String>, Query, description = "The zone that it is read in"),
        ("label" = Option<String>, Query, description = "`label.NAME=VALUE`: what the reader says of itself"),
        ("raw" = Option<bool>, Query, description = "The content alone"),
        ("consistent" = Option<bool>, Query, description = "First catch up with the store"),
        ("after" = Option<u64>, Query, description = "The item's revision that is known: wait until it has passed it", format = "uint64"),
        ("wait" = Option<paste_api::Duration>, Query, description = "For how long, at most 300s; 30s unless it says otherwise"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that is known"),
    ),
    responses(
        (status = 200, description = "The item, or its content alone", content((Config = "application/json"), (Vec<u8> = "application/octet-stream")), headers(("ETag" = String, description = "A hash of the answer"))),
        (status = 304, description = "The item is as it is known"),
        (status = 404, description = "`unknown-config`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 500, description = "`content-lost`, `secret-key-missing`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn get(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let raw = raw(&mut call)?;
    let poll = long_poll(&mut call)?;
    let consistent = call.query.flag("consistent")?;
    let receiver = call.receiver()?;
    call.finish_query()?;
    call.caller.require_config(Role::ConfigRead, &key)?;
    if consistent {
        waiting::consistent(&call.rest).await?;
    }
    if let Some((after, wait)) = poll {
        let ends = Instant::now() + wait;
        waiting::catch_up(&call.rest, after).await;
        if wait > Duration::ZERO {
            poll::passed(&call, &key, after, ends).await;
        }
    }
    let revision = call.engine().catalog().revision();
    let shown = call
        .engine()
        .read_config(&call.caller, &key, &Which::For(receiver))
        .await?;
    let written = call.rest.0.encoded.answer(&shown)?;
    let mut response = if raw {
        let mut response = unless_known(&written.etag, &call.headers, || {
            answer::bytes(StatusCode::OK, OCTETS, shown.content.clone())
        });
        response
            .headers_mut()
            .insert(RELEASE, shown.number.0.into());
        response
            .headers_mut()
            .insert(ITEM_REVISION, shown.item.revision.0.into());
        response
    } else {
        conditional(&written, &call.headers)
    };
    response
        .headers_mut()
        .insert(answer::REVISION, call.rest.revision_header(revision));
    Ok(response)
}

/// Whether the content alone is asked for.
fn raw(call: &mut Call) -> Result<bool, Failure> {
    let accept = call
        .headers
        .get(http::header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let accepts = accept.is_some_and(|accept| accept.trim() == "application/octet-stream");
    Ok(call.query.flag("raw")? || accepts)
}

/// Releases an item.
#[utoipa::path(
    put,
    path = "/api/v1/configs/{group}/{key}",
    operation_id = "putConfig",
    tag = "configure",
    summary = "Release an item to everybody",
    description = "Malformed content, and content that doesn't fit the item's schema, is refused. What is in use already makes \
        no new release. With `Content-Type: application/octet-stream` the body is the content itself, byte for byte, and \
        `format` and `comment` are given in the query.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("dry_run" = Option<bool>, Query, description = "Check everything, change nothing, and say whom it would reach: the answer is a Reach"),
        ("format" = Option<paste_api::ConfigFormat>, Query, description = "How the content is read, where the body is the content"),
        ("comment" = Option<String>, Query, description = "Why, where the body is the content"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision; 0: only if it isn't there"),
    ),
    request_body(content((paste_api::Publication = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, description = "It had a release, or this is a dry run", body = paste_api::Releasing),
        (status = 201, description = "It had none", body = Published),
        (status = 400, description = "`invalid-content`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`approval-needed`, `gray-release-running`, `quota-exceeded`, `no-secret-key`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn put(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let dry_run = call.query.flag("dry_run")?;
    let publication = publication(&mut call).await?;
    let condition = call.condition().await?;
    let engine = call.engine();
    if dry_run {
        return tried(&call, &key, &publication, condition).await;
    }
    let published = engine
        .publish_config(&call.caller, &key, &publication, condition)
        .await?;
    answer::stored(published.created, &shown::published(&published))
}

async fn tried(
    call: &Call,
    key: &ConfigKey,
    publication: &Publication,
    condition: Option<Revision>,
) -> Answered {
    let engine = call.engine();
    let reach = engine
        .try_config(&call.caller, key, publication, condition)
        .await?;
    let hunks = engine
        .config_changes(&call.caller, key, publication.content.clone())
        .await?;
    answer::ok(&Reach {
        subscribers: reach.subscribers,
        bytes: reach.bytes,
        unchanged: reach.unchanged,
        unified: paste_engine::unified(&hunks, "in use", "new"),
    })
}

/// Content to be released: as JSON, or the body itself.
pub(super) async fn publication(call: &mut Call) -> Result<Publication, Failure> {
    let octets = call
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == OCTETS);
    // JSON may take six bytes for one of the content.
    let max = call
        .rest
        .0
        .config
        .body_bytes_max
        .max(call.engine().config_bytes_max().saturating_mul(6));
    if octets {
        let format = call.query.one("format")?;
        let format = format.map(|word| {
            Format::from_word(&word)
                .ok_or_else(|| invalid("format", "is none of text, json, yaml, toml, properties"))
        });
        let format = format.transpose()?;
        let comment = call.query.one("comment")?.unwrap_or_default();
        call.finish_query()?;
        return Ok(Publication {
            content: call.octets(max).await?,
            format,
            comment: comment.into(),
            terms: Terms::default(),
        });
    }
    call.finish_query()?;
    let asked = call.json_within::<paste_api::Publication>(max).await?;
    let schema = match asked.schema {
        None => None,
        Some(serde_json::Value::Bool(false)) => Some(None),
        Some(schema) => Some(Some(answer::encode(&schema).into())),
    };
    Ok(Publication {
        content: asked.content.into(),
        format: asked.format.map(Into::into),
        comment: asked.comment.into(),
        terms: Terms {
            schema,
            secret: asked.secret,
            approval: asked.approval,
            description: asked.description.map(Into::into),
        },
    })
}

/// Removes an item.
#[utoipa::path(
    delete,
    path = "/api/v1/configs/{group}/{key}",
    operation_id = "deleteConfig",
    tag = "configure",
    summary = "Remove an item; its history stays, and a rollback brings it back",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("comment" = Option<String>, Query, description = "Why"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision"),
    ),
    responses(
        (status = 200, description = "It is removed, with this release", body = Published),
        (status = 404, description = "`unknown-config`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`gray-release-running`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn delete(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let comment = call.query.one("comment")?.unwrap_or_default().into();
    call.finish_query()?;
    let condition = call.condition().await?;
    let removal = Removal { comment };
    let removed = call
        .engine()
        .remove_config(&call.caller, &key, &removal, condition)
        .await?;
    answer::ok(&shown::published(&removed))
}
