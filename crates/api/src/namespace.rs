//! Namespaces.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Refusal;
use crate::refusal::FieldErrors;

/// What a namespace is for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct NamespaceSettings {
    /// For people.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub description: String,
}

/// A namespace: it exists by being used or by having been made; `default` always does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
}

/// All namespaces, in name order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamespaceList {
    /// The namespaces.
    pub namespaces: Vec<Namespace>,
}

impl TryFrom<NamespaceSettings> for paste_model::NamespaceSettings {
    type Error = Refusal;

    fn try_from(wire: NamespaceSettings) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::default();
        let description = text("description", wire.description, &mut errors);
        errors.unless_any(Self { description })
    }
}

/// Free text for people, bounded.
pub(crate) fn text(
    field: &str,
    text: String,
    errors: &mut FieldErrors,
) -> compact_str::CompactString {
    let max = paste_model::limits::TEXT_BYTES_MAX;
    if text.len() > max {
        let detail = format!(
            "has {} bytes; the limit (text_bytes_max) is {max}",
            text.len()
        );
        errors.push(field, detail);
    }
    text.into()
}
