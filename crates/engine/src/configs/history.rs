//! The past of an item: its releases, and what differs between two of them.

use std::sync::Arc;

use bytes::Bytes;
use paste_catalog::ConfigItem;
use paste_model::{ConfigKey, Release, ReleaseNumber, Role, Stage};

use super::document::{self, Hunk};
use super::unknown_release;
use crate::{Caller, Engine, EngineError};

/// A page of the history, newest first.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The item.
    pub item: Arc<ConfigItem>,
    /// Its releases.
    pub releases: Vec<(ReleaseNumber, Arc<Release>)>,
    /// Whether there are older ones.
    pub more: bool,
}

/// What differs between two releases.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The earlier; 0: nothing.
    pub from: ReleaseNumber,
    /// The later; 0: nothing.
    pub to: ReleaseNumber,
    /// What differs, in order.
    pub hunks: Vec<Hunk>,
}

impl Engine {
    /// Releases of an item before `before`, newest first.
    pub fn config_history(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        before: Option<ReleaseNumber>,
        limit: usize,
    ) -> Result<HistoryPage, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        let item = self.existing_config(key)?;
        let end = before.unwrap_or(ReleaseNumber(u64::MAX));
        let mut releases: Vec<_> = item
            .releases
            .range(..end)
            .rev()
            .take(limit.saturating_add(1))
            .map(|(number, (release, _))| (*number, Arc::clone(release)))
            .collect();
        let more = releases.len() > limit;
        releases.truncate(limit);
        Ok(HistoryPage {
            item,
            releases,
            more,
        })
    }

    /// What differs between two releases: unless named, between the one in use and the one that was in use before it. 0 stands
    /// for nothing at all.
    pub async fn config_diff(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        from: Option<ReleaseNumber>,
        to: Option<ReleaseNumber>,
    ) -> Result<Diff, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        let item = self.existing_config(key)?;
        let to = to.or(item.item.released).unwrap_or_default();
        let from = from.unwrap_or_else(|| in_use_before(&item, to));
        let before = self.content_of(key, &item, from).await?;
        let after = self.content_of(key, &item, to).await?;
        let hunks = tokio::task::spawn_blocking(move || document::diff(&before, &after))
            .await
            .map_err(|error| EngineError::read("comparing was interrupted", error))?;
        Ok(Diff { from, to, hunks })
    }

    /// What differs between what is in use and `content`.
    pub async fn config_changes(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        content: Bytes,
    ) -> Result<Vec<Hunk>, EngineError> {
        caller.require_config(Role::ConfigRead, key)?;
        let before = match self.config_item(key) {
            Some(item) => {
                let number = item.item.released.unwrap_or_default();
                self.content_of(key, &item, number).await?
            }
            None => Bytes::new(),
        };
        tokio::task::spawn_blocking(move || document::diff(&before, &content))
            .await
            .map_err(|error| EngineError::read("comparing was interrupted", error))
    }

    async fn content_of(
        &self,
        key: &ConfigKey,
        item: &ConfigItem,
        number: ReleaseNumber,
    ) -> Result<Bytes, EngineError> {
        if number == ReleaseNumber::default() {
            return Ok(Bytes::new());
        }
        let (release, _) = item
            .releases
            .get(&number)
            .ok_or_else(|| unknown_release(key, number))?;
        match &release.content {
            Some(content) => self.content(key, content).await,
            None => Ok(Bytes::new()),
        }
    }
}

/// The release that was in use before `number`; 0 where none is kept.
fn in_use_before(item: &ConfigItem, number: ReleaseNumber) -> ReleaseNumber {
    let earlier = item.releases.range(..number).rev();
    let found = earlier
        .into_iter()
        .find(|(_, (release, _))| release.stage == Stage::Released);
    found.map(|(number, _)| *number).unwrap_or_default()
}
