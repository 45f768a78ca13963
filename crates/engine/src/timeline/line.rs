//! An event as a line of JSON on disk. Unknown fields are ignored, so that older and newer versions read each other's.

use paste_model::{
    ConfigGroup, ConfigKey, ConfigName, InstanceId, Namespace, Revision, ServiceKey, ServiceName,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use super::event::{Event, EventCursor, EventKind, Subject};

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    service: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    namespace: std::borrow::Cow<'a, str>,
    /// `group/key` of a configuration item, which has no service.
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    config: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    instance: Option<std::borrow::Cow<'a, str>>,
    revision: u64,
    place: u32,
    at_ms: u64,
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    by: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    reason: std::borrow::Cow<'a, str>,
}

/// Appends `event` as one line.
pub(super) fn write(event: &Event, out: &mut Vec<u8>) {
    let (service, namespace, config) = match &event.subject {
        Some(Subject::Service(key)) => (key.name.as_str(), key.namespace.as_str(), None),
        Some(Subject::Config(key)) => ("", key.namespace.as_str(), Some(path(key))),
        None => ("", "", None),
    };
    let line = Line {
        service: service.into(),
        namespace: namespace.into(),
        config: config.map(Into::into),
        instance: event.instance.as_ref().map(|id| id.as_str().into()),
        revision: event.cursor.revision.0,
        place: event.cursor.place,
        at_ms: event.at.0,
        kind: event.kind.as_str().into(),
        by: event.by.as_str().into(),
        reason: event.reason.as_str().into(),
    };
    let start = out.len();
    match serde_json::to_writer(&mut *out, &line) {
        Ok(()) => out.push(b'\n'),
        // Writing plain strings and numbers to memory can't fail; if it did, half a line must not stay.
        Err(_) => out.truncate(start),
    }
}

/// Reads a line; `None` if it is torn or of a kind that this version doesn't know.
pub(super) fn read(line: &str) -> Option<Event> {
    let line: Line<'_> = serde_json::from_str(line).ok()?;
    let kind = EventKind::from_word(&line.kind)?;
    let subject = match (kind, &line.config) {
        (EventKind::Gap, _) => None,
        (_, Some(config)) => Some(Subject::Config(config_key(&line.namespace, config)?)),
        (_, None) => Some(Subject::Service(ServiceKey {
            namespace: Namespace::new(&line.namespace).ok()?,
            name: ServiceName::new(&line.service).ok()?,
        })),
    };
    Some(Event {
        cursor: EventCursor {
            revision: Revision(line.revision),
            place: line.place,
        },
        at: Timestamp(line.at_ms),
        subject,
        instance: line
            .instance
            .map(|id| InstanceId::new(&id))
            .transpose()
            .ok()?,
        kind,
        by: line.by.into_owned(),
        reason: line.reason.into_owned(),
    })
}

fn path(key: &ConfigKey) -> String {
    format!("{}/{}", key.group, key.name)
}

fn config_key(namespace: &str, path: &str) -> Option<ConfigKey> {
    let (group, name) = path.split_once('/')?;
    Some(ConfigKey {
        namespace: Namespace::new(namespace).ok()?,
        group: ConfigGroup::new(group).ok()?,
        name: ConfigName::new(name).ok()?,
    })
}

/// How a line about `subject` begins: to tell the others apart without parsing them.
pub(super) fn prefix(subject: &Subject) -> String {
    match subject {
        Subject::Service(service) => format!(
            "{{\"service\":\"{}\",\"namespace\":\"{}\",",
            service.name, service.namespace
        ),
        Subject::Config(key) => format!(
            "{{\"service\":\"\",\"namespace\":\"{}\",\"config\":\"{}\",",
            key.namespace,
            path(key)
        ),
    }
}

/// How a line about a gap begins.
pub(super) const GAP_PREFIX: &str = "{\"service\":\"\",\"namespace\":\"\",";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_its_line() {
        let service = Subject::Service(ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new("orders").expect("valid"),
        });
        let config = config_key("default", "shop/app.yaml").map(Subject::Config);
        survives(service);
        survives(config.expect("valid"));
    }

    fn survives(subject: Subject) {
        let event = Event {
            cursor: EventCursor {
                revision: Revision(9),
                place: 1,
            },
            at: Timestamp(1_700_000_000_000),
            subject: Some(subject.clone()),
            instance: Some(InstanceId::new("a:1").expect("valid")),
            kind: EventKind::Failing,
            by: "node:n1".to_owned(),
            reason: "a \"quoted\"\nreason".to_owned(),
        };
        let mut out = Vec::new();
        write(&event, &mut out);
        let text = String::from_utf8(out).expect("utf-8");
        assert!(
            text.starts_with(&prefix(&subject)) && text.ends_with('\n'),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "one event, one line");
        assert_eq!(read(text.trim_end()), Some(event));
        assert_eq!(read(&text[..text.len() / 2]), None, "torn");
    }
}
