//! What is shown of configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Audience, ConfigFormat};
use crate::Time;

/// An item with the content that the caller is to have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Config {
    /// Its namespace.
    pub namespace: String,
    /// Its group.
    pub group: String,
    /// Its key.
    pub key: String,
    /// The revision of the item, for `If-Match`: it grows with every change of it.
    pub revision: u64,
    /// The release whose content this is.
    pub release: u64,
    /// How the content is read.
    pub format: ConfigFormat,
    /// The content.
    pub content: String,
    /// Whether this release is on trial, and the caller takes part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gray: bool,
    /// Whether it is a secret.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// Why it was released.
    pub comment: String,
    /// Who released it.
    pub by: String,
    /// When.
    pub at: Time,
}

/// A `config` event of the watch stream: what the subscriber is to have of an item now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigChanged {
    /// Its namespace.
    pub namespace: String,
    /// Its group.
    pub group: String,
    /// Its key.
    pub key: String,
    /// The revision of the item; 0 where it doesn't exist.
    pub revision: u64,
    /// The release; 0 where there is none.
    pub release: u64,
    /// How the content is read; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub format: Option<ConfigFormat>,
    /// The content; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<String>,
    /// Whether this release is on trial.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gray: bool,
    /// Whether it is a secret, which is not to be kept on disk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// Whether there is no such item (any more).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// The code of what keeps this node from reading it, such as `secret-key-missing`: go on with what you have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}

/// An item without its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigSummary {
    /// Its group.
    pub group: String,
    /// Its key.
    pub key: String,
    /// Its revision.
    pub revision: u64,
    /// The release in use; absent while there is only a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub release: Option<u64>,
    /// How it is read.
    pub format: ConfigFormat,
    /// Length of what is in use, in bytes.
    pub size: u64,
    /// What holds for it beside its content.
    #[serde(flatten)]
    pub terms: ConfigTerms,
    /// The release on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gray: Option<Gray>,
    /// What waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub draft: Option<Draft>,
    /// The first line that has the text that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub matched: Option<MatchedLine>,
}

/// What holds for an item beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigTerms {
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether a second person has to approve what is released.
    pub approval: bool,
    /// Whether its content has to fit a JSON Schema.
    pub schema: bool,
    /// For people.
    pub description: String,
}

/// A line of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MatchedLine {
    /// Its number, from 1.
    pub line: usize,
    /// What it says, up to 200 characters.
    pub text: String,
}

/// A release on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gray {
    /// Which.
    pub release: u64,
    /// Who is to have it.
    pub audience: Audience,
    /// Since when it is with this audience.
    pub since: Time,
    /// Who decided on it.
    pub by: String,
}

/// What waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// How it is read.
    pub format: ConfigFormat,
    /// Its length in bytes.
    pub size: u64,
    /// Why.
    pub comment: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Time,
}

/// A page of items, in the order of group and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigList {
    /// The namespace.
    pub namespace: String,
    /// The items.
    pub configs: Vec<ConfigSummary>,
    /// What to send as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cursor: Option<String>,
}

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseStage {
    /// It is or was in use.
    Released,
    /// It is on trial.
    Gray,
    /// Its trial was ended; it was never in use.
    Aborted,
}

/// One line of an item's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigRelease {
    /// Its number, from 1.
    pub release: u64,
    /// How far it has come.
    pub stage: ReleaseStage,
    /// Whether it is in use.
    pub in_use: bool,
    /// Whether it removed the item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// The release whose content it brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub restores: Option<u64>,
    /// How its content is read.
    pub format: ConfigFormat,
    /// Its length in bytes.
    pub size: u64,
    /// Why it was released.
    pub comment: String,
    /// Why its trial was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aborted: Option<String>,
    /// Who released it.
    pub by: String,
    /// Who wrote it, where that was somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<String>,
    /// When.
    pub at: Time,
}

/// A page of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseList {
    /// The namespace.
    pub namespace: String,
    /// The group.
    pub group: String,
    /// The key.
    pub key: String,
    /// The item's revision.
    pub revision: u64,
    /// Its releases.
    pub releases: Vec<ConfigRelease>,
    /// Whether there are older ones: ask with `before`.
    pub more: bool,
}

