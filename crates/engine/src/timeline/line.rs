//! An event as a line of JSON on disk. Unknown fields are ignored, so that older and newer versions read each other's.

use paste_model::{InstanceId, Namespace, Revision, ServiceKey, ServiceName, Timestamp};
use serde::{Deserialize, Serialize};

use super::event::{Event, EventCursor, EventKind};

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    service: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    namespace: std::borrow::Cow<'a, str>,
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
    let service = event.service.as_ref();
    let line = Line {
        service: service.map_or("", |key| key.name.as_str()).into(),
        namespace: service.map_or("", |key| key.namespace.as_str()).into(),
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
    let service = match kind {
        EventKind::Gap => None,
        _ => Some(ServiceKey {
            namespace: Namespace::new(&line.namespace).ok()?,
            name: ServiceName::new(&line.service).ok()?,
        }),
    };
    Some(Event {
        cursor: EventCursor {
            revision: Revision(line.revision),
            place: line.place,
        },
        at: Timestamp(line.at_ms),
        service,
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

/// How a line about `service` begins: to tell the others apart without parsing them.
pub(super) fn prefix(service: &ServiceKey) -> String {
    format!(
        "{{\"service\":\"{}\",\"namespace\":\"{}\",",
        service.name, service.namespace
    )
}

/// How a line about a gap begins.
pub(super) const GAP_PREFIX: &str = "{\"service\":\"\",\"namespace\":\"\",";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_its_line() {
        let service = ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new("orders").expect("valid"),
        };
        let event = Event {
            cursor: EventCursor {
                revision: Revision(9),
                place: 1,
            },
            at: Timestamp(1_700_000_000_000),
            service: Some(service.clone()),
            instance: Some(InstanceId::new("a:1").expect("valid")),
            kind: EventKind::Failing,
            by: "node:n1".to_owned(),
            reason: "a \"quoted\"\nreason".to_owned(),
        };
        let mut out = Vec::new();
        write(&event, &mut out);
        let text = String::from_utf8(out).expect("utf-8");
        assert!(
            text.starts_with(&prefix(&service)) && text.ends_with('\n'),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "one event, one line");
        assert_eq!(read(text.trim_end()), Some(event));
        assert_eq!(read(&text[..text.len() / 2]), None, "torn");
    }
}
