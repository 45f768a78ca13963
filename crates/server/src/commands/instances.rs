//! Registering, taking out and listing instances.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use crate::cli::{InstanceArgs, InstancesArgs, Output, RegisterArgs};
use crate::client::{Client, Route};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Column, print, table, text};

/// Longest time between two heartbeats of `register --hold`, as for all clients.
const HEARTBEAT_INTERVAL_MAX: Duration = Duration::from_secs(5);
/// Heartbeats within one time to live, so that one may be lost.
const HEARTBEATS_PER_TTL: u32 = 3;
/// By how much the time between two heartbeats varies, so that those who began together don't stay in step.
const JITTER: std::ops::Range<f64> = 0.9..1.1;

pub(super) async fn register(args: RegisterArgs) -> Done {
    let client = Client::new(&args.instance.client)?;
    let route = route(&args.instance);
    let body = registration(&args)?;
    let put = || client.call_if(Method::PUT, &route, args.instance.if_match, Some(&body));
    let stored = put().await?;
    print(args.instance.client.output, &stored, |stored| {
        format!(
            "{} of {} is registered, revision {}",
            args.instance.id, args.instance.service, stored["revision"]
        )
    })?;
    if args.hold {
        hold(&args, &client, &body).await?;
    }
    Ok(())
}

/// Heartbeats until interrupted. A registry that forgot the instance gets it again; one that is away is asked again.
async fn hold(args: &RegisterArgs, client: &Client, body: &Value) -> Done {
    let route = route(&args.instance);
    let heartbeat = heartbeat_route(&args.instance);
    let interval = heartbeat_interval(args.ttl);
    let interrupted = crate::drain::interrupted()?;
    tokio::pin!(interrupted);
    if args.instance.client.output == Output::Table {
        output::note("sending heartbeats; interrupt to deregister");
    }
    loop {
        tokio::select! {
            () = &mut interrupted => break,
            () = tokio::time::sleep(interval.mul_f64(rand::random_range(JITTER))) => {}
        }
        let renewed = match client.call(Method::PUT, &heartbeat, None).await {
            Err(failure) if failure.exit == Exit::NotFound => {
                client.call(Method::PUT, &route, Some(body)).await
            }
            renewed => renewed,
        };
        match renewed {
            Ok(_) => {}
            Err(failure) if failure.exit == Exit::Unreachable => {
                output::note(format_args!("{}; trying again", failure.sentence));
            }
            Err(failure) => return Err(failure),
        }
    }
    client.call(Method::DELETE, &route, None).await.map(|_| ())
}

/// The time between two heartbeats, without the jitter.
fn heartbeat_interval(ttl: Option<Duration>) -> Duration {
    let ttl = ttl.unwrap_or(paste_model::limits::TTL_DEFAULT);
    HEARTBEAT_INTERVAL_MAX.min(ttl / HEARTBEATS_PER_TTL)
}

pub(super) async fn deregister(args: InstanceArgs) -> Done {
    let client = Client::new(&args.client)?;
    let answer = client
        .call_if(Method::DELETE, &route(&args), args.if_match, None)
        .await?;
    print(args.client.output, &answer, |_| {
        format!("{} of {} is deregistered", args.id, args.service)
    })
}

pub(super) async fn list(args: InstancesArgs) -> Done {
    let client = Client::new(&args.client)?;
    let mut route = Route::of(&["services", &args.service, "instances"])
        .with("namespace", &args.client.namespace)
        .with_some("version", args.range.as_ref())
        .with_some("zone", args.zone.as_ref())
        .with_some("region", args.region.as_ref())
        .with_some("status", args.status.as_ref())
        .with_some("limit", args.limit);
    if args.all {
        route = route.with("all", "true");
    }
    for tag in &args.tags {
        route = route.with("tag", tag);
    }
    for (key, value) in &args.metadata {
        route = route.with(&format!("meta.{key}"), value);
    }
    let answer = client.call(Method::GET, &route, None).await?;
    print(args.client.output, &answer, |answer| {
        let mut lines = table(&answer["instances"], &columns());
        if answer["protected"] == true {
            lines.push_str("\nprotected: too few are healthy, so failing ones are offered too");
        }
        lines
    })
}

/// How an instance is shown.
pub(super) fn columns() -> [Column; 7] {
    [
        ("ID", |row| text(&row["id"])),
        ("ADDRESS", |row| {
            let (address, port) = (text(&row["address"]), text(&row["port"]));
            if address.contains(':') {
                format!("[{address}]:{port}")
            } else {
                format!("{address}:{port}")
            }
        }),
        ("VERSION", |row| text(&row["version"])),
        ("ZONE", |row| text(&row["zone"])),
        ("STATUS", |row| text(&row["status"])),
        ("HEALTH", |row| text(&row["health"])),
        ("TAGS", |row| text(&row["tags"])),
    ]
}

fn route(args: &InstanceArgs) -> Route {
    Route::of(&["services", &args.service, "instances", &args.id])
        .with("namespace", &args.client.namespace)
}

fn heartbeat_route(args: &InstanceArgs) -> Route {
    Route::of(&[
        "services",
        &args.service,
        "instances",
        &args.id,
        "heartbeat",
    ])
    .with("namespace", &args.client.namespace)
}

fn registration(args: &RegisterArgs) -> Result<Value, Failure> {
    let mut body = Map::new();
    body.insert("address".to_owned(), json!(args.address));
    body.insert("port".to_owned(), json!(args.port));
    let optional = [
        ("protocol", args.protocol.as_ref().map(|it| json!(it))),
        ("version", args.version.as_ref().map(|it| json!(it))),
        ("weight", args.weight.map(|it| json!(it))),
        ("region", args.region.as_ref().map(|it| json!(it))),
        ("zone", args.zone.as_ref().map(|it| json!(it))),
        ("status", args.status.as_ref().map(|it| json!(it))),
        ("session", args.session.as_ref().map(|it| json!(it))),
        ("ttl", args.ttl.map(|it| json!(paste_api::Duration(it)))),
        ("ephemeral", args.persistent.then_some(json!(false))),
        ("tags", (!args.tags.is_empty()).then(|| json!(args.tags))),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    }
    if !args.metadata.is_empty() {
        let metadata: Map<_, _> = args
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), json!(value)))
            .collect();
        body.insert("metadata".to_owned(), metadata.into());
    }
    if !args.checks.is_empty() {
        let checks: Result<Vec<_>, _> = args.checks.iter().map(|check| probe(check)).collect();
        body.insert("checks".to_owned(), checks?.into());
    }
    Ok(body.into())
}

fn probe(text: &str) -> Result<Value, Failure> {
    match text.split_once(':') {
        None if text == "tcp" || text == "grpc" => Ok(json!({ "type": text })),
        None if text == "http" => Ok(json!({ "type": "http", "path": "/" })),
        Some(("http", path)) if path.starts_with('/') => {
            Ok(json!({ "type": "http", "path": path }))
        }
        _ => Err(Failure::new(
            Exit::Usage,
            format!("'{text}' is not a check: http:/path, tcp or grpc"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_life_is_renewed_more_often() {
        let seconds = Duration::from_secs;
        assert_eq!(heartbeat_interval(None), seconds(5));
        assert_eq!(heartbeat_interval(Some(seconds(3))), seconds(1));
        assert_eq!(heartbeat_interval(Some(seconds(600))), seconds(5));
    }
}
