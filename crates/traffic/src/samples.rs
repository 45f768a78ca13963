//! Services for tests.

use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Address, Balancer, BalancerKind, Instance, InstanceId, Member, Policy, Revision, Weight,
};

use crate::{Caller, Chooser};

/// A generator of random numbers (splitmix64) that is the same in every run.
pub(crate) fn random(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The member `i{number}`.
pub(crate) fn member(number: usize, weight: u16) -> Arc<Member> {
    let address = Address::new(&format!("10.0.{}.{}", number / 250, number % 250));
    let mut instance = Instance::at(address.expect("address"), 80.try_into().expect("port"));
    instance.weight = Weight::new(weight).expect("weight");
    Arc::new(Member {
        id: InstanceId::new(&format!("i{number:03}")).expect("id"),
        instance: Arc::new(instance),
        revision: Revision::ZERO,
        overridden: None,
        session_health: None,
        check_health: None,
    })
}

/// A service of members `i000`, `i001`, … of these weights, with this balancer.
pub(crate) fn of_weights(kind: BalancerKind, weights: &[u16]) -> Chooser {
    let balancer = Balancer {
        kind,
        ..Balancer::default()
    };
    let members = weights.iter().enumerate();
    let members = members.map(|(number, weight)| member(number, *weight));
    let policy = Policy {
        balancer,
        ..Policy::default()
    };
    with_policy(policy, members.collect())
}

pub(crate) fn with_policy(policy: Policy, members: Vec<Arc<Member>>) -> Chooser {
    let chooser = Chooser::new(Caller::default());
    chooser
        .set_policy(Arc::new(policy), Duration::ZERO)
        .expect("valid");
    chooser.update(members, false, Duration::ZERO);
    chooser
}
