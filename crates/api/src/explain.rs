//! Who may answer a request, who may not, and why.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Instance, Policy};

/// One instance, with what speaks for or against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceExplanation {
    /// Whether it may answer the request.
    pub eligible: bool,
    /// Why, or why not: one sentence for each rule that decided.
    pub reasons: Vec<String>,
    /// The instance.
    pub instance: Instance,
}

/// One choice as a consumer would make it who knows nothing but what the registry knows: no call in flight, no latency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// The instance that was chosen; absent where nobody could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chosen: Option<String>,
    /// How, a sentence for each step. Where chance decides, the next choice may be another.
    pub steps: Vec<String>,
}

/// Who may answer a request to a service, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The service's revision.
    pub revision: u64,
    /// Whether failing instances are served too, because too few are healthy.
    pub protected: bool,
    /// The percentage of healthy instances below which that is so.
    pub protect_threshold: u8,
    /// How many instances have status `up`.
    pub up: usize,
    /// How many of those are healthy.
    pub healthy: usize,
    /// The whole in a sentence.
    pub summary: String,
    /// The policy that holds; absent where the defaults do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub policy: Option<Policy>,
    /// A choice, with its working.
    pub choice: Choice,
    /// Every instance, in id order.
    pub instances: Vec<InstanceExplanation>,
}
