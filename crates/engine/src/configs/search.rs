//! Finding items by group, by the beginning of their name, and by what their content says.

use std::sync::Arc;

use bytes::Bytes;
use paste_catalog::ConfigItem;
use paste_model::{ConfigGroup, ConfigName, Namespace, Role};

use crate::{Caller, Engine, EngineError};

/// Most bytes of content that one search looks through; it goes on from there when it is asked again.
const SEARCHED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Items taken from the view at once.
const PAGE: usize = 1_000;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where.
    pub namespace: Namespace,
    /// In this group only.
    pub group: Option<ConfigGroup>,
    /// Names that begin so.
    pub prefix: String,
    /// A text in the name, the description or the content that is in use; secrets are looked for by name alone.
    pub search: Option<String>,
    /// After this item.
    pub after: Option<(ConfigGroup, ConfigName)>,
    /// At most so many.
    pub limit: usize,
}

/// An item that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// It.
    pub item: Arc<ConfigItem>,
    /// The first line of its content that has the text, with its number from 1.
    pub line: Option<(usize, String)>,
}

/// A page of what was found, in the order of group and name.
#[derive(Debug, Clone, Default)]
pub struct SearchPage {
    /// The items.
    pub found: Vec<Found>,
    /// Where to go on; `None`: that was all.
    pub next: Option<(ConfigGroup, ConfigName)>,
}

impl Engine {
    /// Finds items that the caller may read. Removed ones are left out.
    pub async fn search_configs(
        &self,
        caller: &Caller,
        wanted: Wanted,
    ) -> Result<SearchPage, EngineError> {
        caller.require_configs_in(Role::ConfigRead, &wanted.namespace)?;
        let mut page = SearchPage::default();
        let mut after = wanted.after.clone();
        let mut searched = 0;
        loop {
            let from = after
                .as_ref()
                .map(|(group, name)| (group.as_str(), name.as_str()));
            let group = wanted.group.as_ref().map(ConfigGroup::as_str);
            let items = self.catalog().configs(
                wanted.namespace.as_str(),
                group,
                &wanted.prefix,
                from,
                PAGE,
            );
            if items.is_empty() {
                return Ok(page);
            }
            for item in items {
                if page.found.len() == wanted.limit || searched > SEARCHED_BYTES_MAX {
                    page.next = after;
                    return Ok(page);
                }
                after = Some((item.key.group.clone(), item.key.name.clone()));
                let absent = item.item.released.is_none() && item.item.draft.is_none();
                if absent || !caller.may_config(Role::ConfigRead, &item.key) {
                    continue;
                }
                let found = self
                    .look_into(item, wanted.search.as_deref(), &mut searched)
                    .await?;
                page.found.extend(found);
            }
        }
    }

    async fn look_into(
        &self,
        item: Arc<ConfigItem>,
        text: Option<&str>,
        searched: &mut u64,
    ) -> Result<Option<Found>, EngineError> {
        let Some(text) = text else {
            return Ok(Some(Found { item, line: None }));
        };
        if item.key.name.as_str().contains(text) || item.item.description.contains(text) {
            return Ok(Some(Found { item, line: None }));
        }
        let release = item
            .item
            .released
            .and_then(|number| item.releases.get(&number));
        let content = release.and_then(|(release, _)| release.content.as_ref());
        let Some(content) = content.filter(|content| content.seal.is_none()) else {
            return Ok(None);
        };
        *searched += content.size;
        let content = self.content(&item.key, content).await?;
        Ok(line_with(&content, text).map(|line| Found {
            item,
            line: Some(line),
        }))
    }
}

/// The first line that has `text`, cut to what fits on a screen.
fn line_with(content: &Bytes, text: &str) -> Option<(usize, String)> {
    const SHOWN_MAX: usize = 200;
    let content = std::str::from_utf8(content).ok()?;
    let (number, line) = content
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(text))?;
    Some((number + 1, line.chars().take(SHOWN_MAX).collect()))
}
