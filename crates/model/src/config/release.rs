//! Releases: what was in use, or was tried, since when, by whom and why.

use std::fmt;

use compact_str::CompactString;

use super::{Content, Format};
use crate::{Principal, Timestamp};

/// Counts the releases of one item, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ReleaseNumber(pub u64);

impl ReleaseNumber {
    /// The one after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for ReleaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a release has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is or was in use.
    Released,
    /// It is on trial.
    Gray,
    /// Its trial was ended, for this reason; it was never in use.
    Aborted(CompactString),
}

/// One line of an item's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What it says; `None`: with it the item was removed.
    pub content: Option<Content>,
    /// How that is read.
    pub format: Format,
    /// How far it has come.
    pub stage: Stage,
    /// The earlier release whose content it brings back: never itself one that brings back another.
    pub restores: Option<ReleaseNumber>,
    /// Why; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub comment: CompactString,
    /// Who released it.
    pub by: Principal,
    /// Who wrote it, where that was somebody else.
    pub author: Option<Principal>,
    /// When.
    pub at: Timestamp,
}

impl Release {
    /// The release whose content this is: `number`, its own, or the one that it brings back.
    pub fn origin(&self, number: ReleaseNumber) -> ReleaseNumber {
        self.restores.unwrap_or(number)
    }
}
