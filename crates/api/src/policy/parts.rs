//! The parts of a policy, each with its defaults.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Duration, Map, object};

/// The algorithm that chooses one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BalancerKind {
    /// By chance, in proportion to the weights.
    WeightedRandom,
    /// In turn, in proportion to the weights, evenly spread.
    SmoothWrr,
    /// Of two drawn by chance the one with fewer calls in flight for its weight.
    LeastRequest,
    /// Of two drawn by chance the one with the lower latency times calls in flight, peaks remembered.
    #[default]
    PeakEwma,
    /// The same key to the same instance, by a ring of hashes.
    RingHash,
    /// The same key to the same instance, by the highest random weight.
    Rendezvous,
    /// The same key to the same instance, by Maglev's table; consumers that don't have it take `rendezvous`.
    Maglev,
    /// In proportion to what instances report of their load; consumers that don't have it take `smooth_wrr`.
    StaticStride,
}

/// An algorithm and its parameters; those of other algorithms have no effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicyBalancer)]
pub struct Balancer {
    /// The algorithm.
    pub kind: BalancerKind,
    /// peak_ewma: time in which what was observed loses weight by a factor of e; 1ms to 1h.
    pub decay: Duration,
    /// Hashing: the header whose value is the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    pub hash_header: Option<String>,
    /// ring_hash: least number of entries.
    #[schema(minimum = 1, maximum = 4096)]
    pub ring_size: u16,
    /// Hashing: how much more than its share an instance may have in flight, such as 1.25.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub bounded_load: Option<f64>,
}

/// A part of a service. All that is said must hold; one that says nothing has all instances.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct PolicySubset {
    /// Its name, once in a policy.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub name: String,
    /// A version range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "^1.4")]
    pub version: Option<String>,
    /// All of these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub tags: Vec<String>,
    /// All of these pairs.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub metadata: Map<String>,
    /// Its share of the traffic that no rule sends elsewhere; 0 for none.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub weight: u16,
}

/// Requests that go to a subset. All that is said must apply.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct PolicyRule {
    /// Headers with exactly these values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub headers: Map<String>,
    /// A share of the users.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional"
    )]
    pub users: Option<PolicyUsers>,
    /// The caller is in one of these zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub zones: Vec<String>,
    /// The caller is in one of these regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub regions: Vec<String>,
    /// The subset.
    pub subset: String,
}

/// A stable share of those that a header names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyUsers {
    /// The header.
    #[schema(min_length = 1, max_length = 128)]
    pub header: String,
    /// How many of a hundred, in hundredths.
    #[schema(minimum = 0.01, maximum = 100)]
    pub percent: f64,
}

/// Near before far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicyLocality)]
pub struct Locality {
    /// Regions to go to when the caller's own can't, in this order; the others come after them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 32)]
    pub failover_regions: Vec<String>,
    /// How many percent of what it has a place is taken to be able to carry.
    #[schema(minimum = 100, maximum = 1000)]
    pub overprovision: u16,
    /// Percentage of healthy instances below which a place is served whole; 0 switches that off.
    #[schema(minimum = 0, maximum = 100)]
    pub panic_threshold: u8,
}

/// Who is left alone for a while because calls to it failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicyOutlierDetection)]
pub struct OutlierDetection {
    /// So many failures in a row; 0 switches that off.
    #[schema(minimum = 0, maximum = 10000)]
    pub consecutive_failures: u16,
    /// So many percent of the calls of an interval; 0 switches that off.
    #[schema(minimum = 0, maximum = 100)]
    pub failure_percentage: u8,
    /// Calls that an instance must have had for that.
    #[schema(minimum = 1, maximum = 1000000)]
    pub failure_percentage_requests: u32,
    /// Instances that must have had as many for that.
    #[schema(minimum = 1, maximum = 10000)]
    pub failure_percentage_hosts: u16,
    /// How often calls are counted up; 100ms to 1h.
    pub interval: Duration,
    /// For how long, times how often before; 100ms to 1h.
    pub base_ejection: Duration,
    /// For how long at most; 100ms to 24h.
    pub max_ejection: Duration,
    /// Percentage of the instances that may be left alone at once; 0 switches all of it off.
    #[schema(minimum = 0, maximum = 100)]
    pub max_ejected: u8,
}

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicyRetries)]
pub struct Retries {
    /// Most tries after the first; 0 switches retries off.
    #[schema(minimum = 0, maximum = 10)]
    pub max: u8,
    /// Statuses of HTTP that are tried again, 400 to 599.
    #[schema(max_items = 32)]
    pub statuses: Vec<u16>,
    /// Retries for a hundred calls.
    #[schema(minimum = 1, maximum = 100)]
    pub budget: u8,
    /// Retries a second that are always allowed.
    #[schema(minimum = 0, maximum = 10000)]
    pub min_per_second: u16,
    /// Longest wait before the first retry; it doubles with each. 1ms to 1h.
    pub backoff_base: Duration,
    /// Longest wait before any; at least `backoff_base`.
    pub backoff_max: Duration,
}

/// How long a call may take, each 1ms to 1h.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicyTimeouts)]
pub struct Timeouts {
    /// Until a connection is open.
    pub connect: Duration,
    /// One try; only what is left of the whole unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_try: Option<Duration>,
    /// The whole, retries included.
    pub request: Duration,
}

/// How traffic of a newcomer grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PolicySlowStart)]
pub struct SlowStart {
    /// Until it has its full share, 1s to 1h; at once unless given, or with 0s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Duration>,
    /// How fast it grows: 1 evenly, above it faster at the beginning.
    #[schema(minimum = 0.1, maximum = 10)]
    pub aggression: f64,
    /// Least percentage of its weight.
    #[schema(minimum = 1, maximum = 100)]
    pub min_weight: u8,
}
