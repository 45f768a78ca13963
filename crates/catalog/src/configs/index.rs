//! The index of configuration items. Only the writer changes it.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use foldhash::fast::RandomState;
use papaya::Equivalent;
use parking_lot::{Mutex, RwLock};
use paste_model::{ConfigGroup, ConfigKey, ConfigName, Namespace};

use super::{ConfigItem, Releases};

/// The index of items.
#[derive(Default)]
pub(crate) struct Configs {
    items: papaya::HashMap<ConfigKey, Arc<ConfigItem>, RandomState>,
    listing: RwLock<BTreeMap<Namespace, Space>>,
    /// Releases of items that have no record. Only the writer takes this lock, so it never waits.
    loose: Mutex<HashMap<ConfigKey, Arc<Releases>, RandomState>>,
}

/// What is listed of a namespace.
#[derive(Default)]
struct Space {
    groups: BTreeMap<ConfigGroup, BTreeMap<ConfigName, Arc<ConfigItem>>>,
    /// What its items' contents take in the store.
    bytes: u64,
}

/// An item's name, borrowed; hashed as a [`ConfigKey`] is.
#[derive(Hash)]
struct Name<'a> {
    namespace: &'a str,
    group: &'a str,
    name: &'a str,
}

impl Equivalent<ConfigKey> for Name<'_> {
    fn equivalent(&self, key: &ConfigKey) -> bool {
        self.name == key.name.as_str()
            && self.group == key.group.as_str()
            && self.namespace == key.namespace.as_str()
    }
}

impl Configs {
    /// An item that has a record.
    pub(crate) fn find(&self, namespace: &str, group: &str, name: &str) -> Option<Arc<ConfigItem>> {
        let name = Name {
            namespace,
            group,
            name,
        };
        self.items.pin().get(&name).cloned()
    }

    pub(super) fn get(&self, key: &ConfigKey) -> Option<Arc<ConfigItem>> {
        self.items.pin().get(key).cloned()
    }

    /// Releases that wait for their item.
    pub(super) fn loose(&self, key: &ConfigKey) -> Option<Arc<Releases>> {
        self.loose.lock().get(key).cloned()
    }

    /// Keeps releases until their item comes; none are forgotten.
    pub(super) fn set_loose(&self, key: &ConfigKey, releases: Option<Arc<Releases>>) {
        let mut loose = self.loose.lock();
        match releases {
            Some(releases) => {
                loose.insert(key.clone(), releases);
            }
            None => {
                loose.remove(key);
            }
        }
    }

    /// Puts an item in the place of the one before, or takes it away.
    pub(super) fn swap(
        &self,
        key: &ConfigKey,
        before: Option<&ConfigItem>,
        after: Option<&Arc<ConfigItem>>,
    ) {
        match after {
            Some(after) => {
                self.items.pin().insert(key.clone(), Arc::clone(after));
            }
            None => {
                self.items.pin().remove(key);
            }
        }
        let bytes = |item: Option<&ConfigItem>| item.map_or(0, ConfigItem::stored_bytes);
        let (taken, freed) = (bytes(after.map(|after| &**after)), bytes(before));
        let mut listing = self.listing.write();
        let space = listing.entry(key.namespace.clone()).or_default();
        space.bytes = (space.bytes + taken).saturating_sub(freed);
        match after {
            Some(after) => {
                let group = space.groups.entry(key.group.clone()).or_default();
                group.insert(key.name.clone(), Arc::clone(after));
            }
            None => space.forget(key),
        }
        if space.groups.is_empty() {
            listing.remove(&key.namespace);
        }
    }

    /// See [`crate::Catalog::configs`].
    pub(crate) fn list(
        &self,
        namespace: &str,
        group: Option<&str>,
        prefix: &str,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Vec<Arc<ConfigItem>> {
        let listing = self.listing.read();
        let Some(space) = listing.get(namespace) else {
            return Vec::new();
        };
        let first = group.or(after.map(|(group, _)| group)).unwrap_or_default();
        let groups = space
            .groups
            .range::<str, _>((Bound::Included(first), Bound::Unbounded));
        let groups =
            groups.take_while(|(name, _)| group.is_none_or(|group| group == name.as_str()));
        let items = groups.flat_map(|(name, items)| {
            let start = match after {
                Some((group, after)) if group == name.as_str() && after >= prefix => {
                    Bound::Excluded(after)
                }
                _ => Bound::Included(prefix),
            };
            // Where a page ended in a later group, this one has been passed.
            let passed = after.is_some_and(|(group, _)| name.as_str() < group);
            let items = items.range::<str, _>((start, Bound::Unbounded));
            items
                .take_while(move |(name, _)| !passed && name.as_str().starts_with(prefix))
                .map(|(_, item)| Arc::clone(item))
        });
        items.take(limit).collect()
    }

    /// Every item of a group, in order.
    pub(crate) fn group(&self, namespace: &str, group: &str) -> Vec<Arc<ConfigItem>> {
        let listing = self.listing.read();
        let items = listing
            .get(namespace)
            .and_then(|space| space.groups.get(group));
        items
            .map(|items| items.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Every item, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<ConfigItem>> {
        self.items.pin().values().cloned().collect()
    }

    /// Releases without an item.
    pub(crate) fn all_loose(&self) -> Vec<(ConfigKey, Arc<Releases>)> {
        let loose = self.loose.lock();
        loose
            .iter()
            .map(|(key, releases)| (key.clone(), Arc::clone(releases)))
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// What the contents of a namespace's items take in the store, in bytes.
    pub(crate) fn bytes(&self, namespace: &str) -> u64 {
        self.listing
            .read()
            .get(namespace)
            .map_or(0, |space| space.bytes)
    }
}

impl Space {
    fn forget(&mut self, key: &ConfigKey) {
        if let Some(group) = self.groups.get_mut(&key.group) {
            group.remove(&key.name);
            if group.is_empty() {
                self.groups.remove(&key.group);
            }
        }
    }
}
