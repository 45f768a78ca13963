//! What the registry's stream tells: its events, read. What this version doesn't know is passed over.

use std::sync::Arc;

use paste_model::{InstanceId, Member, Policy};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

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
    /// Not there where it can't be read: then the one before stays. Nothing within says that there is none.
    pub(crate) policy: Option<Option<Arc<Policy>>>,
    pub(crate) members: Vec<Arc<Member>>,
}

/// What changed in a service.
#[derive(Debug)]
pub(crate) struct Delta {
    pub(crate) service: String,
    pub(crate) revision: u64,
    pub(crate) protected: bool,
    /// There only when it changed and can be read; nothing within says that there is none any more.
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
struct WireSnapshot<'a> {
    service: String,
    revision: u64,
    protected: bool,
    #[serde(default, borrow)]
    policy: Option<&'a RawValue>,
    #[serde(borrow)]
    instances: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireDelta<'a> {
    service: String,
    revision: u64,
    protected: bool,
    #[serde(default, borrow, deserialize_with = "present")]
    policy: Option<Option<&'a RawValue>>,
    #[serde(borrow)]
    upserted: Vec<&'a RawValue>,
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
        "snapshot" => Event::Snapshot(snapshot(serde_json::from_str(data)?)),
        "delta" => Event::Delta(delta(serde_json::from_str(data)?)?),
        "config" => Event::Config(serde_json::from_str(data)?),
        "reset" => Event::Reset(serde_json::from_str::<paste_api::Reset>(data)?.epoch),
        _ => return Ok(None),
    }))
}

fn snapshot(wire: WireSnapshot<'_>) -> Snapshot {
    Snapshot {
        policy: policy_of(&wire.service, wire.policy),
        members: members(&wire.service, wire.instances),
        service: wire.service,
        revision: wire.revision,
        protected: wire.protected,
    }
}

fn delta(wire: WireDelta<'_>) -> Result<Delta, BoxError> {
    let changed = wire.policy;
    let removed = wire.removed.iter().map(|id| InstanceId::new(id));
    Ok(Delta {
        policy: changed.and_then(|policy| policy_of(&wire.service, policy)),
        upserted: members(&wire.service, wire.upserted),
        service: wire.service,
        revision: wire.revision,
        protected: wire.protected,
        removed: removed.collect::<Result<_, _>>()?,
    })
}

/// Reads instances. One that can't be read is none of the others' business: it is left out, with a warning.
pub(crate) fn members<'a>(
    service: &str,
    wire: impl IntoIterator<Item = &'a RawValue>,
) -> Vec<Arc<Member>> {
    let (mut members, mut left_out) = (Vec::new(), 0_usize);
    let mut first = None;
    for text in wire {
        match member(text.get()) {
            Ok(member) => members.push(member),
            Err(error) => {
                left_out += 1;
                first.get_or_insert(error);
            }
        }
    }
    if let Some(error) = first {
        tracing::warn!(service, left_out, %error, "instances that can't be read are left out");
    }
    members
}

/// Reads a policy; nothing where it can't be read, with a warning.
fn policy_of(service: &str, wire: Option<&RawValue>) -> Option<Option<Arc<Policy>>> {
    let read = |text: &RawValue| policy::read(serde_json::from_str(text.get())?);
    let policy = wire.map(read).transpose();
    policy
        .inspect_err(|error| {
            tracing::warn!(service, %error, "the policy can't be read; the one before stays");
        })
        .ok()
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
    fn an_instance_or_a_policy_that_cannot_be_read_spoils_nothing_else() {
        let good = |id: &str, rest: &str| {
            format!(
                r#"{{"id":"{id}","address":"10.0.0.1","port":80,"weight":1,"status":"up","health":"passing","ephemeral":true,"revision":1{rest}}}"#
            )
        };
        let instances = [
            good("a", ""),
            r#"{"id":"b"}"#.to_owned(),
            good("c", r#","checks":[{"kind":"of tomorrow"}]"#),
            good("d", r#","status":"of tomorrow""#),
        ]
        .join(",");
        let text = |key: &str, policy: &str| {
            format!(
                r#"{{"service":"a","revision":1,"protected":false,"removed":[],"policy":{policy},"{key}":[{instances}]}}"#
            )
        };
        let ids = |members: &[Arc<Member>]| {
            let ids: Vec<_> = members.iter().map(|member| member.id.to_string()).collect();
            ids.join(" ")
        };
        for (policy, read_as) in [(r#"{"balancer":7}"#, None), ("null", Some(None))] {
            match read(&frame("snapshot", &text("instances", policy))) {
                Ok(Some(Event::Snapshot(told))) => {
                    assert_eq!(
                        (ids(&told.members).as_str(), told.policy),
                        ("a c", read_as.clone())
                    );
                }
                other => panic!("{other:?}"),
            }
            match read(&frame("delta", &text("upserted", policy))) {
                Ok(Some(Event::Delta(told))) => {
                    assert_eq!(
                        (ids(&told.upserted).as_str(), told.policy),
                        ("a c", read_as)
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_broken_is_an_error() {
        assert!(matches!(read(&frame("load", "{}")), Ok(None)));
        assert!(matches!(read(&frame("tomorrow", "?")), Ok(None)));
        for (kind, data) in [("snapshot", "{}"), ("snapshot", "<html>"), ("reset", "[]")] {
            assert!(read(&frame(kind, data)).is_err(), "{kind} {data}");
        }
        assert_eq!(epoch_of("0123-9"), Some("0123"));
        assert_eq!(epoch_of("9"), None);
    }
}
