//! Many registrations and deregistrations in one request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Instance, Problem, Registration};

/// What to do with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Register it, or replace what was registered.
    Register,
    /// Take it out.
    Deregister,
}

/// One item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"action": "register", "service": "orders", "id": "a", "instance": {"address": "10.0.0.7", "port": 8080}}))]
pub struct BatchItem {
    /// What to do.
    pub action: Action,
    /// The service.
    pub service: String,
    /// The instance's id.
    pub id: String,
    /// Its namespace, if it isn't that of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What to register; needed for that and allowed for nothing else.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::object::optional"
    )]
    pub instance: Option<Registration>,
}

/// Up to 1,000 items.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct BatchRequest {
    /// Whether all succeed or fail together; then at most 32 items.
    #[serde(default)]
    pub atomic: bool,
    /// What to do, in this order.
    #[schema(max_items = 1000)]
    #[serde(deserialize_with = "crate::object::list")]
    pub items: Vec<BatchItem>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The HTTP status the item would have had alone.
    pub status: u16,
    /// The stored instance, where one was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub instance: Option<Instance>,
    /// What went wrong, where something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<Problem>,
}

/// What became of the items, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchResponse {
    /// One result for each item.
    pub results: Vec<BatchResult>,
}
