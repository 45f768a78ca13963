//! What is asked of configuration, and what is answered to changes.

use std::sync::Arc;

use bytes::Bytes;
use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::{Audience, ConfigGroup, ConfigKey, Format, Namespace, ReleaseNumber, Revision};

/// Content to be released, tried or drafted.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The content, as it is to be read.
    pub content: Bytes,
    /// How it is read; what the item has, or what the ending of its name says, unless given.
    pub format: Option<Format>,
    /// Why.
    pub comment: CompactString,
    /// What changes about the item beside its content.
    pub terms: Terms,
}

/// What changes about an item beside its content; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The JSON Schema that content has to fit; `Some(None)` takes it away.
    pub schema: Option<Option<Bytes>>,
    /// Whether content is encrypted and hidden.
    pub secret: Option<bool>,
    /// Whether a second person has to approve what is released.
    pub approval: Option<bool>,
    /// For people.
    pub description: Option<CompactString>,
}

/// Why an item is removed.
#[derive(Debug, Clone, Default)]
pub struct Removal {
    /// Why.
    pub comment: CompactString,
}

/// A release on trial that is begun, widened or promoted.
#[derive(Debug, Clone)]
pub enum GrayTerms {
    /// Begins: this content, with this audience.
    Begin(Publication, Audience),
    /// Goes on with another audience.
    Audience(Audience),
    /// Ends well: everybody is to have it.
    Promote,
}

/// What became of a change.
#[derive(Debug, Clone)]
pub struct Published {
    /// The item as it is now.
    pub item: Arc<ConfigItem>,
    /// The release that the change was about.
    pub number: ReleaseNumber,
    /// The revision of the change; of the item, where nothing had to change.
    pub revision: Revision,
    /// Whether the item had no release before.
    pub created: bool,
    /// Whether nothing had to change: the same content was in use.
    pub unchanged: bool,
}

/// Whom a change would reach now, through this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Subscribers that are connected.
    pub subscribers: usize,
    /// Bytes that would be sent to them, about.
    pub bytes: u64,
    /// Whether it would change anything.
    pub unchanged: bool,
}

/// One of several items that are released together.
#[derive(Debug, Clone)]
pub struct SeveralItem {
    /// Which.
    pub key: ConfigKey,
    /// What; `None` removes it.
    pub publication: Option<Publication>,
    /// Only if the item is at this revision; 0: only if it isn't there.
    pub condition: Option<Revision>,
}

/// Items to be copied from one namespace to another.
#[derive(Debug, Clone)]
pub struct Clone {
    /// From where.
    pub from: Namespace,
    /// To where.
    pub to: Namespace,
    /// Only this group.
    pub group: Option<ConfigGroup>,
    /// Whether items that are there already are replaced; else they are passed over.
    pub overwrite: bool,
    /// Why.
    pub comment: CompactString,
}

/// What was copied.
#[derive(Debug, Clone, Default)]
pub struct Cloned {
    /// Items that were released in the other namespace.
    pub copied: Vec<ConfigKey>,
    /// Items that were there already, and stay as they were.
    pub passed_over: Vec<ConfigKey>,
}

impl Terms {
    /// Whether anything is to change.
    pub(super) fn changes_something(&self) -> bool {
        self.schema.is_some()
            || self.secret.is_some()
            || self.approval.is_some()
            || self.description.is_some()
    }
}
