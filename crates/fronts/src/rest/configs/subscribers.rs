//! Who has which release.

use paste_api::{AckRequest, Applied, Code, SubscriberList};
use paste_engine::ConfigAck;
use paste_model::{ConfigGroup, ConfigKey, ConfigName, Namespace, ReleaseNumber, SessionId};

use super::shown;
use crate::rest::answer::{self, Answered};
use crate::rest::call::Call;
use crate::rest::failure::Failure;

/// Most acknowledgements in one request.
const ACKS_MAX: usize = 1_000;

/// Lists subscribers.
#[utoipa::path(
    get,
    path = "/api/v1/configs/{group}/{key}/subscribers",
    operation_id = "listSubscribers",
    tag = "configure",
    summary = "Who has which release, and who could not apply it",
    description = "Those who follow the item over a stream of this node, and those who acknowledged it to this node within the \
        last hour.",
    params(
        ("group" = String, Path, description = "The group"),
        ("key" = String, Path, description = "The key"),
        ("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise"),
    ),
    responses(
        (status = 200, description = "The subscribers", body = SubscriberList),
        (status = 404, description = "`unknown-config`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) fn list(mut call: Call, group: &str, key: &str) -> Answered {
    let key = call.config(group, key)?;
    call.finish_query()?;
    let engine = call.engine();
    let subscribers = engine.config_subscribers(&call.caller, &key)?;
    let item = engine.catalog().config(
        key.namespace.as_str(),
        key.group.as_str(),
        key.name.as_str(),
    );
    answer::ok(&SubscriberList {
        namespace: key.namespace.to_string(),
        group: key.group.to_string(),
        key: key.name.to_string(),
        node: engine.node().to_string(),
        release: item
            .and_then(|item| item.item.released)
            .map(|number| number.0),
        subscribers: subscribers.into_iter().map(shown::subscriber).collect(),
    })
}

/// Takes acknowledgements.
#[utoipa::path(
    post,
    path = "/api/v1/configs/acks",
    operation_id = "ackConfigs",
    tag = "configure",
    summary = "Say what a process has applied, or why it couldn't",
    params(("namespace" = Option<String>, Query, description = "The namespace; `default` unless it says otherwise")),
    request_body(content = AckRequest, content_type = "application/json"),
    responses(
        (status = 200, description = "It is noted", body = Applied),
        (status = 404, description = "`unknown-config`", body = paste_api::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::rest) async fn acks(mut call: Call) -> Answered {
    let namespace = call.query.namespace()?;
    call.finish_query()?;
    call.unconditional()?;
    let asked = call.json::<AckRequest>().await?;
    if asked.acks.is_empty() || asked.acks.len() > ACKS_MAX {
        let detail = format!("has {} entries; it needs 1 to {ACKS_MAX}", asked.acks.len());
        return Err(Failure::of_field(Code::InvalidField, "acks", detail));
    }
    let session = SessionId::new(&asked.session);
    let session =
        session.map_err(|error| Failure::of_field(Code::InvalidField, "session", error))?;
    let acks = asked.acks.into_iter().enumerate();
    let acks: Vec<_> = acks
        .map(|(place, asked)| {
            let read = ack(&namespace, asked);
            read.map_err(|failure| failure.within(&format!("acks[{place}]")))
        })
        .collect::<Result<_, _>>()?;
    let accepted = acks.len();
    call.engine()
        .acknowledge_configs(&call.caller, &session, acks)?;
    answer::ok(&Applied { accepted })
}

fn ack(namespace: &Namespace, asked: paste_api::Ack) -> Result<ConfigAck, Failure> {
    let field =
        |name: &'static str| move |error| Failure::of_field(Code::InvalidField, name, error);
    Ok(ConfigAck {
        key: ConfigKey {
            namespace: namespace.clone(),
            group: ConfigGroup::new(&asked.group).map_err(field("group"))?,
            name: ConfigName::new(&asked.key).map_err(field("key"))?,
        },
        release: ReleaseNumber(asked.release),
        error: asked.error.map(Into::into),
    })
}
