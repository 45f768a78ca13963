//! How the registry is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Duration, Map};

/// How the store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreStatus {
    /// `embedded` or `etcd`.
    pub backend: String,
    /// The newest committed revision.
    pub revision: u64,
    /// Changes after this revision can still be streamed.
    pub oldest: u64,
    /// Size on disk, in bytes.
    pub disk_bytes: u64,
    /// Commits waiting to be written.
    pub waiting: usize,
    /// Why writes are refused, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub failed: Option<String>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Services.
    pub services: usize,
    /// Instances.
    pub instances: usize,
    /// Sessions.
    pub sessions: usize,
    /// Watch subscriptions.
    pub subscribers: usize,
}

/// How this node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryStatus {
    /// The node's name.
    pub node: String,
    /// The registry's version.
    pub version: String,
    /// The history it tells of.
    pub epoch: String,
    /// How far into it.
    pub revision: u64,
    /// Whether it is shutting down.
    pub draining: bool,
    /// How old its knowledge is, when it can't reach the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<Duration>,
    /// Whether it is cut off from the store or from its place among other nodes: clients should prefer another.
    #[serde(default)]
    pub isolated: bool,
    /// How the store is.
    pub store: StoreStatus,
    /// How much there is.
    pub counts: Counts,
    /// Sessions by state of health.
    #[schema(value_type = std::collections::BTreeMap<String, usize>)]
    pub sessions: Map<usize>,
    /// What the guards against mass removal hold back, each in a sentence.
    pub holds: Vec<String>,
}

/// The answer of `/healthz` and `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// `ready`, `starting` or `draining`; `/healthz` says `alive`.
    pub status: String,
    /// How the store is: `ok`, or why it refuses writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub store: Option<String>,
    /// How old the node's knowledge is, when it can't reach the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<Duration>,
    /// Whether the node is cut off from the store or from its place among other nodes: clients should prefer another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub isolated: bool,
}

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// The history that begins with it.
    pub epoch: String,
    /// Where it begins.
    pub revision: u64,
}
