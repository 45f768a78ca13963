//! When each node was last heard, and through which of them each session was.
//!
//! Every node tells every other something at least once a second, were it that it has nothing to tell. One that is there,
//! by its lease, and hasn't been heard for [`DEAF_AFTER`] may be hearing sessions that we don't hear any more.
//!
//! A session remembers through whom it was last heard by a small number, its *ear*: [`UNHEARD`], [`HERE`], or one of a
//! node's own, which is never given to another.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use paste_model::NodeName;

use super::roster::Roster;

/// A node that was silent for so long can't be heard.
pub(super) const DEAF_AFTER: Duration = Duration::from_secs(3);

/// The ear of a session that wasn't heard since this node became its owner.
pub(crate) const UNHEARD: u16 = 0;
/// The ear of a session that was heard by this node itself.
pub(crate) const HERE: u16 = 1;

/// The other nodes, by name.
#[derive(Debug, Default)]
pub(super) struct Hearing(Mutex<HashMap<NodeName, Peer>>);

#[derive(Debug, Clone, Copy)]
struct Peer {
    ear: u16,
    heard: Instant,
}

impl Hearing {
    /// A node was heard; answers its ear, [`UNHEARD`] once there are no more numbers.
    pub(super) fn hear(&self, node: &NodeName, now: Instant) -> u16 {
        let mut peers = self.0.lock();
        let next = u16::try_from(peers.len())
            .ok()
            .and_then(|count| count.checked_add(HERE + 1))
            .unwrap_or(UNHEARD);
        let peer = peers.entry(node.clone()).or_insert(Peer {
            ear: next,
            heard: now,
        });
        peer.heard = now;
        peer.ear
    }

    /// The ears of the nodes of `roster` that can't be heard now; with [`UNHEARD`], if there is any, as any of them may be
    /// hearing a session that was not heard here yet.
    pub(super) fn deaf(&self, roster: &Roster, now: Instant) -> Vec<u16> {
        let peers = self.0.lock();
        let mut deaf: Vec<u16> = roster
            .others()
            .filter_map(|node| peers.get(&node.name))
            .filter(|peer| now.saturating_duration_since(peer.heard) > DEAF_AFTER)
            .map(|peer| peer.ear)
            .collect();
        if !deaf.is_empty() {
            deaf.push(UNHEARD);
        }
        deaf
    }

    /// How long ago a node was heard.
    pub(super) fn silence(&self, node: &NodeName, now: Instant) -> Option<Duration> {
        let peers = self.0.lock();
        let peer = peers.get(node)?;
        Some(now.saturating_duration_since(peer.heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::{membership, node_name};

    #[test]
    fn only_nodes_that_are_there_and_silent_are_deaf() {
        let (hearing, begin) = (Hearing::default(), Instant::now());
        let three = Roster::of(&membership(&["a", "b", "c"], Some("a")), &node_name("a"));
        let two = Roster::of(&membership(&["a", "c"], Some("a")), &node_name("a"));
        let b = hearing.hear(&node_name("b"), begin);
        let c = hearing.hear(&node_name("c"), begin);
        assert!(b != c && ![UNHEARD, HERE].contains(&b) && ![UNHEARD, HERE].contains(&c));
        assert!(hearing.deaf(&three, begin + DEAF_AFTER).is_empty());
        let later = begin + DEAF_AFTER + Duration::from_millis(1);
        assert_eq!(hearing.hear(&node_name("c"), later), c);
        assert_eq!(hearing.deaf(&three, later), [b, UNHEARD]);
        assert!(hearing.deaf(&two, later).is_empty(), "b is gone");
    }
}
