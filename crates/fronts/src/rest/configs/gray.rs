//! Gray releases: begun, widened, promoted, aborted.

use paste_api::{Code, GrayRequest, Published};
use paste_engine::{GrayTerms, Publication, Terms};

use super::shown;
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;
use crate::rest::failure::Failure;

/// Begins a trial, changes who takes part, or promotes it.
#[utoipa::path(
    post,
    path = "/api/v1/configs/{group}/{key}/gray",
    operation_id = "postGray",
    tag = "configure",
    summary = "Try a release with some, widen that, or promote it",
    description = "`content` and `audience` begin a trial; `audience` alone changes who takes part; `promote` gives it to \
        everybody. It is aborted by itself when a receiver reports that it could not apply it, or when within 5 minutes the \
        share of failing receivers is 10 points above that of the others.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision"),
    ),
    request_body(content = GrayRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "What is on trial, or what everybody has now", body = Published),
        (status = 404, description = "`unknown-config`, `no-gray-release`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`gray-release-running`, `approval-needed`, `nothing-to-try-out`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn post(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let condition = call.condition().await?;
    let max = call
        .rest
        .0
        .config
        .body_bytes_max
        .max(call.engine().config_bytes_max().saturating_mul(6));
    let asked = call.json_within::<GrayRequest>(max).await?;
    let comment = asked.comment.clone().into();
    let terms = terms(asked)?;
    let tried = call
        .engine()
        .gray_config(&call.caller, &key, terms, &comment, condition)
        .await?;
    answer::ok(&shown::published(&tried))
}

fn terms(asked: GrayRequest) -> Result<GrayTerms, Failure> {
    let audience = asked
        .audience
        .map(paste_model::Audience::try_from)
        .transpose()?;
    let refuse = |field, detail| Err(Failure::of_field(Code::InvalidField, field, detail));
    match (asked.promote, asked.content, audience) {
        (true, None, None) => Ok(GrayTerms::Promote),
        (true, ..) => refuse("promote", "goes without content and audience"),
        (false, Some(content), Some(audience)) => {
            let publication = Publication {
                content: content.into(),
                format: asked.format.map(Into::into),
                comment: asked.comment.into(),
                terms: Terms::default(),
            };
            Ok(GrayTerms::Begin(publication, audience))
        }
        (false, Some(_), None) => refuse(
            "audience",
            "say who is to have it, for example {\"percent\": 10}",
        ),
        (false, None, Some(audience)) => Ok(GrayTerms::Audience(audience)),
        (false, None, None) => refuse(
            "content",
            "give content and audience, audience alone, or promote",
        ),
    }
}

/// Aborts a trial.
#[utoipa::path(
    delete,
    path = "/api/v1/configs/{group}/{key}/gray",
    operation_id = "deleteGray",
    tag = "configure",
    summary = "Abort a gray release: everybody has what is in use",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("comment" = Option<String>, Query, description = "Why"),
        ("If-Match" = Option<String>, Header, description = "Only if the item is at this revision"),
    ),
    responses(
        (status = 200, description = "It is aborted", body = Published),
        (status = 404, description = "`unknown-config`, `no-gray-release`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn delete(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    let comment = call.query.one("comment")?.unwrap_or_default().into();
    call.finish_query()?;
    let condition = call.condition().await?;
    let aborted = call
        .engine()
        .abort_gray(&call.caller, &key, &comment, condition)
        .await?;
    answer::ok(&shown::published(&aborted))
}
