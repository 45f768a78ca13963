//! What the registry's stream tells: its events, read. What this version doesn't know is passed over.

use std::sync::Arc;

use paste_model::{InstanceId, Member, Policy};
use serde::{Deserialize, Deserializer};

use crate::error::BoxError;
use crate::instance::member;
use crate::policy;
use crate::sse::Frame;

/// One event.
#[derive(Debug)]
pub(crate) enum Event {
    Snapshot(Snapshot),
    Delta(Delta),
    Config(ConfigEvent),
    /// Another history holds; its epoch.
    Reset(String),
}

/// All of a service.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) service: String,
    pub(crate) revision: u64,
    pub(crate) protected: bool,
    pub(crate) policy: Option<Arc<Policy>>,
    pub(crate) members: Vec<Arc<Member>>,
}

/// What changed in a service.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) service: String,
    pub(crate) revision: u64,
    pub(crate) protected: bool,
    /// There only when it changed; then nothing says that there is none any more.
    pub(crate) policy: Option<Option<Arc<Policy>>>,
    pub(crate) upserted: Vec<Arc<Member>>,
    pub(crate) removed: Vec<InstanceId>,
}

/// What is to be had of a configuration item.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ConfigEvent {
    pub(crate) group: String,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) release: u64,
    #[serde(default)]
    pub(crate) format: Option<paste_api::ConfigFormat>,
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) secret: bool,
    #[serde(default)]
    pub(crate) removed: bool,
    #[serde(default)]
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
struct WireSnapshot {
    service: String,
    revision: u64,
    protected: bool,
    #[serde(default)]
    policy: Option<policy::Wire>,
    instances: Vec<paste_api::Instance>,
}

#[derive(Deserialize)]
struct WireDelta {
    service: String,
    revision: u64,
    protected: bool,
    #[serde(default, deserialize_with = "present")]
    policy: Option<Option<policy::Wire>>,
    upserted: Vec<paste_api::Instance>,
    removed: Vec<String>,
}

/// Tells a null from a key that isn't there.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads an event; `None` if it is none that this version knows.
pub(crate) fn read(frame: &Frame) -> Result<Option<Event>, BoxError> {
    let data = frame.data.as_str();
    Ok(Some(match frame.kind.as_str() {
        "snapshot" => Event::Snapshot(snapshot(serde_json::from_str(data)?)?),
        "delta" => Event::Delta(delta(serde_json::from_str(data)?)?),
        "config" => Event::Config(serde_json::from_str(data)?),
        "reset" => Event::Reset(serde_json::from_str::<paste_api::Reset>(data)?.epoch),
        _ => return Ok(None),
    }))
}

fn snapshot(wire: WireSnapshot) -> Result<Snapshot, BoxError> {
    Ok(Snapshot {
        service: wire.service,
        revision: wire.revision,
        protected: wire.protected,
        policy: wire.policy.map(policy::read).transpose()?,
        members: members(wire.instances)?,
    })
}

fn delta(wire: WireDelta) -> Result<Delta, BoxError> {
    let policy = match wire.policy {
        None => None,
        Some(None) => Some(None),
        Some(Some(changed)) => Some(Some(policy::read(changed)?)),
    };
    let removed = wire.removed.iter().map(|id| InstanceId::new(id));
    Ok(Delta {
        service: wire.service,
        revision: wire.revision,
        protected: wire.protected,
        policy,
        upserted: members(wire.upserted)?,
        removed: removed.collect::<Result<_, _>>()?,
    })
}

pub(crate) fn members(wire: Vec<paste_api::Instance>) -> Result<Vec<Arc<Member>>, BoxError> {
    wire.into_iter().map(member).collect()
}

/// The epoch that an `id:` names.
pub(crate) fn epoch_of(id: &str) -> Option<&str> {
    id.split_once('-')
        .map(|(epoch, _)| epoch)
        .filter(|epoch| !epoch.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, data: &str) -> Frame {
        Frame {
            kind: kind.to_owned(),
            data: data.to_owned(),
            id: None,
        }
    }

    #[test]
    fn a_policy_that_went_is_not_one_that_stayed() {
        let policy = |rest: &str| {
            let data = format!(
                r#"{{"service":"a","revision":1,"protected":false,"upserted":[],"removed":["x"],"later":1{rest}}}"#
            );
            match read(&frame("delta", &data)) {
                Ok(Some(Event::Delta(delta))) => delta.policy,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(policy(""), None);
        assert_eq!(policy(r#","policy":null"#), Some(None));
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_broken_is_an_error() {
        assert!(matches!(read(&frame("load", "{}")), Ok(None)));
        assert!(matches!(read(&frame("tomorrow", "?")), Ok(None)));
        for (kind, data) in [
            ("snapshot", "{}"),
            ("snapshot", "<html>"),
            ("reset", "[]"),
            (
                "snapshot",
                r#"{"service":"a","revision":1,"protected":false,"instances":[{"id":"a"}]}"#,
            ),
        ] {
            assert!(read(&frame(kind, data)).is_err(), "{kind} {data}");
        }
        assert_eq!(epoch_of("0123-9"), Some("0123"));
        assert_eq!(epoch_of("9"), None);
    }
}
