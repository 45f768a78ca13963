//! What administrators do: overrides, tokens, namespaces, and a look at how the registry is.

use std::time::Duration;

use http::Method;
use paste_engine::{Clock, SystemClock};
use paste_model::Timestamp;
use serde_json::{Value, json};

use crate::cli::{ClientArgs, InstanceArgs, NamespaceCommand, OverrideCommand, TokenCommand};
use crate::client::{Client, Route};
use crate::exit::Done;
use crate::output::{Column, print, table, text};

use super::cluster::trouble;

pub(super) async fn overrides(command: OverrideCommand) -> Done {
    let route = |args: &InstanceArgs| {
        Route::of(&["services", &args.service, "instances", &args.id, "override"])
            .with("namespace", &args.client.namespace)
    };
    match command {
        OverrideCommand::Set {
            instance,
            status,
            reason,
        } => {
            let client = Client::new(&instance.client)?;
            let body = json!({ "status": status, "reason": reason });
            let answer = client
                .call_if(
                    Method::PUT,
                    &route(&instance),
                    instance.if_match,
                    Some(&body),
                )
                .await?;
            print(instance.client.output, &answer, |_| {
                format!(
                    "{} of {} is {status} until the override is cleared",
                    instance.id, instance.service
                )
            })
        }
        OverrideCommand::Clear(instance) => {
            let client = Client::new(&instance.client)?;
            let answer = client
                .call_if(Method::DELETE, &route(&instance), instance.if_match, None)
                .await?;
            print(instance.client.output, &answer, |_| {
                format!(
                    "{} of {} has its own status again",
                    instance.id, instance.service
                )
            })
        }
        OverrideCommand::List {
            service,
            client: args,
        } => {
            let route =
                Route::of(&["services", &service, "overrides"]).with("namespace", &args.namespace);
            let answer = Client::new(&args)?.call(Method::GET, &route, None).await?;
            print(args.output, &answer, |answer| {
                table(&answer["overrides"], &override_columns())
            })
        }
    }
}

/// How an override is shown.
fn override_columns() -> [Column; 6] {
    [
        ("INSTANCE", |row| text(&row["id"])),
        ("STATUS", |row| text(&row["status"])),
        ("REGISTERED", |row| {
            let registered = row["registered"] == true;
            (if registered { "yes" } else { "no" }).to_owned()
        }),
        ("BY", |row| text(&row["by"])),
        ("AT", |row| text(&row["at"])),
        ("REASON", |row| text(&row["reason"])),
    ]
}

pub(super) async fn status(args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let answer = client
        .call(Method::GET, &Route::of(&["status"]), None)
        .await?;
    print(args.output, &answer, |answer| {
        let mut lines = vec![
            format!(
                "node       {}, version {}",
                text(&answer["node"]),
                text(&answer["version"])
            ),
            format!(
                "revision   {} of epoch {}",
                answer["revision"],
                text(&answer["epoch"])
            ),
            format!(
                "knows      {} services, {} instances, {} sessions, {} subscribers",
                answer["counts"]["services"],
                answer["counts"]["instances"],
                answer["counts"]["sessions"],
                answer["counts"]["subscribers"],
            ),
            format!(
                "store      {}, {} bytes on disk",
                text(&answer["store"]["backend"]),
                answer["store"]["disk_bytes"]
            ),
        ];
        if let Some(failed) = answer["store"]["failed"].as_str() {
            lines.push(format!("           refuses writes: {failed}"));
        }
        lines.extend(trouble(answer));
        if answer["draining"] == true {
            lines.push("draining   it is shutting down".to_owned());
        }
        for hold in answer["holds"].as_array().into_iter().flatten() {
            lines.push(format!("held       {}", text(hold)));
        }
        lines.join("\n")
    })
}

pub(super) async fn token(command: TokenCommand) -> Done {
    match command {
        TokenCommand::Create {
            id,
            grants,
            expires_in,
            client: args,
        } => {
            let client = Client::new(&args)?;
            let mut body = json!({ "grants": grants });
            if let Some(length) = expires_in {
                body["expires"] = expiry(length).into();
            }
            let answer = client
                .call(Method::PUT, &Route::of(&["tokens", &id]), Some(&body))
                .await?;
            // The secret alone, so that it can be put into a variable or a file.
            print(args.output, &answer, |answer| text(&answer["secret"]))
        }
        TokenCommand::List(args) => {
            let client = Client::new(&args)?;
            let answer = client
                .call(Method::GET, &Route::of(&["tokens"]), None)
                .await?;
            print(args.output, &answer, |answer| {
                let columns: [Column; 5] = [
                    ("NAME", |row| text(&row["name"])),
                    ("GRANTS", |row| {
                        let grants = row["grants"].as_array();
                        grants
                            .into_iter()
                            .flatten()
                            .map(grant)
                            .collect::<Vec<_>>()
                            .join(" ")
                    }),
                    ("CREATED", |row| text(&row["created"])),
                    ("EXPIRES", |row| text(&row["expires"])),
                    ("BY", |row| text(&row["by"])),
                ];
                table(&answer["tokens"], &columns)
            })
        }
        TokenCommand::Delete { id, client: args } => {
            let client = Client::new(&args)?;
            let route = Route::of(&["tokens", &id]);
            let answer = client.call(Method::DELETE, &route, None).await?;
            print(args.output, &answer, |_| format!("token {id} is deleted"))
        }
    }
}

pub(super) async fn namespace(command: NamespaceCommand) -> Done {
    match command {
        NamespaceCommand::Create {
            name,
            description,
            client: args,
        } => {
            let client = Client::new(&args)?;
            let body = json!({ "description": description });
            let route = Route::of(&["namespaces", &name]);
            let answer = client.call(Method::PUT, &route, Some(&body)).await?;
            print(args.output, &answer, |_| {
                format!("namespace {name} is there")
            })
        }
        NamespaceCommand::List(args) => {
            let client = Client::new(&args)?;
            let answer = client
                .call(Method::GET, &Route::of(&["namespaces"]), None)
                .await?;
            print(args.output, &answer, |answer| {
                let columns: [Column; 2] = [
                    ("NAME", |row| text(&row["name"])),
                    ("DESCRIPTION", |row| text(&row["description"])),
                ];
                table(&answer["namespaces"], &columns)
            })
        }
        NamespaceCommand::Delete { name, client: args } => {
            let client = Client::new(&args)?;
            let route = Route::of(&["namespaces", &name]);
            let answer = client.call(Method::DELETE, &route, None).await?;
            print(args.output, &answer, |_| {
                format!("namespace {name} is deleted")
            })
        }
    }
}

/// A grant as `--grant` takes it.
fn grant(grant: &Value) -> String {
    let part = |name: &str| grant[name].as_str();
    let services = match (part("service"), part("prefix"), part("configs")) {
        (Some(service), ..) => format!(":{service}"),
        (None, Some(prefix), _) => format!(":{prefix}*"),
        (None, None, Some(configs)) => format!(":{configs}*"),
        (None, None, None) => String::new(),
    };
    let namespace = match grant["namespace"].as_str() {
        Some(namespace) => format!(":{namespace}"),
        None if services.is_empty() => String::new(),
        None => ":*".to_owned(),
    };
    format!("{}{namespace}{services}", text(&grant["role"]))
}

/// When a token ends that is good for `length`: at the end of time, where that is later.
fn expiry(length: Duration) -> String {
    let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let end = SystemClock.wall().0.saturating_add(length);
    paste_api::Time::from(Timestamp(end)).to_string()
}
