//! Changes of items on their way into the view.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use paste_model::{ConfigKey, Item, Release, ReleaseNumber, Revision};

use super::{ConfigItem, Releases};
use crate::shared::Shared;
use crate::slots::Slots;
use crate::transition::Transition;

/// Changes by item.
#[derive(Default)]
pub(crate) struct ConfigEdits(HashMap<ConfigKey, Edit, RandomState>);

/// A release's record and the revision that wrote it; `None`: it goes.
type ReleaseEdit = (ReleaseNumber, Option<(Arc<Release>, Revision)>);

/// Changes of one item.
#[derive(Default)]
struct Edit {
    /// `Some(None)`: its record goes.
    item: Option<Option<(Arc<Item>, Revision)>>,
    releases: Vec<ReleaseEdit>,
}

impl ConfigEdits {
    /// An item's record is written, or goes.
    pub(crate) fn item(&mut self, key: &ConfigKey, item: Option<(Arc<Item>, Revision)>) {
        self.0.entry(key.clone()).or_default().item = Some(item);
    }

    /// A release's record is written, or goes.
    pub(crate) fn release(
        &mut self,
        key: &ConfigKey,
        number: ReleaseNumber,
        release: Option<(Arc<Release>, Revision)>,
    ) {
        let edit = self.0.entry(key.clone()).or_default();
        edit.releases.push((number, release));
    }

    /// Swaps the items, tells those who follow them, and writes down what happened.
    pub(crate) fn finish(self, shared: &Shared, mut transitions: Option<&mut Vec<Transition>>) {
        for (key, edit) in self.0 {
            let before = shared.configs.get(&key);
            let after = edit.joined(&key, before.as_deref(), shared);
            if before.is_none() && after.is_none() {
                continue;
            }
            shared.configs.swap(&key, before.as_deref(), after.as_ref());
            shared.followers.mark(&key);
            if let Some(transitions) = &mut transitions {
                transitions.push(Transition::Config { key, before, after });
            }
        }
    }
}

impl Edit {
    /// The item as it is with this edit; what is left of its releases without it waits.
    fn joined(
        self,
        key: &ConfigKey,
        before: Option<&ConfigItem>,
        shared: &Shared,
    ) -> Option<Arc<ConfigItem>> {
        let loose = match before {
            Some(_) => None,
            None => shared.configs.loose(key),
        };
        let releases = before
            .map(|before| Arc::clone(&before.releases))
            .or(loose)
            .unwrap_or_default();
        let releases = edited(releases, self.releases);
        let unchanged = || before.map(|before| (Arc::clone(&before.item), before.revision));
        match self.item.unwrap_or_else(unchanged) {
            Some((item, revision)) => {
                if before.is_none() {
                    shared.configs.set_loose(key, None);
                }
                Some(Arc::new(ConfigItem {
                    key: key.clone(),
                    item,
                    revision,
                    releases,
                    slots: Slots::default(),
                }))
            }
            None => {
                let left = (!releases.is_empty()).then_some(releases);
                shared.configs.set_loose(key, left);
                None
            }
        }
    }
}

fn edited(releases: Arc<Releases>, changes: Vec<ReleaseEdit>) -> Arc<Releases> {
    if changes.is_empty() {
        return releases;
    }
    let mut releases = Arc::unwrap_or_clone(releases);
    for (number, release) in changes {
        match release {
            Some(release) => {
                releases.insert(number, release);
            }
            None => {
                releases.remove(&number);
            }
        }
    }
    Arc::new(releases)
}
