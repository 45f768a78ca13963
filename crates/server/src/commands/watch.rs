//! Following services. The stream is taken up again where it broke off.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, HeaderName, HeaderValue};
use http_body_util::Empty;
use serde_json::{Value, json};

use crate::cli::{Output, WatchArgs};
use crate::client::{Client, Event, Events, Route};
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, text};

/// Pause before the first attempt to take the stream up again; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn watch(args: WatchArgs) -> Done {
    let client = Client::new(&args.client)?;
    let mut route = Route::of(&["watch"]).with("namespace", &args.client.namespace);
    if args.all_services {
        route = route.with("service", "*");
    }
    for service in &args.services {
        route = route.with("service", service);
    }
    route = route.with_some("session", args.session.as_ref());
    let mut last_id = None;
    let mut pause = PAUSE_MIN;
    let mut connected = false;
    loop {
        match open(&client, &route, last_id.as_deref()).await {
            Ok(mut events) => {
                connected = true;
                while let Some(event) = events.next().await {
                    pause = PAUSE_MIN;
                    if !event.data.is_empty() {
                        show(args.client.output, &event)?;
                    }
                    last_id = event.id.or(last_id);
                }
                output::note("the stream ended; taking it up again");
            }
            // What the first attempt can't do, a later one can't either, unless the registry was there before.
            Err(failure) if connected && failure.exit == Exit::Unreachable => {
                output::note(format_args!("{}; trying again", failure.sentence));
            }
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn open(client: &Client, route: &Route, last_id: Option<&str>) -> Result<Events, Failure> {
    let mut request = client.request(Method::GET, route)?;
    let stream = HeaderValue::from_static("text/event-stream");
    request.headers_mut().insert(ACCEPT, stream);
    if let Some(id) = last_id {
        let id = HeaderValue::from_str(id).map_err(|error| {
            Failure::caused(
                Exit::Failed,
                "the registry sent an id that can't be sent back",
                &error,
            )
        })?;
        request.headers_mut().insert(LAST_EVENT_ID, id);
    }
    let answer = client.send(request.map(|()| Empty::<Bytes>::new())).await?;
    Ok(Events::new(answer.into_body()))
}

fn show(output: Output, event: &Event) -> Done {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_else(|_| json!(event.data));
    if output == Output::Json {
        return output::line(json!({ "event": event.kind, "id": event.id, "data": data }));
    }
    let service = text(&data["service"]);
    match event.kind.as_str() {
        "snapshot" => {
            let count = data["instances"].as_array().map_or(0, Vec::len);
            output::line(format_args!(
                "{service}: {count} instances, revision {}",
                data["revision"]
            ))?;
            changes(&service, "has", &data["instances"])
        }
        "delta" => {
            changes(&service, "now", &data["upserted"])?;
            for id in data["removed"].as_array().into_iter().flatten() {
                output::line(format_args!("{service}: gone {}", text(id)))?;
            }
            Ok(())
        }
        kind => output::line(format_args!("{kind}: {data}")),
    }
}

fn changes(service: &str, word: &str, instances: &Value) -> Done {
    for instance in instances.as_array().into_iter().flatten() {
        output::line(format_args!(
            "{service}: {word} {} {}:{} {} {} {}",
            text(&instance["id"]),
            text(&instance["address"]),
            text(&instance["port"]),
            text(&instance["status"]),
            text(&instance["health"]),
            text(&instance["version"]),
        ))?;
    }
    Ok(())
}
