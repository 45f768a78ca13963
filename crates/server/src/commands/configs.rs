//! Configuration items: read, released, tried, taken back, and carried in files.

mod editing;
mod files;
mod transfer;

use http::Method;
use serde_json::{Map, Value, json};

use super::input;
use crate::cli::{
    ChangeArgs, ClientArgs, GrayArgs, ItemArgs, ItemCommand, ItemName, Output, SetArgs,
};
use crate::client::{Client, Route};
use crate::exit::Done;
use crate::output::{self, Column, print, table, text};

pub(super) async fn run(command: ItemCommand) -> Done {
    match command {
        ItemCommand::Get { item, release } => get(item, release).await,
        ItemCommand::Set(args) => set(*args).await,
        ItemCommand::Edit { item, comment } => editing::edit(item, &comment).await,
        ItemCommand::Delete { item, change } => delete(item, change).await,
        ItemCommand::List {
            group,
            prefix,
            search,
            client,
        } => list(group, prefix, search, client).await,
        ItemCommand::History { item, limit } => history(item, limit).await,
        ItemCommand::Diff { item, from, to } => diff(item, from, to).await,
        ItemCommand::Rollback { item, to, change } => rollback(item, to, change).await,
        ItemCommand::Gray(args) => gray(*args).await,
        ItemCommand::Approve { item, if_match } => approve(item, if_match).await,
        ItemCommand::Who(item) => who(item).await,
        ItemCommand::Effective { groups, client } => effective(groups, client).await,
        ItemCommand::Export {
            to,
            group,
            secrets,
            client,
        } => transfer::export(&to, group, secrets, client).await,
        ItemCommand::Import {
            from,
            comment,
            dry_run,
            client,
        } => transfer::import(&from, &comment, dry_run, client).await,
        ItemCommand::Clone {
            to,
            group,
            overwrite,
            client,
        } => clone(to, group, overwrite, client).await,
    }
}

/// Where an item lives, or a part of it.
fn route(item: &ItemName, part: &[&str], namespace: &str) -> Route {
    let path = [&["configs", &item.group, &item.key], part].concat();
    Route::of(&path).with("namespace", namespace)
}

async fn get(args: ItemArgs, release: Option<u64>) -> Done {
    let client = Client::new(&args.client)?;
    let number = release.map(|number| number.to_string());
    let part: Vec<&str> = number
        .iter()
        .flat_map(|number| ["releases", number])
        .collect();
    let route = route(&args.item, &part, &args.client.namespace);
    if args.client.output == Output::Json {
        return output::line(client.call(Method::GET, &route, None).await?);
    }
    if number.is_none() {
        return output::bytes(&client.content(&route.with("raw", "true")).await?);
    }
    let answer = client.call(Method::GET, &route, None).await?;
    output::bytes(answer["content"].as_str().unwrap_or_default().as_bytes())
}

async fn set(args: SetArgs) -> Done {
    let client = Client::new(&args.item.client)?;
    let mut body = Map::new();
    body.insert("content".to_owned(), input::text(&args.file)?.into());
    body.insert("comment".to_owned(), args.change.comment.as_str().into());
    let schema = args.schema.as_deref().map(input::schema).transpose()?;
    let optional = [
        ("format", args.format.map(Value::from)),
        ("schema", schema),
        ("secret", args.secret.map(Value::from)),
        ("approval", args.approval.map(Value::from)),
        ("description", args.description.map(Value::from)),
    ];
    body.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    let part: &[&str] = if args.draft { &["draft"] } else { &[] };
    let mut route = route(&args.item.item, part, &args.item.client.namespace);
    if args.dry_run {
        route = route.with("dry_run", "true");
    }
    let body = Value::Object(body);
    let answer = client
        .call_if(Method::PUT, &route, args.change.if_match, Some(&body))
        .await?;
    let item = &args.item.item;
    print(args.item.client.output, &answer, |answer| {
        if args.dry_run {
            reach(item, answer)
        } else if args.draft {
            format!(
                "a draft of {item} waits for approval, revision {}",
                answer["revision"]
            )
        } else {
            released(item, answer)
        }
    })
}

