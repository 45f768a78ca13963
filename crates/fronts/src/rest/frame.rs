//! Server-sent events as bytes (WHATWG HTML §9.2). A delta is written once, beside the emission that it tells of, and its
//! bytes go to every subscriber.

use std::sync::OnceLock;

use bytes::Bytes;
use paste_api::{ConfigChanged, Delta, Instance, InstanceList, Load, LoadEntry, Policy, Reset};
use paste_catalog::{Emission, Slots};
use paste_engine::LoadReport;
use paste_model::{InstanceId, Position, ServiceKey};

use super::answer::encode;

/// Begins a `snapshot` event; its data is a list of instances.
pub(super) const SNAPSHOT: Bytes = Bytes::from_static(b"event: snapshot\ndata: ");
/// Begins a `snapshot` event with a policy in front of the list, whose first brace it takes the place of.
pub(super) fn snapshot_with(policy: &paste_model::Policy) -> Bytes {
    let mut bytes = SNAPSHOT.to_vec();
    bytes.extend_from_slice(b"{\"policy\":");
    bytes.extend_from_slice(&encode(&Policy::from(policy)));
    bytes.push(b',');
    bytes.into()
}

/// Ends the data of an event that carries no id.
pub(super) const END: Bytes = Bytes::from_static(b"\n\n");

/// What is kept beside an emission: its forms, each written when it is first asked for.
#[derive(Default)]
struct Written {
    delta: OnceLock<Bytes>,
    snapshot: OnceLock<Bytes>,
}

/// A `delta` event with its id.
pub(super) fn delta(emission: &Emission) -> Bytes {
    let write = || {
        let delta = Delta {
            service: emission.service.name.to_string(),
            namespace: emission.service.namespace.to_string(),
            revision: emission.revision.0,
            protected: emission.protected,
            policy: (emission.policy.as_ref()).map(|policy| policy.as_deref().map(Policy::from)),
            upserted: upserted(emission),
            removed: emission.removed.iter().map(ToString::to_string).collect(),
        };
        event("delta", Some(emission.settled), &encode(&delta))
    };
    let written = emission.slots.get_or_init(Slots::REST, Written::default);
    written.delta.get_or_init(write).clone()
}

/// The same as the `snapshot` of a service that begins with it, for those who follow whichever services there are.
pub(super) fn beginning(emission: &Emission) -> Bytes {
    let write = || {
        let snapshot = InstanceList {
            service: emission.service.name.to_string(),
            namespace: emission.service.namespace.to_string(),
            revision: emission.revision.0,
            protected: emission.protected,
            policy: emission
                .policy
                .as_ref()
                .and_then(|policy| policy.as_deref().map(Policy::from)),
            instances: upserted(emission),
        };
        event("snapshot", Some(emission.settled), &encode(&snapshot))
    };
    let written = emission.slots.get_or_init(Slots::REST, Written::default);
    written.snapshot.get_or_init(write).clone()
}

fn upserted(emission: &Emission) -> Vec<Instance> {
    let members = emission.upserted.iter();
    members.map(|member| Instance::from(&**member)).collect()
}

/// A `reset` event: snapshots of this history follow.
pub(super) fn reset(now: Position) -> Bytes {
    event(
        "reset",
        None,
        &encode(&Reset {
            epoch: now.epoch.to_string(),
        }),
    )
}

/// A `load` event.
pub(super) fn load(service: &ServiceKey, loads: Vec<(InstanceId, LoadReport)>) -> Bytes {
    let load = Load {
        service: service.name.to_string(),
        namespace: service.namespace.to_string(),
        loads: loads
            .into_iter()
            .map(|(id, report)| LoadEntry {
                id: id.to_string(),
                load: paste_api::LoadReport {
                    cpu: report.cpu,
                    in_flight: report.in_flight,
                    requests: report.requests,
                    errors: report.errors,
                },
            })
            .collect(),
    };
    event("load", None, &encode(&load))
}

/// A `config` event.
pub(super) fn config(changed: &ConfigChanged) -> Bytes {
    event("config", None, &encode(changed))
}

/// Ends the data of an event with this id.
pub(super) fn end_with_id(id: Position) -> Bytes {
    format!("\nid: {id}\n\n").into()
}

/// Sets the id alone: an event without data is not dispatched, but the client remembers its id.
pub(super) fn id(id: Position) -> Bytes {
    format!("id: {id}\n\n").into()
}

/// Says how long to wait before coming back.
pub(super) fn retry(milliseconds: u64) -> Bytes {
    format!("retry: {milliseconds}\n\n").into()
}

/// JSON has no raw line breaks, so that the data is always one line.
fn event(name: &str, id: Option<Position>, data: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(data.len() + 80);
    frame.extend_from_slice(format!("event: {name}\n").as_bytes());
    if let Some(id) = id {
        frame.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    frame.extend_from_slice(b"data: ");
    frame.extend_from_slice(data);
    frame.extend_from_slice(&END);
    frame.into()
}
