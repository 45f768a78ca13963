//! The balancers that give the same key to the same instance.

use paste_model::{Balancer, BalancerKind};
use serde::Deserialize;
use twox_hash::XxHash64;

use super::policy::WireBalancer;
use super::{Hex, WireMember, set_in_flight, vectors};
use crate::balance::{Bound, Round, Sequence, Turns};
use crate::candidates::Candidates;
use crate::question::Question;
use crate::trace::Notes;
use paste_model::InstanceId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyPick {
    key: String,
    #[serde(default)]
    tried: Vec<String>,
    picked: String,
}

fn candidates(members: &[WireMember]) -> Candidates {
    Candidates::of(members.iter().map(WireMember::candidate).collect()).expect("candidates")
}

fn assert_picks(whole: &Candidates, policy: &Balancer, picks: &[KeyPick], what: &str) {
    for pick in picks {
        let tried = pick.tried.iter().map(|id| InstanceId::new(id).expect("id"));
        let tried: Vec<_> = tried.collect();
        let question = Question {
            hash_key: Some(&pick.key),
            tried: &tried,
            ..Question::default()
        };
        let round = Round {
            policy,
            question: &question,
            now: 0,
            decay: 1e10,
            growth: None,
            service: &[],
            turns: &Turns::default(),
            sequence: &Sequence::default(),
        };
        let untried = whole.untried(&tried);
        let (candidates, before) = match &untried {
            Some((untried, _)) => (untried, Some(whole)),
            None => (whole, None),
        };
        let nothing_is_drawn = &mut || panic!("{what}: nothing is drawn");
        let chosen = round.choose(candidates, before, nothing_is_drawn, &mut Notes::none());
        assert_eq!(chosen.id().as_str(), pick.picked, "{what}: {:?}", pick.key);
    }
}

fn of_kind(kind: BalancerKind) -> Balancer {
    Balancer {
        kind,
        ..Balancer::default()
    }
}

#[cfg_attr(test, test)]
pub(super) fn rendezvous() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        candidates: Vec<WireMember>,
        picks: Vec<KeyPick>,
    }
    for vector in vectors!("rendezvous.json") as Vec<Vector> {
        let policy = of_kind(BalancerKind::Rendezvous);
        let candidates = candidates(&vector.candidates);
        assert_picks(&candidates, &policy, &vector.picks, &vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn ring_hash() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        ring_size: u16,
        candidates: Vec<WireMember>,
        entries: Vec<usize>,
        picks: Vec<KeyPick>,
    }
    for vector in vectors!("ring-hash.json") as Vec<Vector> {
        let policy = Balancer {
            ring_size: vector.ring_size,
            ..of_kind(BalancerKind::RingHash)
        };
        let candidates = candidates(&vector.candidates);
        let (owners, _) = candidates.ring(vector.ring_size).start(0);
        assert_eq!(
            owned(owners, &candidates),
            vector.entries,
            "{}",
            vector.name
        );
        assert_picks(&candidates, &policy, &vector.picks, &vector.name);
    }
}

#[cfg_attr(test, test)]
pub(super) fn maglev() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        candidates: Vec<WireMember>,
        slots: Vec<usize>,
        table: Hex,
        picks: Vec<KeyPick>,
    }
    for vector in vectors!("rust-maglev.json") as Vec<Vector> {
        let candidates = candidates(&vector.candidates);
        let (owners, _) = candidates.maglev().start(0);
        assert_eq!(owned(owners, &candidates), vector.slots, "{}", vector.name);
        let bytes = owners
            .iter()
            .map(|owner| u16::try_from(*owner).expect("few"));
        let bytes: Vec<_> = bytes.flat_map(u16::to_le_bytes).collect();
        let table = Hex(XxHash64::oneshot(0, &bytes));
        assert_eq!(table, vector.table, "{}", vector.name);
        let policy = of_kind(BalancerKind::Maglev);
        assert_picks(&candidates, &policy, &vector.picks, &vector.name);
    }
}

/// How many each candidate owns.
fn owned(owners: &[u32], candidates: &Candidates) -> Vec<usize> {
    let mut counts = vec![0; candidates.list().len()];
    for owner in owners {
        counts[*owner as usize] += 1;
    }
    counts
}

#[cfg_attr(test, test)]
pub(super) fn bounded_load() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        balancer: WireBalancer,
        candidates: Vec<Busy>,
        capacities: Vec<u128>,
        picks: Vec<KeyPick>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Busy {
        id: String,
        address: String,
        port: u16,
        weight: u16,
        in_flight: u32,
    }
    for vector in vectors!("rust-bounded-load.json") as Vec<Vector> {
        let members = vector
            .candidates
            .iter()
            .map(|one| WireMember::at(&one.id, &one.address, one.port, one.weight));
        let candidates = candidates(&members.collect::<Vec<_>>());
        for (candidate, busy) in candidates.list().iter().zip(&vector.candidates) {
            set_in_flight(&candidate.gauges, busy.in_flight);
        }
        let policy = vector.balancer.model();
        let bound = policy.bounded_load.expect("a bound");
        let bound = Bound::new(bound, candidates.list());
        let list = candidates.list().iter();
        let capacities: Vec<_> = list.map(|candidate| bound.capacity(candidate)).collect();
        assert_eq!(capacities, vector.capacities, "{}", vector.name);
        assert_picks(&candidates, &policy, &vector.picks, &vector.name);
    }
}
