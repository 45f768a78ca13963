//! The protobuf messages, written by hand. Texts are declared as `bytes`, which is the same on the wire and lets them
//! be read out of the buffer without a copy; they are checked to be UTF-8 when they become nouns of the model.
//!
//! Durations are in nanoseconds, times in milliseconds since 1970, enumerations numbers fixed in `convert.rs`.

mod policy;

pub(super) use policy::{
    BalancerRow, LocalityRow, OutliersRow, PolicyHistoryRow, PolicyReleaseRow, PolicyRow,
    RetriesRow, RuleRow, SlowStartRow, SubsetRow, TimeoutsRow,
};

use bytes::Bytes;
use prost::Message;

/// A record with its key and the revision that wrote it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EntryRow {
    #[prost(uint64, tag = "1")]
    pub(crate) revision: u64,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) value: Bytes,
}

/// What was committed together.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BatchRow {
    #[prost(message, optional, tag = "1")]
    pub(super) cause: Option<CauseRow>,
    #[prost(message, repeated, tag = "2")]
    pub(super) changes: Vec<ChangeRow>,
}

/// A put, or a delete if there is no value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ChangeRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(super) value: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CauseRow {
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    #[prost(uint64, tag = "2")]
    pub(super) at_ms: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) by: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) reason: Bytes,
    #[prost(message, optional, tag = "5")]
    pub(super) about: Option<ServiceKeyRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ServiceKeyRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) namespace: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) name: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NamespaceRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) description: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ServiceRow {
    #[prost(uint32, optional, tag = "1")]
    pub(super) protect_percent: Option<u32>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(super) owners: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) description: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct InstanceRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) address: Bytes,
    #[prost(uint32, tag = "2")]
    pub(super) port: u32,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) session: Option<Bytes>,
    #[prost(bool, tag = "4")]
    pub(super) ephemeral: bool,
    #[prost(uint32, tag = "5")]
    pub(super) status: u32,
    #[prost(uint32, optional, tag = "6")]
    pub(super) weight: Option<u32>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub(super) protocol: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub(super) region: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub(super) zone: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "10")]
    pub(super) version: Option<Bytes>,
    #[prost(message, repeated, tag = "11")]
    pub(super) ports: Vec<NamedPortRow>,
    #[prost(bytes = "bytes", repeated, tag = "12")]
    pub(super) tags: Vec<Bytes>,
    #[prost(message, repeated, tag = "13")]
    pub(super) metadata: Vec<PairRow>,
    #[prost(message, repeated, tag = "14")]
    pub(super) checks: Vec<CheckRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NamedPortRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) name: Bytes,
    #[prost(uint32, tag = "2")]
    pub(super) port: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PairRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CheckRow {
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    /// The path of an http check, the service of a grpc check.
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) target: Bytes,
    #[prost(uint32, optional, tag = "3")]
    pub(super) port: Option<u32>,
    #[prost(uint64, optional, tag = "4")]
    pub(super) interval_ns: Option<u64>,
    #[prost(uint64, optional, tag = "5")]
    pub(super) timeout_ns: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionRow {
    #[prost(uint64, optional, tag = "1")]
    pub(super) ttl_ns: Option<u64>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) remove_after_ns: Option<u64>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) principal: Option<Bytes>,
    #[prost(message, optional, tag = "4")]
    pub(super) health: Option<HealthRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthRow {
    #[prost(uint32, tag = "1")]
    pub(super) state: u32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) reason: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) observer: Bytes,
    #[prost(uint64, tag = "4")]
    pub(super) since_ms: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OverrideRow {
    #[prost(uint32, tag = "1")]
    pub(super) status: u32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) reason: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) by: Bytes,
    #[prost(uint64, tag = "4")]
    pub(super) at_ms: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TokenRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) hash: Bytes,
    #[prost(message, repeated, tag = "2")]
    pub(super) grants: Vec<GrantRow>,
    #[prost(uint64, tag = "3")]
    pub(super) created_ms: u64,
    #[prost(uint64, optional, tag = "4")]
    pub(super) expires_ms: Option<u64>,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) by: Bytes,
}

/// A grant: of one service if `service` is there, of configuration if `configs` is, else of all services that begin with
/// `prefix`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct GrantRow {
    #[prost(uint32, tag = "1")]
    pub(super) role: u32,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(super) namespace: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) prefix: Bytes,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) service: Option<Bytes>,
    #[prost(message, optional, tag = "5")]
    pub(super) configs: Option<ConfigScopeRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ConfigScopeRow {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(super) group: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) prefix: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ItemRow {
    #[prost(uint32, tag = "1")]
    pub(super) format: u32,
    #[prost(uint64, optional, tag = "2")]
    pub(super) released: Option<u64>,
    #[prost(uint64, tag = "3")]
    pub(super) last: u64,
    #[prost(message, optional, tag = "4")]
    pub(super) gray: Option<GrayRow>,
    #[prost(message, optional, tag = "5")]
    pub(super) draft: Option<DraftRow>,
    #[prost(message, optional, tag = "6")]
    pub(super) schema: Option<ContentRow>,
    #[prost(bool, tag = "7")]
    pub(super) secret: bool,
    #[prost(bool, tag = "8")]
    pub(super) approval: bool,
    #[prost(bytes = "bytes", tag = "9")]
    pub(super) description: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GrayRow {
    #[prost(uint64, tag = "1")]
    pub(super) release: u64,
    #[prost(uint32, optional, tag = "2")]
    pub(super) percent: Option<u32>,
    #[prost(message, repeated, tag = "3")]
    pub(super) labels: Vec<PairRow>,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(super) zones: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "5")]
    pub(super) addresses: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub(super) instances: Vec<Bytes>,
    #[prost(uint64, tag = "7")]
    pub(super) since_ms: u64,
    #[prost(bytes = "bytes", tag = "8")]
    pub(super) by: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DraftRow {
    #[prost(message, optional, tag = "1")]
    pub(super) content: Option<ContentRow>,
    #[prost(uint32, tag = "2")]
    pub(super) format: u32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) comment: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) by: Bytes,
    #[prost(uint64, tag = "5")]
    pub(super) at_ms: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ContentRow {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) chunks: Vec<Bytes>,
    #[prost(uint64, tag = "2")]
    pub(super) size: u64,
    #[prost(uint64, tag = "3")]
    pub(super) stored: u64,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) digest: Bytes,
    /// The key that wraps the content's own; absent where it isn't encrypted.
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub(super) sealed_by: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "6")]
    pub(super) wrapped_key: Bytes,
}

/// A release: in use unless `gray`, or `aborted` and why.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ReleaseRow {
    #[prost(message, optional, tag = "1")]
    pub(super) content: Option<ContentRow>,
    #[prost(uint32, tag = "2")]
    pub(super) format: u32,
    #[prost(bool, tag = "3")]
    pub(super) gray: bool,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) aborted: Option<Bytes>,
    #[prost(uint64, optional, tag = "5")]
    pub(super) restores: Option<u64>,
    #[prost(bytes = "bytes", tag = "6")]
    pub(super) comment: Bytes,
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) by: Bytes,
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub(super) author: Option<Bytes>,
    #[prost(uint64, tag = "9")]
    pub(super) at_ms: u64,
}
