//! Sessions: the liveness of a process.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a process says of itself with a heartbeat; everything is optional.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct LoadReport {
    /// Share of its processors that is busy, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub cpu: Option<f64>,
    /// Calls it is serving now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// Calls it finished since the last heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How many of those failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
}

/// A session that was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndedSession {
    /// The session.
    pub session: String,
    /// How many instances went with it.
    pub removed: usize,
}
