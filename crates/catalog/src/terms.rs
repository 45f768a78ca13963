//! What is set for a service as a whole: its settings and its policy.

use std::sync::{Arc, LazyLock};

use paste_model::{Policy, PolicyHistory, ProtectThreshold, Revision, ServiceSettings};

static DEFAULT_SETTINGS: LazyLock<Arc<ServiceSettings>> = LazyLock::new(Arc::default);

/// A service's settings and the revision of their record.
pub(crate) type RecordedSettings = (Arc<ServiceSettings>, Revision);

/// A service's policy, with those before it, and the revision of their record.
pub(crate) type RecordedPolicy = (Arc<PolicyHistory>, Revision);

/// What is set for a service as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Terms {
    pub(crate) settings: Option<RecordedSettings>,
    pub(crate) policy: Option<RecordedPolicy>,
}

impl Terms {
    /// Whether nothing is set: such a service is known by its instances alone.
    pub(crate) fn is_empty(&self) -> bool {
        self.settings.is_none() && self.policy.is_none()
    }

    pub(crate) fn settings(&self) -> &ServiceSettings {
        self.settings
            .as_ref()
            .map_or(&DEFAULT_SETTINGS, |(settings, _)| settings)
    }

    /// The policy that holds.
    pub(crate) fn policy(&self) -> Option<&Arc<Policy>> {
        self.policy
            .as_ref()
            .and_then(|(history, _)| history.policy())
    }

    /// The threshold that holds: that of the policy before that of the settings.
    pub(crate) fn protect_threshold(&self) -> ProtectThreshold {
        self.policy()
            .and_then(|policy| policy.protect_threshold)
            .unwrap_or(self.settings().protect_threshold)
    }
}
