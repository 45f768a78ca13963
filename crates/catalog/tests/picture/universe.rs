//! A small world to draw changes from: few names, so that everything happens to each of them.

use std::num::NonZeroU16;
use std::sync::Arc;

use paste_catalog::Topic;
use paste_model::*;
use proptest::prelude::*;

const SERVICES: [(&str, &str); 3] = [("east", "orders"), ("east", "payments"), ("west", "orders")];

pub(crate) fn service(index: usize) -> ServiceKey {
    let (namespace, name) = SERVICES[index];
    ServiceKey {
        namespace: Namespace::new(namespace).expect("valid"),
        name: ServiceName::new(name).expect("valid"),
    }
}

pub(crate) fn services() -> Vec<ServiceKey> {
    (0..SERVICES.len()).map(service).collect()
}

pub(crate) fn key(service_index: usize, id: usize) -> InstanceKey {
    InstanceKey {
        service: service(service_index),
        id: InstanceId::new(&format!("i{id}")).expect("valid"),
    }
}

pub(crate) fn session(index: usize) -> SessionId {
    SessionId::new(&format!("s{index}")).expect("valid")
}

pub(crate) fn instance(port: u16, status: Status, session: Option<SessionId>) -> Instance {
    let address = Address::new("10.0.0.1").expect("valid");
    Instance {
        status,
        ephemeral: session.is_some() && !port.is_multiple_of(2),
        session,
        ..Instance::at(address, NonZeroU16::new(port + 1).expect("not 0"))
    }
}

pub(crate) fn health(state: HealthState) -> Health {
    Health {
        state,
        reason: "observed".into(),
        observer: "n1".into(),
        since: Timestamp(1),
    }
}

fn a_key() -> impl Strategy<Value = InstanceKey> {
    (0..SERVICES.len(), 0..3_usize).prop_map(|(service, id)| key(service, id))
}

fn a_session() -> impl Strategy<Value = SessionId> {
    (0..3_usize).prop_map(session)
}

fn a_status() -> impl Strategy<Value = Status> {
    prop_oneof![3 => Just(Status::Up), 1 => Just(Status::Draining)]
}

fn a_health() -> impl Strategy<Value = Health> {
    prop_oneof![Just(HealthState::Suspect), Just(HealthState::Failing)].prop_map(health)
}

fn record() -> impl Strategy<Value = Record> {
    let registration = (0..4_u16, a_status(), prop::option::of(a_session()))
        .prop_map(|(port, status, session)| instance(port, status, session));
    let word = a_status().prop_map(|status| Override {
        status,
        reason: "because".into(),
        by: Principal::anonymous(),
        at: Timestamp(2),
    });
    let settings = (0..=100_u8).prop_map(|percent| ServiceSettings {
        protect_threshold: ProtectThreshold::new(percent).expect("at most 100"),
        ..ServiceSettings::default()
    });
    let liveness = prop::option::of(a_health()).prop_map(|health| Session {
        health,
        ..Session::default()
    });
    let policy = prop::option::of(0..=100_u8).prop_map(policy);
    prop_oneof![
        2 => (0..SERVICES.len(), policy).prop_map(|(index, it)| Record::Policy(service(index), Arc::new(it))),
        6 => (a_key(), registration).prop_map(|(key, it)| Record::Instance(key, Arc::new(it))),
        2 => (a_session(), liveness).prop_map(|(id, session)| Record::Session(id, session)),
        1 => (a_key(), a_health()).prop_map(|(key, health)| Record::Check(key, health)),
        1 => (a_key(), word).prop_map(|(key, word)| Record::Override(key, Arc::new(word))),
        2 => (0..SERVICES.len(), settings).prop_map(|(index, it)| Record::Service(service(index), Arc::new(it))),
    ]
}

/// A history whose newest line is a policy with that threshold, or a removal.
fn policy(percent: Option<u8>) -> PolicyHistory {
    let policy = percent.map(|percent| Policy {
        protect_threshold: ProtectThreshold::new(percent),
        ..Policy::default()
    });
    PolicyHistory::new(PolicyRelease {
        number: 1,
        policy: policy.map(Arc::new),
        comment: "".into(),
        by: Principal::anonymous(),
        at: Timestamp(4),
    })
}

fn deletion() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => a_key().prop_map(Key::Instance),
        1 => a_session().prop_map(Key::Session),
        1 => a_key().prop_map(Key::Check),
        1 => a_key().prop_map(Key::Override),
        3 => (0..SERVICES.len()).prop_map(|index| Key::Service(service(index))),
        2 => (0..SERVICES.len()).prop_map(|index| Key::Policy(service(index))),
    ]
}

pub(crate) fn batch() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        3 => record().prop_map(Change::Put),
        2 => deletion().prop_map(Change::Delete),
    ];
    prop::collection::vec(change, 0..6).prop_map(|mut changes| {
        let mut seen = std::collections::HashSet::new();
        changes.retain(|change: &Change| seen.insert(change.key()));
        changes
    })
}

pub(crate) fn topic() -> impl Strategy<Value = Topic> {
    prop_oneof![
        3 => (0..SERVICES.len()).prop_map(|index| Topic::Service(service(index))),
        1 => (0..SERVICES.len()).prop_map(|index| Topic::Namespace(service(index).namespace)),
    ]
}

pub(crate) fn committed(revision: Revision, changes: Vec<Change>) -> Committed {
    Committed {
        revision,
        changes,
        cause: Cause {
            kind: CauseKind::Request,
            at: Timestamp(3),
            by: Principal::anonymous(),
            reason: "".into(),
            about: None,
        },
    }
}
