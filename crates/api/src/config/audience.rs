//! Who is to have a release on trial.

use paste_model::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::refusal::FieldErrors;
use crate::{Map, Refusal};

/// Who is to have a release on trial: all that is said must apply; of several zones, addresses or instances any one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"percent": 10, "zones": ["eu-1"]}))]
pub struct Audience {
    /// So many of a hundred sessions, by a stable hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: Option<u8>,
    /// All of these labels: of the request, or of the metadata of the session's instances.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub labels: Map<String>,
    /// In one of these zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub zones: Vec<String>,
    /// At one of these addresses: of the connection, or of the session's instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub addresses: Vec<String>,
    /// One of these instances, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub instances: Vec<String>,
}

impl TryFrom<Audience> for paste_model::Audience {
    type Error = Refusal;

    fn try_from(wire: Audience) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::default();
        let texts = |texts: Vec<String>| texts.into_iter().map(Into::into).collect();
        let audience = Self {
            percent: wire.percent,
            labels: wire
                .labels
                .0
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            zones: texts(wire.zones),
            addresses: texts(wire.addresses),
            instances: wire
                .instances
                .iter()
                .enumerate()
                .filter_map(|(place, id)| {
                    errors.keep(format!("audience.instances[{place}]"), InstanceId::new(id))
                })
                .collect(),
        };
        if let Err(error) = audience.validate() {
            errors.push("audience", error);
        }
        errors.unless_any(audience)
    }
}

impl From<&paste_model::Audience> for Audience {
    fn from(audience: &paste_model::Audience) -> Self {
        let texts = |texts: &[_]| texts.iter().map(ToString::to_string).collect();
        Self {
            percent: audience.percent,
            labels: (audience.labels.iter())
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            zones: texts(&audience.zones),
            addresses: texts(&audience.addresses),
            instances: audience.instances.iter().map(ToString::to_string).collect(),
        }
    }
}
