//! What is asked of configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Audience, ConfigFormat};
use crate::object;

/// Content to be released, and what changes about the item beside it. What is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"content": "port: 8080\n", "comment": "first"}))]
pub struct Publication {
    /// The content.
    pub content: String,
    /// How it is read; at first by the ending of the key, later as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ConfigFormat>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
    /// The JSON Schema that content has to fit; `false` takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<serde_json::Value>,
    /// Whether content is encrypted at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Whether a second person has to approve what is released from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<bool>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub description: Option<String>,
}

/// A reason, for what needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CommentRequest {
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
    /// Of a draft that is approved: only for these, as a gray release.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional"
    )]
    pub audience: Option<Audience>,
}

/// Where to go back to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"to": 3, "comment": "the new pool size was too small"}))]
pub struct RollbackRequest {
    /// The release to bring back; the one before the one in use unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub to: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
}

/// A gray release: begun with `content` and `audience`, widened or narrowed with `audience` alone, ended well with
/// `promote`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"content": "port: 8081\n", "audience": {"percent": 10}}))]
pub struct GrayRequest {
    /// The content to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ConfigFormat>,
    /// Who is to have it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object::optional"
    )]
    pub audience: Option<Audience>,
    /// Whether everybody is to have it now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promote: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
}

/// Several items, released together or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"comment": "the new pool", "items": [{"group": "shop", "key": "app.yaml", "content": "pool: 9\n"}]}))]
pub struct ReleaseRequest {
    /// The items, each once.
    #[schema(min_items = 1, max_items = 32)]
    #[serde(deserialize_with = "object::list")]
    pub items: Vec<ReleaseItem>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
}

/// One of several items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseItem {
    /// Its group.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub group: String,
    /// Its key.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub key: String,
    /// Its content; may only be left out where it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ConfigFormat>,
    /// Whether it is removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remove: bool,
    /// Only if the item is at this revision; 0: only if it isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_revision: Option<u64>,
}

/// Items to be copied into another namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"to": "staging", "group": "shop"}))]
pub struct CloneRequest {
    /// The other namespace.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub to: String,
    /// Only this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub group: Option<String>,
    /// Whether what is there already is replaced; else it is passed over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 1024)]
    pub comment: String,
}

/// What a process says it applied, or couldn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"session": "process-one", "acks": [{"group": "shop", "key": "app.yaml", "release": 3}]}))]
pub struct AckRequest {
    /// The session that it speaks for.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._:@#$-]*[A-Za-z0-9])?$"
    )]
    pub session: String,
    /// What it says.
    #[schema(min_items = 1, max_items = 1000)]
    #[serde(deserialize_with = "object::list")]
    pub acks: Vec<Ack>,
}

/// What a process says of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ack {
    /// The item's group.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub group: String,
    /// Its key.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
    )]
    pub key: String,
    /// The release.
    pub release: u64,
    /// Why it could not be applied; it was, unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub error: Option<String>,
}
