//! Services and their settings.

use paste_model::{ProtectThreshold, limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::namespace::text;
use crate::refusal::FieldErrors;

/// What a service's owners set for it. What is left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"protect_threshold": 50, "owners": ["team-pay"], "description": "takes orders"}))]
pub struct ServiceSettings {
    /// Percentage of healthy instances below which all with status `up` are served; 50 unless it says otherwise, 0
    /// switches protection off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub protect_threshold: Option<u8>,
    /// Who answers for it, at most 32.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub owners: Vec<String>,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub description: String,
}

/// A service with its settings and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    /// Its name.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision of the last batch that changed its answer.
    pub revision: u64,
    /// The revision of its settings, for `If-Match`; absent while it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settings_revision: Option<u64>,
    /// Percentage of healthy instances below which all with status `up` are served.
    pub protect_threshold: u8,
    /// Whether that is so now.
    pub protected: bool,
    /// Who answers for it.
    pub owners: Vec<String>,
    /// For people.
    pub description: String,
    /// How many instances it has.
    pub instances: usize,
    /// How many of them have status `up`.
    pub up: usize,
    /// How many of those are healthy.
    pub healthy: usize,
}

/// A page of services, in name order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceList {
    /// The namespace.
    pub namespace: String,
    /// The services.
    pub services: Vec<Service>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cursor: Option<String>,
}

impl TryFrom<ServiceSettings> for paste_model::ServiceSettings {
    type Error = Refusal;

    fn try_from(wire: ServiceSettings) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::default();
        let threshold = match wire.protect_threshold {
            None => Some(ProtectThreshold::default()),
            Some(percent) => ProtectThreshold::new(percent),
        };
        if threshold.is_none() {
            errors.push("protect_threshold", "must be from 0 to 100");
        }
        if wire.owners.len() > limits::OWNERS_MAX {
            let detail = format!(
                "has {} entries; the limit (owners_max) is {}",
                wire.owners.len(),
                limits::OWNERS_MAX
            );
            errors.push("owners", detail);
        }
        let settings = Self {
            protect_threshold: threshold.unwrap_or_default(),
            owners: wire
                .owners
                .into_iter()
                .enumerate()
                .map(|(index, owner)| text(&format!("owners[{index}]"), owner, &mut errors))
                .collect(),
            description: text("description", wire.description, &mut errors),
        };
        errors.unless_any(settings)
    }
}
