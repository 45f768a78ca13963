//! What is told of calls: by those who make them with their heartbeats, and of a service in the last hour.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Time, object};

/// What a process says of itself with a heartbeat; everything is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"cpu": 0.31, "in_flight": 4, "requests": 120, "errors": 2,
    "calls": [{"service": "orders", "count": 80, "errors": 1, "latency": [0, 0, 12, 60, 8]}]}))]
pub struct Heartbeat {
    /// Share of its processors that is busy, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub cpu: Option<f64>,
    /// Calls it is serving now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// Calls it served since the last heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How many of those failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// What it called since the last heartbeat, each service once.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "object::list"
    )]
    #[schema(max_items = 100)]
    pub calls: Vec<CallReport>,
}

/// Calls of one process to one service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CallReport {
    /// The service that was called, in the namespace of the request.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub service: String,
    /// How often.
    #[schema(maximum = 4294967295_u32)]
    pub count: u32,
    /// How many of those failed.
    #[serde(default)]
    #[schema(maximum = 4294967295_u32)]
    pub errors: u32,
    /// How many took how long: bucket i holds those of up to 100 µs · 2^(i/2), the last all that are slower.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 40)]
    pub latency: Vec<u32>,
}

/// What was told of calls to a service in the last hour, to this node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStats {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// All of the hour.
    pub total: CallStats,
    /// Minutes in which calls were told of, oldest first.
    pub minutes: Vec<MinuteStats>,
    /// Who called, by service, most calls first.
    pub callers: Vec<CallerStats>,
    /// What its instances last said of themselves, added up.
    pub load: ServiceLoad,
}

/// Calls and how long they took. Times are in seconds, each the upper bound of its bucket; absent without calls.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct CallStats {
    /// How many.
    pub count: u64,
    /// How many of those failed.
    pub errors: u64,
    /// Half of them took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub p50: Option<f64>,
    /// Nine of ten took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub p90: Option<f64>,
    /// Ninety-nine of a hundred took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub p99: Option<f64>,
}

/// One minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MinuteStats {
    /// Its beginning.
    pub at: Time,
    /// Its calls.
    #[serde(flatten)]
    pub calls: CallStats,
    /// How many took how long, by bucket, up to the last that was told of.
    pub latency: Vec<u64>,
}

/// One service that called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallerStats {
    /// The service of the process that called; `-` where that registered none, or there are too many callers.
    pub caller: String,
    /// Its calls.
    #[serde(flatten)]
    pub calls: CallStats,
}

/// What the instances of a service last said of themselves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ServiceLoad {
    /// Instances that said something.
    pub reporting: usize,
    /// The mean of their processors' busy shares; absent where none said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cpu: Option<f64>,
    /// Calls they are serving now.
    pub in_flight: u64,
    /// Calls they served in the time of their last heartbeats.
    pub requests: u64,
    /// How many of those failed.
    pub errors: u64,
}