/// What a change did.
fn released(item: &ItemName, answer: &Value) -> String {
    let (release, revision) = (&answer["release"], &answer["revision"]);
    if answer["unchanged"] == true {
        return format!("{item} is as it was: release {release}, revision {revision}");
    }
    format!("{item} has release {release}, revision {revision}")
}

/// What a change would do.
fn reach(item: &ItemName, answer: &Value) -> String {
    let change = if answer["unchanged"] == true {
        "nothing would change\n".to_owned()
    } else {
        text(&answer["unified"])
    };
    let (subscribers, bytes) = (&answer["subscribers"], &answer["bytes"]);
    format!("{change}{item} would be sent to {subscribers} subscribers, {bytes} bytes in all")
}

async fn delete(args: ItemArgs, change: ChangeArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &[], &args.client.namespace).with("comment", &change.comment);
    let answer = client
        .call_if(Method::DELETE, &route, change.if_match, None)
        .await?;
    print(args.client.output, &answer, |answer| {
        format!(
            "{} is removed, with release {}",
            args.item, answer["release"]
        )
    })
}

async fn list(
    group: Option<String>,
    prefix: Option<String>,
    search: Option<String>,
    args: ClientArgs,
) -> Done {
    let client = Client::new(&args)?;
    let route = Route::of(&["configs"])
        .with("namespace", &args.namespace)
        .with_some("group", group)
        .with_some("prefix", prefix)
        .with_some("search", search);
    let items = Value::Array(client.pages(&route, "configs").await?);
    let columns: [Column; 7] = [
        ("ITEM", |row| {
            format!("{}/{}", text(&row["group"]), text(&row["key"]))
        }),
        ("RELEASE", |row| text(&row["release"])),
        ("GRAY", |row| text(&row["gray"]["release"])),
        ("FORMAT", |row| text(&row["format"])),
        ("BYTES", |row| text(&row["size"])),
        ("SECRET", |row| {
            (if row["secret"] == true { "yes" } else { "" }).to_owned()
        }),
        ("FOUND", |row| match row["matched"]["line"].as_u64() {
            Some(line) => format!("{line}: {}", text(&row["matched"]["text"])),
            None => String::new(),
        }),
    ];
    print(args.output, &items, |items| table(items, &columns))
}

async fn history(args: ItemArgs, limit: u32) -> Done {
    let client = Client::new(&args.client)?;
    let route =
        route(&args.item, &["releases"], &args.client.namespace).with("limit", limit.to_string());
    let answer = client.call(Method::GET, &route, None).await?;
    let columns: [Column; 7] = [
        ("RELEASE", |row| text(&row["release"])),
        ("STAGE", |row| {
            let stage = match (row["in_use"] == true, row["removed"] == true) {
                (true, _) => "in use".to_owned(),
                (_, true) => "removed".to_owned(),
                _ => text(&row["stage"]),
            };
            match row["restores"].as_u64() {
                Some(number) => format!("{stage}, back to {number}"),
                None => stage,
            }
        }),
        ("AT", |row| text(&row["at"])),
        ("BY", |row| text(&row["by"])),
        ("AUTHOR", |row| text(&row["author"])),
        ("BYTES", |row| text(&row["size"])),
        ("COMMENT", |row| {
            let aborted = text(&row["aborted"]);
            if aborted.is_empty() {
                text(&row["comment"])
            } else {
                aborted
            }
        }),
    ];
    print(args.client.output, &answer["releases"], |releases| {
        table(releases, &columns)
    })
}

async fn diff(args: ItemArgs, from: Option<u64>, to: Option<u64>) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &["diff"], &args.client.namespace)
        .with_some("from", from)
        .with_some("to", to);
    let answer = client.call(Method::GET, &route, None).await?;
    if args.client.output == Output::Json {
        return output::line(answer);
    }
    output::bytes(text(&answer["unified"]).as_bytes())
}

async fn rollback(args: ItemArgs, to: Option<u64>, change: ChangeArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &["rollback"], &args.client.namespace);
    let mut body = json!({ "comment": change.comment });
    if let Some(to) = to {
        body["to"] = to.into();
    }
    let answer = client
        .call_if(Method::POST, &route, change.if_match, Some(&body))
        .await?;
    print(args.client.output, &answer, |answer| {
        released(&args.item, answer)
    })
}

