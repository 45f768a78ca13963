//! The messages of a service's policy, with those before it.

use bytes::Bytes;
use prost::Message;

use super::PairRow;

/// The policy of a service with those before it, oldest first.
#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct PolicyHistoryRow {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::record) releases: Vec<PolicyReleaseRow>,
}

/// One line of the history; without a policy it tells of a removal.
#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct PolicyReleaseRow {
    #[prost(uint64, tag = "1")]
    pub(in crate::record) number: u64,
    #[prost(message, optional, tag = "2")]
    pub(in crate::record) policy: Option<PolicyRow>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(in crate::record) comment: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(in crate::record) by: Bytes,
    #[prost(uint64, tag = "5")]
    pub(in crate::record) at_ms: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct PolicyRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(in crate::record) description: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(in crate::record) balancer: Option<BalancerRow>,
    #[prost(message, repeated, tag = "3")]
    pub(in crate::record) subsets: Vec<SubsetRow>,
    #[prost(message, repeated, tag = "4")]
    pub(in crate::record) rules: Vec<RuleRow>,
    #[prost(message, optional, tag = "5")]
    pub(in crate::record) locality: Option<LocalityRow>,
    #[prost(message, optional, tag = "6")]
    pub(in crate::record) outliers: Option<OutliersRow>,
    #[prost(message, optional, tag = "7")]
    pub(in crate::record) retries: Option<RetriesRow>,
    #[prost(message, optional, tag = "8")]
    pub(in crate::record) timeouts: Option<TimeoutsRow>,
    #[prost(message, optional, tag = "9")]
    pub(in crate::record) slow_start: Option<SlowStartRow>,
    #[prost(uint32, optional, tag = "10")]
    pub(in crate::record) protect_percent: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct BalancerRow {
    #[prost(uint32, tag = "1")]
    pub(in crate::record) kind: u32,
    #[prost(uint64, tag = "2")]
    pub(in crate::record) decay_ns: u64,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(in crate::record) hash_header: Option<Bytes>,
    #[prost(uint32, tag = "4")]
    pub(in crate::record) ring_size: u32,
    #[prost(uint32, optional, tag = "5")]
    pub(in crate::record) bounded_load_thousandths: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct SubsetRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(in crate::record) name: Bytes,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(in crate::record) version: Option<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(in crate::record) tags: Vec<Bytes>,
    #[prost(message, repeated, tag = "4")]
    pub(in crate::record) metadata: Vec<PairRow>,
    #[prost(uint32, tag = "5")]
    pub(in crate::record) weight: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct RuleRow {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::record) headers: Vec<PairRow>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(in crate::record) users_header: Option<Bytes>,
    #[prost(uint32, tag = "3")]
    pub(in crate::record) users_share: u32,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(in crate::record) zones: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "5")]
    pub(in crate::record) regions: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "6")]
    pub(in crate::record) subset: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct LocalityRow {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(in crate::record) failover_regions: Vec<Bytes>,
    #[prost(uint32, tag = "2")]
    pub(in crate::record) overprovision: u32,
    #[prost(uint32, tag = "3")]
    pub(in crate::record) panic_threshold: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct OutliersRow {
    #[prost(uint32, tag = "1")]
    pub(in crate::record) consecutive_failures: u32,
    #[prost(uint32, tag = "2")]
    pub(in crate::record) failure_percentage: u32,
    #[prost(uint32, tag = "3")]
    pub(in crate::record) failure_percentage_requests: u32,
    #[prost(uint32, tag = "4")]
    pub(in crate::record) failure_percentage_hosts: u32,
    #[prost(uint64, tag = "5")]
    pub(in crate::record) interval_ns: u64,
    #[prost(uint64, tag = "6")]
    pub(in crate::record) base_ejection_ns: u64,
    #[prost(uint64, tag = "7")]
    pub(in crate::record) max_ejection_ns: u64,
    #[prost(uint32, tag = "8")]
    pub(in crate::record) max_ejected: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct RetriesRow {
    #[prost(uint32, tag = "1")]
    pub(in crate::record) max: u32,
    #[prost(uint32, repeated, tag = "2")]
    pub(in crate::record) statuses: Vec<u32>,
    #[prost(uint32, tag = "3")]
    pub(in crate::record) budget: u32,
    #[prost(uint32, tag = "4")]
    pub(in crate::record) min_per_second: u32,
    #[prost(uint64, tag = "5")]
    pub(in crate::record) backoff_base_ns: u64,
    #[prost(uint64, tag = "6")]
    pub(in crate::record) backoff_max_ns: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct TimeoutsRow {
    #[prost(uint64, tag = "1")]
    pub(in crate::record) connect_ns: u64,
    #[prost(uint64, optional, tag = "2")]
    pub(in crate::record) per_try_ns: Option<u64>,
    #[prost(uint64, tag = "3")]
    pub(in crate::record) request_ns: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::record) struct SlowStartRow {
    #[prost(uint64, optional, tag = "1")]
    pub(in crate::record) window_ns: Option<u64>,
    #[prost(uint32, tag = "2")]
    pub(in crate::record) aggression_thousandths: u32,
    #[prost(uint32, tag = "3")]
    pub(in crate::record) min_weight: u32,
}
