//! The nodes that share a store, as one of them sees the others.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Duration, Time};

/// Whether a node shares its store with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClusterMode {
    /// Its store is its own.
    Alone,
    /// Its store can be shared, even if no other node is there now.
    Cluster,
}

/// The cluster as the node that answers sees it. A node that is alone is a cluster of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterStatus {
    /// Whether the node shares its store with others.
    pub mode: ClusterMode,
    /// The node that answers.
    pub node: String,
    /// Whether it has its place among the others: one that hasn't judges nobody.
    pub member: bool,
    /// Whether it is cut off from the store or from its place among the others: clients should prefer another node.
    pub isolated: bool,
    /// For how long it couldn't reach the store, when it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<Duration>,
    /// The history it tells of.
    pub epoch: String,
    /// How far into it.
    pub revision: u64,
    /// Every node that is there, in name order.
    pub nodes: Vec<ClusterNode>,
    /// Signs of life, heard here, that wait to be told to other nodes.
    pub waiting: usize,
    /// Signs told to other nodes since the start.
    pub told_total: u64,
    /// Signs taken from other nodes since the start.
    pub taken_total: u64,
    /// Messages that another node didn't take, since the start.
    pub failures_total: u64,
}

/// A node, as the one that answers knows it: of others, what they said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterNode {
    /// Its name.
    pub name: String,
    /// Where other nodes reach it; absent for a node that is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// When it joined, by its own clock; absent for a node that is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub joined: Option<Time>,
    /// The registry's version that it runs.
    pub version: String,
    /// The revision at which it took its place: another one is another life. Absent for a node that is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lease: Option<u64>,
    /// Sessions that it watches over; absent until it has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owned: Option<u64>,
    /// How far its knowledge goes; absent until it has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revision: Option<u64>,
    /// How many revisions that is behind the furthest of all nodes. Others are heard once a second, so while much is
    /// written they seem to be behind by as much as is written in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lag: Option<u64>,
    /// How long ago it was heard; absent for the node that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub heard_ago: Option<Duration>,
    /// Why it couldn't be told anything, if the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unreachable: Option<String>,
}

/// The node that watches over a session, or probes an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// Its name; absent while no node is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub node: Option<String>,
    /// Whether that is the node that answers.
    pub here: bool,
}
