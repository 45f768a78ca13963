//! Policies on the wire: how the consumers of a service choose among its instances. What each field means is defined in
//! `conformance/README.md`.

mod convert;
mod parts;
#[cfg(test)]
mod tests;

pub use parts::{
    Balancer, BalancerKind, Locality, OutlierDetection, PolicyRule, PolicySubset, PolicyUsers,
    Retries, SlowStart, Timeouts,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Time, object};

/// How the consumers of a service choose and call its instances. What is left out has its default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({
    "balancer": {"kind": "peak_ewma"},
    "subsets": [{"name": "stable", "version": "^1", "weight": 95}, {"name": "canary", "version": "^2", "weight": 5}],
    "rules": [{"headers": {"x-beta": "1"}, "subset": "canary"}]
}))]
pub struct Policy {
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub description: String,
    /// How one of several is chosen.
    #[serde(deserialize_with = "object::one")]
    pub balancer: Balancer,
    /// Parts of the service that traffic is divided among, at most 32.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "object::list"
    )]
    #[schema(max_items = 32)]
    pub subsets: Vec<PolicySubset>,
    /// Requests that go to a subset whatever the weights say, at most 64; the first that applies decides.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "object::list"
    )]
    #[schema(max_items = 64)]
    pub rules: Vec<PolicyRule>,
    /// Near before far.
    #[serde(deserialize_with = "object::one")]
    pub locality: Locality,
    /// Who is left alone for a while because calls to it failed.
    #[serde(deserialize_with = "object::one")]
    pub outlier_detection: OutlierDetection,
    /// What is tried again.
    #[serde(deserialize_with = "object::one")]
    pub retries: Retries,
    /// How long a call may take.
    #[serde(deserialize_with = "object::one")]
    pub timeouts: Timeouts,
    /// How traffic of a newcomer grows.
    #[serde(deserialize_with = "object::one")]
    pub slow_start: SlowStart,
    /// In place of the threshold of the service's settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub protect_threshold: Option<u8>,
}

/// A policy as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServicePolicy {
    /// Of which service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision of its record, for `If-Match`; 0 where it was a trial.
    pub revision: u64,
    /// Its number among the policies of this service, from 1.
    pub number: u64,
    /// What holds.
    pub policy: Policy,
    /// Why it was set.
    pub comment: String,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Time,
}

/// One line of the history of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRelease {
    /// Its number, from 1.
    pub number: u64,
    /// What held from then on; absent where the policy was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub policy: Option<Policy>,
    /// Why.
    pub comment: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
}

/// The policies that a service had, newest first; the last 32 are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyHistory {
    /// Of which service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision of the record.
    pub revision: u64,
    /// The policies.
    pub releases: Vec<PolicyRelease>,
}

/// A page of the services of a namespace that have a policy, in name order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyList {
    /// The namespace.
    pub namespace: String,
    /// Their policies.
    pub policies: Vec<ServicePolicy>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cursor: Option<String>,
}
