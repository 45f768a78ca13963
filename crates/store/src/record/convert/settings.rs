//! Settings of namespaces and services.

use paste_model::{NamespaceSettings, ProtectThreshold, ServiceSettings};

use super::wire::{NamespaceRow, ServiceRow};
use super::{RecordError, free_text, text};

impl From<&NamespaceSettings> for NamespaceRow {
    fn from(settings: &NamespaceSettings) -> Self {
        Self {
            description: text(&settings.description),
        }
    }
}

impl TryFrom<NamespaceRow> for NamespaceSettings {
    type Error = RecordError;

    fn try_from(row: NamespaceRow) -> Result<Self, RecordError> {
        Ok(Self {
            description: free_text("the description", &row.description)?,
        })
    }
}

impl From<&ServiceSettings> for ServiceRow {
    fn from(settings: &ServiceSettings) -> Self {
        Self {
            protect_percent: Some(settings.protect_threshold.percent().into()),
            owners: settings.owners.iter().map(|owner| text(owner)).collect(),
            description: text(&settings.description),
        }
    }
}

impl TryFrom<ServiceRow> for ServiceSettings {
    type Error = RecordError;

    fn try_from(row: ServiceRow) -> Result<Self, RecordError> {
        let threshold = |percent: u32| {
            u8::try_from(percent)
                .ok()
                .and_then(ProtectThreshold::new)
                .ok_or_else(|| {
                    RecordError::malformed(
                        "the protect threshold",
                        format!("{percent} is no percentage"),
                    )
                })
        };
        Ok(Self {
            protect_threshold: row
                .protect_percent
                .map_or_else(|| Ok(Default::default()), threshold)?,
            owners: row
                .owners
                .iter()
                .map(|owner| free_text("an owner", owner))
                .collect::<Result<_, _>>()?,
            description: free_text("the description", &row.description)?,
        })
    }
}