/// What differs between two releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigDiff {
    /// The earlier; 0: nothing.
    pub from: u64,
    /// The later; 0: nothing.
    pub to: u64,
    /// The same in the unified format of `diff -u`.
    pub unified: String,
    /// What differs, in order.
    pub hunks: Vec<ConfigHunk>,
}

/// Lines that differ, with three around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigHunk {
    /// Its first line in the earlier, from 1.
    pub from_line: usize,
    /// How many lines of the earlier it has.
    pub from_count: usize,
    /// Its first line in the later, from 1.
    pub to_line: usize,
    /// How many lines of the later it has.
    pub to_count: usize,
    /// The lines.
    pub lines: Vec<ConfigLine>,
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigLine {
    /// What became of it.
    pub change: LineChange,
    /// What it says, without its end.
    pub text: String,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineChange {
    /// It is in both.
    Same,
    /// It is only in the earlier.
    Removed,
    /// It is only in the later.
    Added,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Published {
    /// The namespace.
    pub namespace: String,
    /// The group.
    pub group: String,
    /// The key.
    pub key: String,
    /// The item's revision now.
    pub revision: u64,
    /// The release that the change was about.
    pub release: u64,
    /// How it is read.
    pub format: ConfigFormat,
    /// Whether nothing had to change: the same content was in use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// The release on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gray: Option<Gray>,
}

/// What was released together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleasedTogether {
    /// The revision at which all of it came into use.
    pub revision: u64,
    /// The items, in the order asked.
    pub items: Vec<Published>,
}

/// The answer to releasing an item: what became of it, or what a dry run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Releasing {
    /// It is released.
    Done(Published),
    /// It would be.
    Tried(Reach),
}

/// What a change would do, without doing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reach {
    /// Subscribers that this node would send it to.
    pub subscribers: usize,
    /// Bytes that would be sent, about.
    pub bytes: u64,
    /// Whether nothing would change.
    pub unchanged: bool,
    /// What would change, in the unified format of `diff -u`.
    pub unified: String,
}

/// Who has which release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriberList {
    /// The namespace.
    pub namespace: String,
    /// The group.
    pub group: String,
    /// The key.
    pub key: String,
    /// The node that answers: it knows of those who are connected to it, and of what was acknowledged to it.
    pub node: String,
    /// The release in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub release: Option<u64>,
    /// The subscribers, by session.
    pub subscribers: Vec<Subscriber>,
}

/// One who has a release, or is to have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscriber {
    /// The session it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub session: Option<String>,
    /// The instances of that session.
    pub instances: Vec<String>,
    /// Where it is, while it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// Whether it follows the item over an open stream.
    pub connected: bool,
    /// Whether it takes part in a trial.
    pub gray: bool,
    /// The release that it is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wanted: Option<u64>,
    /// The release that was sent to it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent: Option<u64>,
    /// What it said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acknowledged: Option<Acknowledged>,
}

/// What a subscriber said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledged {
    /// Of which release.
    pub release: u64,
    /// Whether it was applied.
    pub applied: bool,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
    /// When.
    pub at: Time,
}

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// How many acknowledgements were taken.
    pub accepted: usize,
}

/// What holds for an application that reads several groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveList {
    /// The namespace.
    pub namespace: String,
    /// The groups, in the order read: later ones override.
    pub groups: Vec<String>,
    /// What holds, by key.
    pub configs: Vec<EffectiveConfig>,
}

/// What holds for one key, where it comes from, and what that hides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveConfig {
    /// What holds.
    #[serde(flatten)]
    pub config: Config,
    /// Where it comes from, in words.
    #[schema(example = "this comes from group shared, release 12")]
    pub because: String,
    /// Items of the same key in earlier groups, the nearest first.
    pub overrides: Vec<Hidden>,
}

/// An item that a later group overrides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hidden {
    /// Its group.
    pub group: String,
    /// Its release.
    pub release: u64,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cloned {
    /// Items that were released in the other namespace, as `group/key`.
    pub copied: Vec<String>,
    /// Items that were there already, and stay as they were.
    pub passed_over: Vec<String>,
}
