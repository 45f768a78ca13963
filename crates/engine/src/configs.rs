//! Live configuration: items, their releases, who has which, and secrets.
//!
//! A release is written in two steps: its content goes into blobs, then one batch writes the small records that point to
//! them and expects them to be there. So whoever sees a release can read it, and what a crash leaves between the two is
//! only a blob that nobody points to, which the janitor collects.
//!
//! Invariants: what a format or a schema forbids is refused before anything is written. A release that is in use or on
//! trial is never dropped. Content of secrets is sealed before it leaves this room, and is never logged.

mod abort;
mod ask;
mod clone;
mod content;
mod document;
mod drafts;
mod edit;
mod effective;
mod gray;
mod history;
pub(crate) mod janitor;
mod prepare;
mod publish;
mod reading;
mod receivers;
mod rollback;
mod search;
mod several;
#[cfg(test)]
mod tests;
mod vault;
pub(crate) mod watchman;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_catalog::{ConfigItem, Transition};
use paste_model::limits::CONFIG_BYTES_DEFAULT;
use paste_model::{ConfigKey, Format, Principal, ReleaseNumber, Role};

pub use ask::{
    Clone, Cloned, GrayTerms, Publication, Published, Reach, Removal, SeveralItem, Terms,
};
pub use document::{Change as LineChange, Hunk, unified};
pub use effective::Effective;
pub use history::{Diff, HistoryPage};
pub use reading::{Shown, Which};
pub use receivers::{Ack, Following, Subscriber};
pub use search::{Found, SearchPage, Wanted};
pub use vault::{Vault, VaultError};

use crate::{Caller, Engine, EngineError};
use content::Cache;
use receivers::Receivers;

/// What of configuration can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Largest content of one item, in bytes; at most [`paste_model::limits::CONFIG_BYTES_MAX`].
    pub item_bytes_max: usize,
    /// Most bytes that a namespace may keep, history included, as they are stored.
    pub namespace_bytes_max: u64,
    /// Releases of one item that are kept.
    pub releases_max: usize,
    /// How long a release is kept that is no longer in use.
    pub release_age_max: Duration,
    /// Content kept in memory, in bytes.
    pub cache_bytes: u64,
    /// The keys of secrets.
    pub vault: Vault,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            item_bytes_max: CONFIG_BYTES_DEFAULT,
            namespace_bytes_max: 1024 * 1024 * 1024,
            releases_max: 100,
            release_age_max: Duration::from_secs(180 * 24 * 60 * 60),
            cache_bytes: 64 * 1024 * 1024,
            vault: Vault::none(),
        }
    }
}

/// The room of configuration.
pub(crate) struct Configs {
    config: Config,
    cache: Cache,
    receivers: Receivers,
    /// Items with a release on trial.
    trials: Mutex<HashSet<ConfigKey, RandomState>>,
}

impl Configs {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            cache: Cache::new(config.cache_bytes),
            config,
            receivers: Receivers::default(),
            trials: Mutex::default(),
        }
    }

    /// Takes note of what happened to the view.
    pub(crate) fn observe(&self, transition: &Transition) {
        if let Transition::Config { key, after, .. } = transition {
            let on_trial = after
                .as_ref()
                .is_some_and(|after| after.item.gray.is_some());
            let mut trials = self.trials.lock();
            if on_trial {
                trials.insert(key.clone());
            } else {
                trials.remove(key);
            }
        }
    }

    /// Takes note of everything anew.
    pub(crate) fn reset(&self, items: &[Arc<ConfigItem>]) {
        let on_trial = items.iter().filter(|item| item.item.gray.is_some());
        *self.trials.lock() = on_trial.map(|item| item.key.clone()).collect();
        self.warn_of_missing_keys(items);
    }

    /// Says at the start, and not only to whoever asks for one, that secrets can't be opened.
    fn warn_of_missing_keys(&self, items: &[Arc<ConfigItem>]) {
        let known: HashSet<&str> = self.config.vault.key_names().collect();
        let releases = items.iter().flat_map(|item| item.releases.values());
        let contents = releases.filter_map(|(release, _)| release.content.as_ref());
        let keys = contents.filter_map(|content| Some(content.seal.as_ref()?.key.as_str()));
        let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
        for key in keys.filter(|key| !known.contains(key)) {
            *missing.entry(key).or_default() += 1;
        }
        for (key, releases) in missing {
            tracing::warn!(
                key,
                releases,
                "secrets can't be opened: their key is not in configs.secret_keys_file"
            );
        }
    }
}

impl Engine {
    /// Largest content of one item, in bytes.
    pub fn config_bytes_max(&self) -> usize {
        self.configs().config.item_bytes_max
    }

    /// How many streams follow configuration here, and how many acknowledgements are remembered.
    pub fn config_counts(&self) -> (usize, usize) {
        self.configs().receivers.counts()
    }

    fn config_item(&self, key: &ConfigKey) -> Option<Arc<ConfigItem>> {
        self.catalog().config(
            key.namespace.as_str(),
            key.group.as_str(),
            key.name.as_str(),
        )
    }

    /// An item that was released or drafted at some time.
    fn existing_config(&self, key: &ConfigKey) -> Result<Arc<ConfigItem>, EngineError> {
        self.config_item(key)
            .ok_or_else(|| self.unknown_config(key))
    }

    /// Says what isn't there: the item, or its whole group.
    fn unknown_config(&self, key: &ConfigKey) -> EngineError {
        let (namespace, group) = (key.namespace.as_str(), key.group.as_str());
        let group_known = !self
            .catalog()
            .configs(namespace, Some(group), "", None, 1)
            .is_empty();
        let detail = if group_known {
            format!("configuration item {key} does not exist")
        } else {
            format!("configuration item {key} does not exist; its group {group} has no items")
        };
        EngineError::NotFound {
            code: "unknown-config",
            detail,
        }
    }
}

/// Refuses an action of the same person where a second one is needed.
fn second_person(caller: &Caller, author: &Principal, key: &ConfigKey) -> Result<(), EngineError> {
    if caller.principal() == author {
        return Err(EngineError::Conflict {
            code: "second-person-needed",
            detail: format!("{author} wrote this draft of {key}; somebody else has to approve it"),
        });
    }
    Ok(())
}

/// Refuses unless the caller may both write and publish.
fn may_release(caller: &Caller, key: &ConfigKey) -> Result<(), EngineError> {
    caller.require_config(Role::ConfigWrite, key)?;
    caller.require_config(Role::ConfigPublish, key)
}

fn unknown_release(key: &ConfigKey, number: ReleaseNumber) -> EngineError {
    EngineError::NotFound {
        code: "unknown-release",
        detail: format!("configuration item {key} has no release {number}, or no longer"),
    }
}

/// Refuses content that can't be read in its format, in one line with the place.
pub fn check_content(format: Format, content: &[u8]) -> Result<(), String> {
    document::check(format, content).map_err(|error| error.to_string())
}

/// Refuses content that a JSON Schema forbids, naming each place.
pub fn fits_schema(schema: &[u8], format: Format, content: &[u8]) -> Result<(), EngineError> {
    prepare::checked(schema, format, content)
}

/// Content as it was published.
type Plain = Bytes;
