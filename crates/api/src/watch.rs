//! Watching: what to subscribe to, and what the stream's events carry. A `snapshot` event carries an
//! [`InstanceList`](crate::InstanceList).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Instance, LoadReport, Map, Policy, object};

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"services": ["orders", "payments"]}))]
pub struct WatchRequest {
    /// Names of services, or `*` for all of the namespace; at most 100.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub services: Vec<String>,
    /// Configuration items as `group/key`, or `group/*` for all of a group; at most 100 together with the services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    pub configs: Vec<String>,
    /// The zone that this stream is read in, for gray releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What the reader says of itself, for gray releases.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub labels: Map<String>,
    /// The session that this stream speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Whether `load` events are wanted.
    #[serde(default)]
    pub load: bool,
    /// The last `id:` seen, to go on from there; the `Last-Event-ID` header does the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<String>,
}

/// A `delta` event: what changed in a service since the last event on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delta {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision of the last batch merged here.
    pub revision: u64,
    /// Whether failing instances are to be served too, because too few are healthy.
    pub protected: bool,
    /// The policy that holds now, where it changed; `null`: there is none any more.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::changed"
    )]
    #[schema(value_type = Option<Policy>)]
    pub policy: Option<Option<Policy>>,
    /// Instances that are new or changed.
    pub upserted: Vec<Instance>,
    /// Ids of instances that are gone.
    pub removed: Vec<String>,
}

/// A `reset` event: forget everything; snapshots follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    /// The history that holds now.
    pub epoch: String,
}

/// A `load` event: what the instances of a service last said of themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Load {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// Those who said something.
    pub loads: Vec<LoadEntry>,
}

/// What one instance last said of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoadEntry {
    /// The instance.
    pub id: String,
    /// What it said.
    pub load: LoadReport,
}
