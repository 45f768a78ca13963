//! Many items: listed, searched, and as an application reads several groups.

use paste_api::{ConfigList, EffectiveConfig, EffectiveList, Hidden};
use paste_engine::{ConfigsWanted, Effective};
use paste_model::{ConfigGroup, ConfigName};

use super::shown;
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;
use crate::rest::failure::Failure;
use crate::rest::query::invalid;

/// Items on a page that doesn't say how many.
const LIMIT_DEFAULT: usize = 100;
/// Most items on a page.
const LIMIT_MAX: usize = 1_000;

/// Lists items.
#[utoipa::path(
    get,
    path = "/api/v1/configs",
    operation_id = "listConfigs",
    tag = "configure",
    summary = "The items of a namespace that the caller may read, in the order of group and key",
    params(
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("group" = Option<String>, Query, description = "Only of this group"),
        ("prefix" = Option<String>, Query, description = "Only items whose key begins so"),
        ("search" = Option<String>, Query, description = "Only items with this text in their key, description or content; in secrets only the key and the description are looked at. A page may be short, even empty, and have a `cursor`: the search goes on from there"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 unless it says otherwise", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended", pattern = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$"),
    ),
    responses((status = 200, description = "A page of items", body = ConfigList)),
)]
pub(in crate::rest) async fn get(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    let group = group(call.query.one("group")?)?;
    let prefix = call.query.one("prefix")?.unwrap_or_default();
    let search = call.query.one("search")?.filter(|text| !text.is_empty());
    let limit = call
        .query
        .limit("limit", LIMIT_MAX)?
        .unwrap_or(LIMIT_DEFAULT);
    let after = call
        .query
        .one("cursor")?
        .map(|text| cursor(&text))
        .transpose()?;
    call.finish_query()?;
    let wanted = ConfigsWanted {
        namespace: namespace.clone(),
        group,
        prefix,
        search,
        after,
        limit,
    };
    let page = call.engine().search_configs(&call.caller, wanted).await?;
    answer::ok(&ConfigList {
        namespace: namespace.to_string(),
        configs: page.found.iter().map(shown::summary).collect(),
        cursor: page.next.map(|(group, name)| format!("{group}/{name}")),
    })
}

fn group(name: Option<String>) -> Result<Option<ConfigGroup>, Failure> {
    let group = name.map(|name| ConfigGroup::new(&name)).transpose();
    group.map_err(|error| invalid("group", error))
}

fn cursor(text: &str) -> Result<(ConfigGroup, ConfigName), Failure> {
    let read = || {
        let (group, name) = text.split_once('/')?;
        Some((ConfigGroup::new(group).ok()?, ConfigName::new(name).ok()?))
    };
    read().ok_or_else(|| invalid("cursor", "is none that a page ended with"))
}

/// Reads several groups.
#[utoipa::path(
    get,
    path = "/api/v1/configs/effective",
    operation_id = "effectiveConfigs",
    tag = "configure",
    summary = "What holds for an application that reads several groups: later ones override keys of earlier ones",
    params(
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("group" = Vec<String>, Query, description = "The groups in order, at most 32", max_items = 32),
        ("session" = Option<String>, Query, description = "The session that they are read for"),
        ("zone" = Option<String>, Query, description = "The zone that they are read in"),
        ("label" = Option<String>, Query, description = "`label.NAME=VALUE`: what the reader says of itself"),
    ),
    responses((status = 200, description = "What holds, by key, and where it comes from", body = EffectiveList)),
)]
pub(in crate::rest) async fn effective(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    let names = call.query.all("group");
    let groups = names.iter().map(|name| ConfigGroup::new(name));
    let groups: Vec<_> = groups
        .collect::<Result<_, _>>()
        .map_err(|error| invalid("group", error))?;
    let receiver = call.receiver()?;
    call.finish_query()?;
    let engine = call.engine();
    let effective = engine
        .effective_configs(&call.caller, &namespace, &groups, &receiver)
        .await?;
    answer::ok(&EffectiveList {
        namespace: namespace.to_string(),
        groups: names,
        configs: effective.iter().map(explained).collect::<Result<_, _>>()?,
    })
}

fn explained(effective: &Effective) -> Result<EffectiveConfig, Failure> {
    let config = shown::config(&effective.shown)?;
    let hidden = effective.hidden.iter();
    Ok(EffectiveConfig {
        because: format!(
            "this comes from group {}, release {}",
            config.group, config.release
        ),
        config,
        overrides: hidden
            .map(|(item, number)| Hidden {
                group: item.key.group.to_string(),
                release: number.0,
            })
            .collect(),
    })
}
