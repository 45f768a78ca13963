//! Several items released together, or none of them.

use std::collections::HashSet;

use compact_str::CompactString;
use paste_model::Revision;
use paste_model::limits::RELEASE_ITEMS_MAX;

use super::ask::{Published, SeveralItem};
use super::edit::{Attempts, Edit, holds};
use super::may_release;
use super::prepare::{few_enough, next_number};
use super::publish::{free_to_release, unchanged};
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Releases several items in one step. What is in use already makes no new release. The answers are in the order of the
    /// items.
    pub async fn publish_configs(
        &self,
        caller: &Caller,
        items: &[SeveralItem],
        comment: &CompactString,
    ) -> Result<(Vec<Published>, Revision), EngineError> {
        validate(items)?;
        for item in items {
            may_release(caller, &item.key)?;
        }
        let mut attempts = Attempts::default();
        loop {
            let mut planned = Vec::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                let plan = self.plan_one(caller, item, comment).await;
                planned.push(plan.map_err(|error| error.within(&format!("items[{place}]")))?);
            }
            let (edits, numbers): (Vec<_>, Vec<_>) = planned
                .into_iter()
                .map(|plan| plan.map_or((None, None), |(edit, number)| (Some(edit), Some(number))))
                .unzip();
            let edits: Vec<Edit> = edits.into_iter().flatten().collect();
            few_enough(edits.iter().flat_map(|edit| &edit.packed))?;
            let revision = if edits.is_empty() {
                self.catalog().revision()
            } else {
                match self
                    .commit_edits(caller, &edits, comment, &mut attempts)
                    .await?
                {
                    Some(revision) => revision,
                    None => continue,
                }
            };
            let mut befores = edits.iter();
            let published = items
                .iter()
                .zip(numbers)
                .map(|(item, number)| match number {
                    Some(number) => {
                        let before = befores.next().and_then(|edit| edit.found.as_deref());
                        self.published(&item.key, before, number, revision)
                    }
                    None => Ok(unchanged(&self.existing_config(&item.key)?)),
                });
            return Ok((published.collect::<Result<_, _>>()?, revision));
        }
    }

    /// What has to be written for one of them; `None`: nothing.
    async fn plan_one(
        &self,
        caller: &Caller,
        asked: &SeveralItem,
        comment: &CompactString,
    ) -> Result<Option<(Edit, paste_model::ReleaseNumber)>, EngineError> {
        let key = &asked.key;
        let found = self.config_item(key);
        holds(asked.condition, found.as_deref())?;
        let Some(publication) = &asked.publication else {
            let found = found.as_ref().ok_or_else(|| self.unknown_config(key))?;
            return self.removal(caller, key, found, comment).map(Some);
        };
        let prepared = self
            .prepare(caller, key, found.as_ref(), publication)
            .await?;
        free_to_release(key, found.as_deref(), &prepared.item)?;
        if prepared.same {
            return Ok(None);
        }
        let (mut item, content, packed) = prepared.into_parts();
        let number = next_number(&mut item);
        item.released = Some(number);
        let edit = Edit {
            release: Some((
                number,
                self.release(caller, Some(content), item.format, comment),
            )),
            key: key.clone(),
            found,
            item,
            relies_on: None,
            packed,
        };
        Ok(Some((edit, number)))
    }
}

fn validate(items: &[SeveralItem]) -> Result<(), EngineError> {
    let invalid = |detail: String| EngineError::Invalid {
        field: "items".to_owned(),
        detail,
    };
    if items.is_empty() || items.len() > RELEASE_ITEMS_MAX {
        return Err(invalid(format!(
            "has {} entries; it needs 1 to {RELEASE_ITEMS_MAX} (release_items_max)",
            items.len()
        )));
    }
    let mut seen = HashSet::new();
    for item in items {
        if !seen.insert(&item.key) {
            return Err(invalid(format!("names {} twice", item.key)));
        }
    }
    Ok(())
}
