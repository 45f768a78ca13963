//! Export and import: what is in use, carried in files.

use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use super::files::{self, Items};
use super::{ItemName, route};
use crate::cli::{ClientArgs, Output};
use crate::client::{Client, Route};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, text};

/// Items that are released together.
const TOGETHER: usize = paste_model::limits::RELEASE_ITEMS_MAX;

/// Writes what is in use to files; secrets only where they are asked for, as files are not encrypted.
pub(super) async fn export(
    to: &Path,
    group: Option<String>,
    secrets: bool,
    args: ClientArgs,
) -> Done {
    if to.exists() {
        let detail = format!("{} exists; name another place", to.display());
        return Err(Failure::new(Exit::Usage, detail));
    }
    let client = Client::new(&args)?;
    let list = Route::of(&["configs"])
        .with("namespace", &args.namespace)
        .with_some("group", group);
    let mut items = Items::new();
    let mut left_out = 0;
    for found in client.pages(&list, "configs").await? {
        let item = ItemName {
            group: text(&found["group"]),
            key: text(&found["key"]),
        };
        if found["release"].is_null() {
            continue;
        }
        let answer = client
            .call(Method::GET, &route(&item, &[], &args.namespace), None)
            .await?;
        if answer["secret"] == true && !secrets {
            left_out += 1;
            continue;
        }
        items.insert((item.group, item.key), text(&answer["content"]));
    }
    files::write(to, &items)?;
    output::note(format_args!(
        "{} items are in {}",
        items.len(),
        to.display()
    ));
    if left_out > 0 {
        output::note(format_args!(
            "{left_out} secrets are left out; with --secrets they are written as they are"
        ));
    }
    Ok(())
}

/// Shows what differs, and releases it.
pub(super) async fn import(from: &Path, comment: &str, dry_run: bool, args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let items = files::read(from)?;
    let mut changed = Vec::new();
    // All is checked before any of it is released.
    for ((group, key), content) in &items {
        let item = ItemName {
            group: group.clone(),
            key: key.clone(),
        };
        let body = json!({ "content": content });
        let route = route(&item, &[], &args.namespace).with("dry_run", "true");
        let answer = client.call(Method::PUT, &route, Some(&body)).await?;
        let unified = text(&answer["unified"]);
        if answer["unchanged"] == true || unified.is_empty() {
            continue;
        }
        if args.output == Output::Table {
            output::line(format_args!("{item}\n{unified}"))?;
        }
        changed.push(json!({ "group": group, "key": key, "content": content }));
    }
    if !dry_run {
        for together in changed.chunks(TOGETHER) {
            let route = Route::of(&["configs", "release"]).with("namespace", &args.namespace);
            let body = json!({ "comment": comment, "items": together });
            client.call(Method::POST, &route, Some(&body)).await?;
        }
    }
    let names: Vec<Value> = changed
        .iter()
        .map(|item| format!("{}/{}", text(&item["group"]), text(&item["key"])).into())
        .collect();
    let verb = if dry_run {
        "would be released"
    } else {
        "are released"
    };
    match args.output {
        Output::Json => output::line(json!({ "changed": names, "released": !dry_run })),
        Output::Table => output::line(format_args!(
            "{} of {} items {verb}",
            names.len(),
            items.len()
        )),
    }
}
