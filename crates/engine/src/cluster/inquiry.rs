//! What others ask about the cluster: whether there is one, who owns what, and how far behind somebody is.

use paste_model::{InstanceKey, NodeName, Revision, SessionId};

use super::{ClusterStatus, NodeStatus};
use crate::Engine;

impl Engine {
    /// Whether this node shares its store, even if no other node is there now.
    pub fn is_clustered(&self) -> bool {
        self.cluster().is_some()
    }

    /// The node that watches over a session now; `None` while no node is there.
    pub fn owner_of_session(&self, session: &SessionId) -> Option<NodeName> {
        self.owner(session.as_str())
    }

    /// The node that probes an instance now, if it has checks; `None` while no node is there.
    pub fn owner_of_checks(&self, instance: &InstanceKey) -> Option<NodeName> {
        self.owner(&instance.to_string())
    }

    fn owner(&self, name: &str) -> Option<NodeName> {
        let Some(cluster) = self.cluster() else {
            return Some(self.node().clone());
        };
        let roster = cluster.roster();
        roster.owner(name).map(|node| node.name.clone())
    }
}

impl ClusterStatus {
    /// How many revisions `node` is behind the furthest of all; `None`: it hasn't said yet how far it is.
    pub fn lag(&self, node: &NodeStatus) -> Option<u64> {
        let furthest = self.nodes.iter().filter_map(|node| node.revision).max()?;
        let Revision(behind) = node.revision?;
        Some(furthest.0 - behind)
    }
}
