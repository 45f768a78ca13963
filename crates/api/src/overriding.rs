//! An administrator's word on an instance.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Status, Time};

/// The status an administrator sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"status": "maintenance", "reason": "new disk"}))]
pub struct OverrideRequest {
    /// The status that shall hold.
    pub status: Status,
    /// Why; shown by explain and in the events.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub reason: String,
}

/// An administrator's word, as it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverrideInfo {
    /// The status that holds.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// Who said so.
    #[schema(example = "token:ops")]
    pub by: String,
    /// When.
    pub at: Time,
}

/// The overrides of a service, in the order of the instances' ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverrideList {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The overrides.
    pub overrides: Vec<OverrideEntry>,
}

/// An override, and the instance that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OverrideEntry {
    /// The instance's id.
    pub id: String,
    /// Whether that is registered.
    pub registered: bool,
    /// What holds.
    #[serde(flatten)]
    pub word: OverrideInfo,
}

impl From<&paste_model::Override> for OverrideInfo {
    fn from(word: &paste_model::Override) -> Self {
        Self {
            status: word.status.into(),
            reason: word.reason.to_string(),
            by: word.by.to_string(),
            at: word.at.into(),
        }
    }
}
