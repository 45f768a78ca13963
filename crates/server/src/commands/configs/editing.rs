//! Editing an item in the person's own editor.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use http::Method;
use serde_json::json;

use super::{released, route};
use crate::cli::ItemArgs;
use crate::client::Client;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, print, text};

/// Opens what is in use, and releases what comes out, if nobody else was faster.
pub(super) async fn edit(args: ItemArgs, comment: &str) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &[], &args.client.namespace);
    let (before, revision) = match client.call(Method::GET, &route, None).await {
        Ok(found) => (text(&found["content"]), found["revision"].as_u64()),
        Err(failure) if failure.exit == Exit::NotFound => (String::new(), Some(0)),
        Err(failure) => return Err(failure),
    };
    let after = edited(&args.item.key, &before)?;
    if after == before {
        return output::line("nothing was changed");
    }
    let body = json!({ "content": after, "comment": comment });
    let answer = client
        .call_if(Method::PUT, &route, revision, Some(&body))
        .await?;
    print(args.client.output, &answer, |answer| {
        released(&args.item, answer)
    })
}

/// What the editor makes of `text`, in a file that only its owner can read. Its ending is that of the key, for the editor.
fn edited(key: &str, text: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::caused(Exit::Failed, "can't prepare a file to edit", &error)
    };
    let mut file = tempfile::Builder::new()
        .suffix(&format!("-{key}"))
        .tempfile()
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.flush())
        .map_err(failed)?;
    run(file.path())?;
    // By its path: an editor may have put another file in its place.
    std::fs::read_to_string(file.path()).map_err(failed)
}

fn run(file: &Path) -> Done {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = editor.ok_or_else(|| {
        Failure::new(Exit::Usage, "set VISUAL or EDITOR to an editor, such as vi")
    })?;
    // May have arguments of its own, as in `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(file)
        .status();
    let status = status
        .map_err(|error| Failure::caused(Exit::Failed, format!("can't run {editor}"), &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Failed,
        format!("{editor} ended with {status}; nothing was changed"),
    ))
}
