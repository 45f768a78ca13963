//! How the cluster is, as this node sees it.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use paste_model::{NodeName, Revision, Timestamp};

use super::Cluster;
use super::roster::Roster;
use crate::Engine;

/// The cluster as one node sees it.
#[derive(Debug, Clone)]
pub struct ClusterStatus {
    /// This node.
    pub node: NodeName,
    /// Whether it holds its lease.
    pub member: bool,
    /// Whether it is cut off from the store or from its place among the others.
    pub isolated: bool,
    /// For how long, in whole seconds, the store couldn't be reached.
    pub stale: Option<u64>,
    /// Every node that is there, in name order.
    pub nodes: Vec<NodeStatus>,
    /// Signs of sessions that wait to be told to their owners.
    pub waiting: usize,
    /// Signs told to other nodes since the start.
    pub told_total: u64,
    /// Signs taken from other nodes since the start.
    pub taken_total: u64,
    /// Messages that another node didn't take, since the start.
    pub failures_total: u64,
}

/// One node.
#[derive(Debug, Clone)]
pub struct NodeStatus {
    /// Its name.
    pub name: NodeName,
    /// Where other nodes reach it.
    pub url: String,
    /// When it joined.
    pub joined: Timestamp,
    /// The version it runs.
    pub version: String,
    /// The revision of its lease's record.
    pub lease: Revision,
    /// Sessions that it watches over; `None`: it hasn't said yet.
    pub owned: Option<u64>,
    /// How far its view has come; `None`: it hasn't said yet.
    pub revision: Option<Revision>,
    /// How long ago it was heard; `None` for this node.
    pub heard: Option<Duration>,
    /// Why it couldn't be told anything, if the last attempt failed.
    pub unreachable: Option<String>,
}

/// What came of talking to the others.
#[derive(Debug, Default)]
pub(super) struct Progress {
    nodes: HashMap<NodeName, Peer>,
    told: u64,
    taken: u64,
    failures: u64,
}

#[derive(Debug, Default)]
struct Peer {
    revision: Option<u64>,
    owned: u64,
    failure: Option<String>,
}

impl Progress {
    pub(super) fn told(&mut self, node: &NodeName, signs: usize) {
        self.told += signs as u64;
        self.peer(node).failure = None;
    }

    /// Notes a failure; answers whether it is the first in a row.
    pub(super) fn failed(&mut self, node: &NodeName, error: &dyn Error) -> bool {
        self.failures += 1;
        self.peer(node).failure.replace(error.to_string()).is_none()
    }

    pub(super) fn heard(&mut self, node: &NodeName, revision: u64, owned: u64, signs: usize) {
        self.taken += signs as u64;
        let peer = self.peer(node);
        peer.revision = Some(revision);
        peer.owned = owned;
    }

    /// The furthest that another node has come.
    pub(super) fn furthest(&self) -> Revision {
        let revisions = self.nodes.values().filter_map(|peer| peer.revision);
        Revision(revisions.max().unwrap_or_default())
    }

    /// Forgets who is gone.
    pub(super) fn keep(&mut self, roster: &Roster) {
        self.nodes
            .retain(|name, _| roster.others().any(|node| node.name == *name));
    }

    fn peer(&mut self, node: &NodeName) -> &mut Peer {
        self.nodes.entry(node.clone()).or_default()
    }
}

impl Engine {
    /// How the cluster is as this node sees it; `None` where it is alone.
    pub fn cluster_status(&self) -> Option<ClusterStatus> {
        let cluster = self.cluster()?;
        let roster = cluster.roster();
        let now = cluster.clock.now();
        let progress = cluster.progress.lock();
        let nodes = roster.nodes().iter().map(|node| {
            let mine = node.name == cluster.name;
            let peer = progress.nodes.get(&node.name);
            let said = peer.and_then(|peer| Some((peer.revision?, peer.owned)));
            let own = || (self.catalog().revision().0, self.liveness().owned() as u64);
            let said = if mine { Some(own()) } else { said };
            NodeStatus {
                name: node.name.clone(),
                url: node.url.clone(),
                joined: node.joined,
                version: node.version.clone(),
                lease: node.revision,
                owned: said.map(|(_, owned)| owned),
                revision: said.map(|(revision, _)| Revision(revision)),
                heard: match mine {
                    true => None,
                    false => cluster.hearing.silence(&node.name, now),
                },
                unreachable: peer.and_then(|peer| peer.failure.clone()),
            }
        });
        Some(ClusterStatus {
            node: cluster.name.clone(),
            member: !roster.is_outsider(),
            isolated: cluster.isolated(),
            stale: cluster.stale(),
            nodes: nodes.collect(),
            waiting: cluster.outbox.len(),
            told_total: progress.told,
            taken_total: progress.taken,
            failures_total: progress.failures,
        })
    }

    /// For how long, in whole seconds, the store couldn't be reached, so that the view may be old; `None` while it can.
    pub fn stale(&self) -> Option<u64> {
        self.cluster().and_then(Cluster::stale)
    }

    /// Whether this node is cut off from the store or from its place among the others, so that clients should prefer
    /// another.
    pub fn isolated(&self) -> bool {
        self.cluster().is_some_and(Cluster::isolated)
    }
}
