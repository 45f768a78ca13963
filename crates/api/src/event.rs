//! The timeline.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// One line of the timeline: what changed, when, why, seen by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its place: what to send as `after` to go on from here.
    pub cursor: String,
    /// The revision of the batch that it tells of.
    pub revision: u64,
    /// When.
    pub at: Time,
    /// The instance, unless it is about the whole service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub instance: Option<String>,
    /// What happened, for example `registered` or `failing`.
    #[schema(example = "registered")]
    pub kind: String,
    /// Who did or saw it.
    pub by: String,
    /// Why; may be empty where the kind says it all.
    pub reason: String,
    /// Whether events before this one are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gap: bool,
}

/// Events of a service, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventList {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The events.
    pub events: Vec<Event>,
    /// What to send as `after` for those that follow; absent where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cursor: Option<String>,
}
