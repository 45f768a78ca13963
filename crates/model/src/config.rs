//! Live configuration: items, their unbroken history of releases, gray releases, and drafts that wait for approval.
//!
//! An item is one small record that says which release is in use; each release is a small record of its own that points to
//! its content, which lies in blobs. So a change of what is in use is one write, and nothing of the past is written again.

mod audience;
mod content;
mod format;
mod release;

use std::fmt;

use compact_str::CompactString;

pub use audience::{Audience, InvalidAudience, Receiver};
pub use content::{Content, Seal};
pub use format::Format;
pub use release::{Release, ReleaseNumber, Stage};

use crate::{ConfigGroup, ConfigName, Namespace, Principal, Timestamp};

/// A configuration item, named in full.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigKey {
    /// Where it lives.
    pub namespace: Namespace,
    /// Its group there.
    pub group: ConfigGroup,
    /// Its name in the group.
    pub name: ConfigName,
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.group, self.name)
    }
}

/// What is recorded of a configuration item. An item that was removed keeps its record and its history, without a release
/// in use, until its retention ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// How its content is read.
    pub format: Format,
    /// The release in use; `None`: it was removed, or has only a draft so far.
    pub released: Option<ReleaseNumber>,
    /// The number that was given last.
    pub last: ReleaseNumber,
    /// A release on trial, beside the one in use.
    pub gray: Option<Gray>,
    /// What waits for approval.
    pub draft: Option<Draft>,
    /// The JSON Schema that its content has to fit.
    pub schema: Option<Content>,
    /// Whether its content is encrypted at rest and shown only to those with the right.
    pub secret: bool,
    /// Whether a second person has to approve what is released.
    pub approval: bool,
    /// For people; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub description: CompactString,
}

impl Item {
    /// An item of that format that has never been released.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            released: None,
            last: ReleaseNumber::default(),
            gray: None,
            draft: None,
            schema: None,
            secret: false,
            approval: false,
            description: CompactString::default(),
        }
    }

    /// The release that `receiver` is to have.
    pub fn release_for(&self, on_trial: bool) -> Option<ReleaseNumber> {
        match &self.gray {
            Some(gray) if on_trial => Some(gray.release),
            _ => self.released,
        }
    }
}

/// A release on trial with some receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gray {
    /// Which release.
    pub release: ReleaseNumber,
    /// Who is to have it.
    pub audience: Audience,
    /// Since when it is with this audience.
    pub since: Timestamp,
    /// Who decided on this audience.
    pub by: Principal,
}

/// Content that waits for approval by a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What would be released; `None`: the item would be removed.
    pub content: Option<Content>,
    /// How it would be read.
    pub format: Format,
    /// Why.
    pub comment: CompactString,
    /// Who wrote it.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}
