//! Eligibility against the shared vectors.

use std::sync::Arc;

use paste_model::{Address, Health, HealthState, Instance, InstanceId, Revision, Timestamp};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    protect_threshold: u8,
    members: Vec<VectorMember>,
    protected: bool,
    eligible: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorMember {
    id: String,
    status: String,
    health: String,
}

fn member(vector: &VectorMember) -> Member {
    let mut instance = Instance::at(
        Address::new("10.0.0.1").expect("address"),
        80.try_into().expect("port"),
    );
    instance.status = Status::from_word(&vector.status).expect("status");
    let state = [
        HealthState::Passing,
        HealthState::Suspect,
        HealthState::Failing,
    ]
    .into_iter()
    .find(|state| state.as_str() == vector.health)
    .expect("health");
    let health = Health {
        state,
        reason: "".into(),
        observer: "".into(),
        since: Timestamp(0),
    };
    Member {
        id: InstanceId::new(&vector.id).expect("id"),
        instance: Arc::new(instance),
        revision: Revision::ZERO,
        overridden: None,
        session_health: None,
        check_health: Some(Arc::new(health)),
    }
}

#[test]
fn eligibility_passes_the_shared_vectors() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../../conformance/eligibility.json"))
            .expect("vectors");
    assert!(!vectors.is_empty());
    for vector in vectors {
        let threshold = ProtectThreshold::new(vector.protect_threshold).expect("threshold");
        let members: Vec<_> = vector.members.iter().map(member).collect();
        let eligibility = Eligibility::of(&members, threshold);
        assert_eq!(eligibility.protected(), vector.protected, "{}", vector.name);
        let eligible: Vec<_> = members
            .iter()
            .filter(|member| eligibility.admits(member))
            .map(|member| member.id.as_str())
            .collect();
        assert_eq!(eligible, vector.eligible, "{}", vector.name);
        let counted = Eligibility::counted(eligibility.up(), eligibility.healthy(), threshold);
        assert_eq!(counted, eligibility, "{}", vector.name);
    }
}

#[test]
fn it_says_why_a_service_is_protected() {
    let half = ProtectThreshold::default();
    assert_eq!(
        Eligibility::counted(3, 2, half).to_string(),
        "2 of 3 instances with status up are healthy"
    );
    assert_eq!(
        Eligibility::counted(3, 1, half).to_string(),
        "1 of 3 instances with status up are healthy, fewer than the protect threshold of 50 %: \
         all with status up are served"
    );
}
