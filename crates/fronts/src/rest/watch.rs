//! Watching: one stream for up to a hundred subscriptions.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use paste_api::{Code, WatchRequest};
use paste_catalog::Topic;
use paste_engine::{Caller, EngineError};
use paste_model::limits::SUBSCRIPTIONS_MAX;
use paste_model::{Namespace, Position, Role, ServiceKey, ServiceName, SessionId};

use super::answer::Answered;
use super::call::Call;
use super::failure::Failure;
use super::frame;
use super::stream::{WatchStream, Watcher};
use super::waiting;
use crate::Body;

/// Watchers that lose their stream together come back spread over this time, in milliseconds.
const RETRY_MS: std::ops::Range<u64> = 1_000..4_000;

/// Watches services.
#[utoipa::path(
    get,
    path = "/api/v1/watch",
    operation_id = "watch",
    tag = "discover",
    summary = "Watch services as server-sent events",
    description = "`snapshot` events (an InstanceList with everyone registered) once for each service, then `delta` \
        events; with `*` a service that begins later begins with a `snapshot`, too, and one that is forgotten is not \
        told of. A `snapshot` replaces all that was known of its service. `reset` when the history is another one: forget \
        everything, snapshots follow; `load` where asked for. `id:` is the point up to which nothing is owed to this \
        stream; send it as `Last-Event-ID` to go on from there, at any node of a cluster: one that hasn't come so far yet \
        answers once it has, or after 5 s with a `reset`. The stream ends once its token is gone, has expired, or no longer \
        allows what is watched: within 15 s.",
    params(
        ("service" = Vec<String>, Query, description = "Names of services, or `*` for all of the namespace; at most 100", max_items = 100),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("config" = Option<Vec<String>>, Query, description = "Not supported by this version"),
        ("session" = Option<String>, Query, description = "The session that this stream speaks for: its closing makes the session suspect, unless the registry closed it (when it stops, or when the watcher doesn't read)"),
        ("load" = Option<bool>, Query, description = "Whether `load` events are wanted"),
        ("last_event_id" = Option<String>, Query, description = "Where to go on, for those who can't send the header"),
        ("Last-Event-ID" = Option<String>, Header, description = "Where to go on: the last `id:` seen"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 404, description = "`not-registered`: the session is unknown", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(mut call: Call) -> Answered {
    let request = WatchRequest {
        services: call.query.all("service"),
        configs: call.query.all("config"),
        session: call.query.one("session")?,
        load: call.query.flag("load")?,
        last_event_id: call.query.one("last_event_id")?,
    };
    watch(call, &request, Code::InvalidQuery, ["service", "config"]).await
}

/// Watches services, named in a body.
#[utoipa::path(
    post,
    path = "/api/v1/watch",
    operation_id = "watchByBody",
    tag = "discover",
    summary = "The same, with the subscriptions in the body",
    params(
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("Last-Event-ID" = Option<String>, Header, description = "Where to go on: the last `id:` seen"),
    ),
    request_body(content = WatchRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 404, description = "`not-registered`: the session is unknown", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn post(mut call: Call) -> Answered {
    let request = call.json::<WatchRequest>().await?;
    watch(call, &request, Code::InvalidField, ["services", "configs"]).await
}

/// `code` and `fields` are how the request would have to be mended: in its query or in its body.
async fn watch(
    mut call: Call,
    request: &WatchRequest,
    code: Code,
    [services, configs]: [&'static str; 2],
) -> Answered {
    let namespace = call.query.namespace()?;
    call.finish_query()?;
    if !request.configs.is_empty() {
        return Err(Failure::of_field(
            Code::NotSupportedYet,
            configs,
            "this version has no configuration to watch",
        ));
    }
    let topics = topics(&request.services, &namespace, code, services)?;
    may_watch(&call.caller, &topics)?;
    let from = resumption(&call, request.last_event_id.as_deref(), code)?;
    let session = request
        .session
        .as_deref()
        .map(|session| {
            let invalid = |error| Failure::of_field(code, "session", error);
            let session = SessionId::new(session).map_err(invalid)?;
            Ok::<_, Failure>(session)
        })
        .transpose()?;
    if call.head_only() {
        return Ok(headed(Body::Empty));
    }
    if let Some(from) = from.filter(|from| from.epoch == call.engine().catalog().position().epoch) {
        // Another node was ahead of this one when the stream broke off there.
        waiting::catch_up(&call.rest, from.revision).await;
    }
    let guard = session
        .map(|session| call.engine().open_stream(&call.caller, &session))
        .transpose()?;
    let subscription = call.engine().catalog().subscribe(topics.clone(), from);
    let watcher = Watcher {
        caller: call.caller,
        topics,
        loads: request.load,
        session: guard,
    };
    let retry = frame::retry(rand::random_range(RETRY_MS));
    let stream = WatchStream::new(call.rest, subscription, watcher, retry);
    let note = stream.cut_off_note();
    let mut response = headed(Body::stream(stream));
    response.extensions_mut().insert(note);
    Ok(response)
}

/// Refuses unless the caller may read all that is watched.
pub(super) fn may_watch(caller: &Caller, topics: &[Topic]) -> Result<(), EngineError> {
    topics.iter().try_for_each(|topic| match topic {
        Topic::Service(key) => caller.require(Role::Read, key),
        Topic::Namespace(namespace) => caller.require_all(Role::Read, namespace),
    })
}

fn headed(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some proxies would hold events back until a buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn topics(
    names: &[String],
    namespace: &Namespace,
    code: Code,
    field: &'static str,
) -> Result<Vec<Topic>, Failure> {
    if names.is_empty() {
        let code = if code == Code::InvalidField {
            Code::MissingField
        } else {
            code
        };
        return Err(Failure::of_field(
            code,
            field,
            "name at least one service, or *",
        ));
    }
    if names.len() > SUBSCRIPTIONS_MAX {
        let detail = format!(
            "{} services are named; the limit of one stream (subscriptions_max) is \
             {SUBSCRIPTIONS_MAX}: use * for all, or several streams",
            names.len()
        );
        return Err(Failure::of_field(Code::TooManySubscriptions, field, detail));
    }
    if names.iter().any(|name| name == "*") {
        return Ok(vec![Topic::Namespace(namespace.clone())]);
    }
    let mut topics = Vec::with_capacity(names.len());
    for name in names {
        let name = ServiceName::new(name).map_err(|error| Failure::of_field(code, field, error))?;
        let topic = Topic::Service(ServiceKey {
            namespace: namespace.clone(),
            name,
        });
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    Ok(topics)
}

/// Where the client wants to go on.
fn resumption(call: &Call, named: Option<&str>, code: Code) -> Result<Option<Position>, Failure> {
    let header = call
        .headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or("?"));
    let (text, code, field) = match (header.filter(|text| !text.is_empty()), named) {
        (Some(text), _) => (text, Code::InvalidHeader, "Last-Event-ID"),
        (None, Some(text)) => (text, code, "last_event_id"),
        (None, None) => return Ok(None),
    };
    text.parse()
        .map(Some)
        .map_err(|error| Failure::of_field(code, field, error))
}
