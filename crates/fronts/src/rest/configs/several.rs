//! Several items in one step.

use paste_api::{CloneRequest, Cloned, Code, ReleaseItem, ReleaseRequest, ReleasedTogether};
use paste_engine::{ConfigClone, Publication, SeveralItem, Terms};
use paste_model::{ConfigGroup, ConfigKey, ConfigName, Namespace, Revision};

use super::shown;
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;
use crate::rest::failure::Failure;

/// Releases several items.
#[utoipa::path(
    post,
    path = "/api/v1/configs/release",
    operation_id = "releaseConfigs",
    tag = "configure",
    summary = "Release several items together, or none of them",
    params(("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise")),
    request_body(content = ReleaseRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "All are released", body = ReleasedTogether),
        (status = 404, description = "`unknown-config`: one that is to be removed isn't there", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 409, description = "`approval-needed`, `gray-release-running`, `quota-exceeded`", body = paste_api::Problem, content_type = "application/problem+json"),
        (status = 412, description = "`revision-mismatch`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn release(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    call.finish_query()?;
    call.unconditional()?;
    let max = call.rest.0.config.batch_bytes_max;
    let asked = call.json_within::<ReleaseRequest>(max).await?;
    let comment = asked.comment.into();
    let items = asked.items.into_iter().enumerate();
    let items: Vec<_> = items
        .map(|(place, asked)| {
            let read = item(&namespace, asked, &comment);
            read.map_err(|failure| failure.within(&format!("items[{place}]")))
        })
        .collect::<Result<_, _>>()?;
    let (published, revision) = call
        .engine()
        .publish_configs(&call.caller, &items, &comment)
        .await?;
    answer::ok(&ReleasedTogether {
        revision: revision.0,
        items: published.iter().map(shown::published).collect(),
    })
}

fn item(
    namespace: &Namespace,
    asked: ReleaseItem,
    comment: &compact_str::CompactString,
) -> Result<SeveralItem, Failure> {
    let field =
        |name: &'static str| move |error| Failure::of_field(Code::InvalidField, name, error);
    let key = ConfigKey {
        namespace: namespace.clone(),
        group: ConfigGroup::new(&asked.group).map_err(field("group"))?,
        name: ConfigName::new(&asked.key).map_err(field("key"))?,
    };
    let publication = match (asked.content, asked.remove) {
        (Some(content), false) => Some(Publication {
            content: content.into(),
            format: asked.format.map(Into::into),
            comment: comment.clone(),
            terms: Terms::default(),
        }),
        (None, true) => None,
        _ => {
            let detail = "give either content or remove";
            return Err(Failure::of_field(Code::InvalidField, "content", detail));
        }
    };
    Ok(SeveralItem {
        key,
        publication,
        condition: asked.if_revision.map(Revision),
    })
}

/// Copies items into another namespace.
#[utoipa::path(
    post,
    path = "/api/v1/configs/clone",
    operation_id = "cloneConfigs",
    tag = "configure",
    summary = "Copy what is in use into another namespace",
    params(("namespace" = Option<String>, Query, description = "The namespace to copy from; `default` unless it says otherwise")),
    request_body(content = CloneRequest, content_type = "application/json"),
    responses((status = 200, description = "What was copied", body = Cloned)),
)]
pub(in crate::rest) async fn clone(mut call: Call) -> Answered {
    let from = call.query.namespace()?;
    call.finish_query()?;
    call.unconditional()?;
    let asked = call.json::<CloneRequest>().await?;
    let field =
        |name: &'static str| move |error| Failure::of_field(Code::InvalidField, name, error);
    let group = asked.group.map(|name| ConfigGroup::new(&name)).transpose();
    let wanted = ConfigClone {
        from,
        to: Namespace::new(&asked.to).map_err(field("to"))?,
        group: group.map_err(field("group"))?,
        overwrite: asked.overwrite,
        comment: asked.comment.into(),
    };
    let cloned = call.engine().clone_configs(&call.caller, &wanted).await?;
    let names = |keys: &[ConfigKey]| {
        keys.iter()
            .map(|key| format!("{}/{}", key.group, key.name))
            .collect()
    };
    answer::ok(&Cloned {
        copied: names(&cloned.copied),
        passed_over: names(&cloned.passed_over),
    })
}
