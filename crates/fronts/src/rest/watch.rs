//! Watching: one stream for up to a hundred subscriptions.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use paste_api::{Code, WatchRequest};
use paste_catalog::{ConfigTopic, Topic};
use paste_engine::{Caller, EngineError, Following, StreamGuard};
use paste_model::limits::SUBSCRIPTIONS_MAX;
use paste_model::{
    ConfigGroup, ConfigKey, ConfigName, Namespace, Position, Receiver, Role, ServiceKey,
    ServiceName, SessionId,
};

use super::answer::Answered;
use super::call::Call;
use super::configs::feed::Feed;
use super::failure::Failure;
use super::frame;
use super::stream::{WatchStream, Watcher};
use super::{configs, waiting};
use crate::Body;

/// Watchers that lose their stream together come back spread over this time, in milliseconds.
const RETRY_MS: std::ops::Range<u64> = 1_000..4_000;

/// Watches services.
#[utoipa::path(
    get,
    path = "/api/v1/watch",
    operation_id = "watch",
    tag = "discover",
    summary = "Watch services and configuration as server-sent events",
    description = "`snapshot` events (an InstanceList with everyone registered) once for each service, then `delta` \
        events; `config` events (a ConfigChanged: what the reader is to have) once for each configuration item, and \
        whenever that changes; with `*` a service that begins later begins with a `snapshot`, too, and one that is forgotten is not \
        told of. A `snapshot` replaces all that was known of its service. `reset` when the history is another one: forget \
        everything, snapshots follow; `load` where asked for. `id:` is the point up to which nothing is owed to this \
        stream; send it as `Last-Event-ID` to go on from there, at any node of a cluster: one that hasn't come so far yet \
        answers once it has, or after 5 s with a `reset`. The stream ends once its token is gone, has expired, or no longer \
        allows what is watched: within 15 s.",
    params(
        ("service" = Vec<String>, Query, description = "Names of services, or `*` for all of the namespace; at most 100", max_items = 100),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
        ("config" = Option<Vec<String>>, Query, description = "Configuration items as `group/key`, or `group/*` for all of a group"),
        ("zone" = Option<String>, Query, description = "The zone that the stream is read in, for gray releases"),
        ("label" = Option<String>, Query, description = "`label.NAME=VALUE`: what the reader says of itself, for gray releases"),
        ("session" = Option<String>, Query, description = "The session that this stream speaks for: its closing makes the session suspect, unless the registry closed it (when it stops, or when the watcher doesn't read)"),
        ("load" = Option<bool>, Query, description = "Whether `load` events are wanted"),
        ("last_event_id" = Option<String>, Query, description = "Where to go on, for those who can't send the header"),
        ("Last-Event-ID" = Option<String>, Header, description = "Where to go on: the last `id:` seen"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 404, description = "`not-registered`: the session is unknown, and no configuration is followed", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(mut call: Call) -> Answered {
    let request = WatchRequest {
        services: call.query.all("service"),
        configs: call.query.all("config"),
        zone: call.query.one("zone")?,
        labels: call.query.prefixed("label.").into_iter().collect(),
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
        (status = 404, description = "`not-registered`: the session is unknown, and no configuration is followed", body = paste_api::Problem, content_type = "application/problem+json"),
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
    let configs = config_topics(&request.configs, &namespace, code, configs)?;
    let services = topics(&request.services, &namespace, code, services, configs.len())?;
    may_watch(&call.caller, &services)?;
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
    let session_id = session.clone();
    let guard = match session {
        Some(session) => speak_for(&call, &session, !configs.is_empty())?,
        None => None,
    };
    let following = follow(&call, request, session_id, configs.clone(), code)?;
    let subscription = call.engine().catalog().subscribe(services.clone(), from);
    let resumed = from.filter(|from| from.epoch == subscription.settled().epoch);
    let feed = following.map(|following| {
        let from = resumed.map(|from| from.revision);
        Feed::new(
            call.rest.clone(),
            call.caller.clone(),
            following,
            configs,
            from,
        )
    });
    let watcher = Watcher {
        caller: call.caller,
        topics: services,
        feed,
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

/// Has the stream speak for a session. Who follows configuration may be unknown: its session is only what it is called
/// then, so that what is configured can be read before a service registers, or where nothing ever does.
fn speak_for(
    call: &Call,
    session: &SessionId,
    reads_configs: bool,
) -> Result<Option<StreamGuard>, Failure> {
    match call.engine().open_stream(&call.caller, session) {
        Err(EngineError::NotRegistered { .. }) if reads_configs => Ok(None),
        opened => Ok(opened.map(Some)?),
    }
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

/// The services that are asked for, `configs` items beside them.
fn topics(
    names: &[String],
    namespace: &Namespace,
    code: Code,
    field: &'static str,
    configs: usize,
) -> Result<Vec<Topic>, Failure> {
    if names.is_empty() && configs == 0 {
        let code = if code == Code::InvalidField {
            Code::MissingField
        } else {
            code
        };
        return Err(Failure::of_field(
            code,
            field,
            "name at least one service, or *, or a configuration item",
        ));
    }
    few_enough(names.len() + configs, field)?;
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

fn few_enough(count: usize, field: &'static str) -> Result<(), Failure> {
    if count > SUBSCRIPTIONS_MAX {
        let detail = format!(
            "{count} are named; the limit of one stream (subscriptions_max) is \
             {SUBSCRIPTIONS_MAX}: use * for all, or several streams"
        );
        return Err(Failure::of_field(Code::TooManySubscriptions, field, detail));
    }
    Ok(())
}

/// The configuration items that are asked for, as `group/key` or `group/*`.
fn config_topics(
    names: &[String],
    namespace: &Namespace,
    code: Code,
    field: &'static str,
) -> Result<Vec<ConfigTopic>, Failure> {
    few_enough(names.len(), field)?;
    let mut topics = Vec::with_capacity(names.len());
    for name in names {
        let refuse = |error: String| Failure::of_field(code, field, error);
        let (group, key) = name
            .split_once('/')
            .ok_or_else(|| refuse("must be group/key, or group/*".to_owned()))?;
        let group = ConfigGroup::new(group).map_err(|error| refuse(error.to_string()))?;
        let topic = if key == "*" {
            ConfigTopic::Group(namespace.clone(), group)
        } else {
            ConfigTopic::Item(ConfigKey {
                namespace: namespace.clone(),
                group,
                name: ConfigName::new(key).map_err(|error| refuse(error.to_string()))?,
            })
        };
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    Ok(topics)
}

/// Follows configuration, if any is asked for.
fn follow(
    call: &Call,
    request: &WatchRequest,
    session: Option<SessionId>,
    topics: Vec<ConfigTopic>,
    code: Code,
) -> Result<Option<Following>, Failure> {
    if topics.is_empty() {
        return Ok(None);
    }
    let pairs = request.labels.0.clone().into_iter().collect();
    let labels = configs::labels(pairs, |detail| Failure::of_field(code, "labels", detail))?;
    let receiver = Receiver {
        session,
        zones: request.zone.iter().map(Into::into).collect(),
        labels,
        addresses: vec![call.address()],
        instances: Vec::new(),
    };
    Ok(Some(call.engine().follow_configs(
        &call.caller,
        topics,
        receiver,
    )?))
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
