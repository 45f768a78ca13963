//! Configuration items as the view knows them: found by name without a lock, listed in order under a short one.
//!
//! Invariants: an item is shown exactly while it has a record; releases that have none wait for it. A batch that touches an
//! item and its releases is seen whole: the item is swapped once. Those who follow an item are told after the swap, and
//! before the view's revision moves.

mod edits;
mod follower;
mod index;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use paste_model::{ConfigKey, Content, Item, Release, ReleaseNumber, Revision};

pub use follower::{ConfigFollower, ConfigTopic};

pub(crate) use edits::ConfigEdits;
pub(crate) use follower::Followers;
pub(crate) use index::Configs;

use crate::slots::Slots;

/// Releases of an item, the newest last, each with the revision of its record.
pub type Releases = BTreeMap<ReleaseNumber, (Arc<Release>, Revision)>;

/// A configuration item at one moment.
#[derive(Debug)]
pub struct ConfigItem {
    /// Its name.
    pub key: ConfigKey,
    /// What is recorded of it.
    pub item: Arc<Item>,
    /// Of that record: it grows with every change of the item.
    pub revision: Revision,
    /// Its history.
    pub releases: Arc<Releases>,
    /// Where fronts keep what they made of it.
    pub slots: Slots,
}

impl ConfigItem {
    /// Bytes that its contents take in the store, each counted once.
    fn stored_bytes(&self) -> u64 {
        let releases = self.releases.values();
        let contents = releases.filter_map(|(release, _)| release.content.as_ref());
        let draft = self
            .item
            .draft
            .as_ref()
            .and_then(|draft| draft.content.as_ref());
        let contents = contents.chain(draft).chain(self.item.schema.as_ref());
        let distinct: BTreeMap<_, _> = contents
            .map(|content: &Content| (content.digest, content.stored))
            .collect();
        distinct.values().sum()
    }
}
