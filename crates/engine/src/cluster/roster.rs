//! The nodes that are there, and which of them owns what. Pure.
//!
//! Rendezvous hashing (Thaler and Ravishankar, 1998): of all nodes, the one with the highest XXH64 of its name, a zero
//! byte and the thing's name owns it. All nodes must agree, across versions too, so neither the hash nor the way it is
//! fed may ever change.

use std::hash::Hasher;
use std::sync::Arc;

use paste_model::NodeName;
use paste_store::{Membership, Node};
use twox_hash::XxHash64;

/// The nodes that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roster {
    nodes: Arc<[Node]>,
    name: NodeName,
    /// Whether this node has its lease.
    member: bool,
}

impl Roster {
    /// The nodes of `membership` as the one called `name` sees them.
    pub(crate) fn of(membership: &Membership, name: &NodeName) -> Self {
        Self {
            nodes: Arc::clone(&membership.nodes),
            name: name.clone(),
            member: membership.own.is_some(),
        }
    }

    /// All nodes, in name order.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All nodes but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.name != self.name)
    }

    /// Who owns what has this name; `None` while nobody is there.
    pub(crate) fn owner(&self, name: &str) -> Option<&Node> {
        match &*self.nodes {
            [] => None,
            [only] => Some(only),
            nodes => nodes
                .iter()
                .max_by_key(|node| (weight(node.name.as_str(), name), node.name.as_str())),
        }
    }

    /// Whether this node owns what has this name. One that has lost its lease owns nothing.
    pub(crate) fn owns(&self, name: &str) -> bool {
        self.member
            && self
                .owner(name)
                .is_some_and(|owner| owner.name == self.name)
    }

    /// Whether this node has no lease.
    pub(crate) fn is_outsider(&self) -> bool {
        !self.member
    }
}

fn weight(node: &str, name: &str) -> u64 {
    let mut hash = XxHash64::with_seed(0);
    hash.write(node.as_bytes());
    hash.write(&[0]);
    hash.write(name.as_bytes());
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::{membership, node_name};

    fn roster(nodes: &[&str], me: &str) -> Roster {
        Roster::of(&membership(nodes, Some(me)), &node_name(me))
    }

    #[test]
    fn everybody_names_the_same_owner_and_work_is_shared() {
        let nodes = ["a", "b", "c"];
        let rosters = nodes.map(|me| roster(&nodes, me));
        let mut owned = [0; 3];
        for session in 0..3_000 {
            let session = format!("session-{session}");
            let owners: Vec<_> = rosters.iter().map(|roster| roster.owns(&session)).collect();
            assert_eq!(owners.iter().filter(|owns| **owns).count(), 1, "{session}");
            owned[owners.iter().position(|owns| *owns).expect("one")] += 1;
        }
        assert!(
            owned.iter().all(|count| (850..1_150).contains(count)),
            "{owned:?}"
        );
    }

    #[test]
    fn when_a_node_goes_only_what_it_owned_moves() {
        let (before, after) = (roster(&["a", "b", "c"], "a"), roster(&["a", "c"], "a"));
        for session in 0..3_000 {
            let session = format!("session-{session}");
            let owner = |roster: &Roster| roster.owner(&session).map(|node| node.name.clone());
            let moved = owner(&before) != owner(&after);
            assert_eq!(moved, owner(&before) == Some(node_name("b")), "{session}");
        }
    }

    /// Computed with the reference implementation of XXH64; every version must agree on them.
    #[test]
    fn owners_are_fixed_for_all_time() {
        assert_eq!(weight("a", "x"), XxHash64::oneshot(0, b"a\0x"));
        assert_eq!(XxHash64::oneshot(0, b""), 0xef46_db37_51d8_e999);
        assert_eq!(XxHash64::oneshot(0, b"user-1"), 0xa173_746b_114c_6be8);
    }

    #[test]
    fn without_a_lease_nothing_is_owned() {
        let outsider = Roster::of(&membership(&["a"], None), &node_name("a"));
        assert!(outsider.is_outsider() && !outsider.owns("x"));
        assert!(outsider.owner("x").is_some());
    }
}