async fn gray(args: GrayArgs) -> Done {
    let client = Client::new(&args.item.client)?;
    let item = &args.item.item;
    let route = route(item, &["gray"], &args.item.client.namespace);
    let condition = args.change.if_match;
    let answer = if args.abort {
        let route = route.with("comment", &args.change.comment);
        client
            .call_if(Method::DELETE, &route, condition, None)
            .await?
    } else {
        let body = gray_request(&args)?;
        client
            .call_if(Method::POST, &route, condition, Some(&body))
            .await?
    };
    print(args.item.client.output, &answer, |answer| {
        let release = &answer["release"];
        if args.abort {
            format!("release {release} of {item} is taken back")
        } else if args.promote {
            format!("everybody has release {release} of {item}")
        } else {
            format!(
                "release {release} of {item} is on trial, revision {}",
                answer["revision"]
            )
        }
    })
}

fn gray_request(args: &GrayArgs) -> Result<Value, crate::exit::Failure> {
    let mut body = json!({ "comment": args.change.comment });
    if args.promote {
        body["promote"] = true.into();
        return Ok(body);
    }
    if let Some(file) = &args.file {
        body["content"] = input::text(file)?.into();
    }
    let labels: Map<String, Value> = args
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut audience = json!({
        "labels": labels, "zones": args.zones, "addresses": args.addresses, "instances": args.instances,
    });
    if let Some(percent) = args.percent {
        audience["percent"] = percent.into();
    }
    body["audience"] = audience;
    Ok(body)
}

async fn approve(args: ItemArgs, if_match: Option<u64>) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &["draft", "approve"], &args.client.namespace);
    let answer = client.call_if(Method::POST, &route, if_match, None).await?;
    print(args.client.output, &answer, |answer| {
        released(&args.item, answer)
    })
}

async fn who(args: ItemArgs) -> Done {
    let client = Client::new(&args.client)?;
    let route = route(&args.item, &["subscribers"], &args.client.namespace);
    let answer = client.call(Method::GET, &route, None).await?;
    let columns: [Column; 7] = [
        ("SESSION", |row| {
            row["session"].as_str().unwrap_or("-").to_owned()
        }),
        ("INSTANCES", |row| text(&row["instances"])),
        ("ADDRESS", |row| text(&row["address"])),
        ("WANTED", |row| text(&row["wanted"])),
        ("SENT", |row| text(&row["sent"])),
        ("ACKNOWLEDGED", |row| text(&row["acknowledged"]["release"])),
        ("ERROR", |row| text(&row["acknowledged"]["error"])),
    ];
    print(args.client.output, &answer, |answer| {
        table(&answer["subscribers"], &columns)
    })
}

async fn effective(groups: Vec<String>, args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let mut route = Route::of(&["configs", "effective"]).with("namespace", &args.namespace);
    for group in &groups {
        route = route.with("group", group);
    }
    let answer = client.call(Method::GET, &route, None).await?;
    let columns: [Column; 4] = [
        ("KEY", |row| text(&row["key"])),
        ("GROUP", |row| text(&row["group"])),
        ("RELEASE", |row| text(&row["release"])),
        ("OVERRIDES", |row| {
            let hidden = row["overrides"].as_array().into_iter().flatten();
            hidden
                .map(|hidden| text(&hidden["group"]))
                .collect::<Vec<_>>()
                .join(",")
        }),
    ];
    print(args.output, &answer, |answer| {
        table(&answer["configs"], &columns)
    })
}

async fn clone(to: String, group: Option<String>, overwrite: bool, args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let route = Route::of(&["configs", "clone"]).with("namespace", &args.namespace);
    let mut body = json!({ "to": to, "overwrite": overwrite });
    if let Some(group) = group {
        body["group"] = group.into();
    }
    let answer = client.call(Method::POST, &route, Some(&body)).await?;
    print(args.output, &answer, |answer| {
        let count = |name: &str| answer[name].as_array().map_or(0, Vec::len);
        format!(
            "{} copied to {to}, {} were there already",
            count("copied"),
            count("passed_over")
        )
    })
}
