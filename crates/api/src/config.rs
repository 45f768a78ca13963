//! Configuration on the wire: items with their content, their releases, gray releases, and who has which.

mod ask;
mod audience;
mod shown;

pub use ask::{
    Ack, AckRequest, CloneRequest, CommentRequest, GrayRequest, Publication, ReleaseItem,
    ReleaseRequest, RollbackRequest,
};
pub use audience::Audience;
pub use shown::{
    Acknowledged, Applied, Cloned, Config, ConfigChanged, ConfigDiff, ConfigHunk, ConfigLine,
    ConfigList, ConfigRelease, ConfigSummary, ConfigTerms, Draft, EffectiveConfig, EffectiveList,
    Gray, Hidden, LineChange, MatchedLine, Published, Reach, ReleaseList, ReleaseStage,
    ReleasedTogether, Releasing, Subscriber, SubscriberList,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How content is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConfigFormat {
    /// Any text.
    Text,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// Java properties.
    Properties,
}

impl From<ConfigFormat> for paste_model::Format {
    fn from(format: ConfigFormat) -> Self {
        match format {
            ConfigFormat::Text => Self::Text,
            ConfigFormat::Json => Self::Json,
            ConfigFormat::Yaml => Self::Yaml,
            ConfigFormat::Toml => Self::Toml,
            ConfigFormat::Properties => Self::Properties,
        }
    }
}

impl From<paste_model::Format> for ConfigFormat {
    fn from(format: paste_model::Format) -> Self {
        match format {
            paste_model::Format::Text => Self::Text,
            paste_model::Format::Json => Self::Json,
            paste_model::Format::Yaml => Self::Yaml,
            paste_model::Format::Toml => Self::Toml,
            paste_model::Format::Properties => Self::Properties,
        }
    }
}
