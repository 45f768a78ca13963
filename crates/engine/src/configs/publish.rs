//! Releasing content, and removing items.

use std::sync::Arc;

use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::{
    ConfigKey, Content, Format, Item, Principal, Release, Revision, Stage, Timestamp,
};

use super::ask::{Publication, Published, Reach, Removal};
use super::edit::{Attempts, Edit, holds};
use super::prepare::next_number;
use super::{Role, may_release};
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Releases content to everybody. What is in use already makes no new release.
    pub async fn publish_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        publication: &Publication,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        may_release(caller, key)?;
        let mut attempts = Attempts::default();
        loop {
            let found = self.config_item(key);
            holds(condition, found.as_deref())?;
            let prepared = self
                .prepare(caller, key, found.as_ref(), publication)
                .await?;
            free_to_release(key, found.as_deref(), &prepared.item)?;
            if prepared.same
                && let Some(found) = &found
            {
                return Ok(unchanged(found));
            }
            let (mut item, content, packed) = prepared.into_parts();
            let number = next_number(&mut item);
            item.released = Some(number);
            let edit = Edit {
                release: Some((
                    number,
                    self.release(caller, Some(content), item.format, &publication.comment),
                )),
                key: key.clone(),
                found: found.clone(),
                item,
                relies_on: None,
                packed,
            };
            let committed = self
                .commit_edits(caller, &[edit], &publication.comment, &mut attempts)
                .await?;
            if let Some(revision) = committed {
                return self.published(key, found.as_deref(), number, revision);
            }
        }
    }

    /// Checks all that publishing would check, changes nothing, and says whom it would reach.
    pub async fn try_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        publication: &Publication,
        condition: Option<Revision>,
    ) -> Result<Reach, EngineError> {
        caller.require_config(Role::ConfigWrite, key)?;
        let found = self.config_item(key);
        holds(condition, found.as_deref())?;
        let prepared = self
            .prepare(caller, key, found.as_ref(), publication)
            .await?;
        let subscribers = self.configs().receivers.followers(key);
        Ok(Reach {
            subscribers,
            bytes: subscribers as u64 * publication.content.len() as u64,
            unchanged: prepared.same,
        })
    }

    /// Removes an item: nobody gets it any more. Its history stays, with the removal as its last release.
    pub async fn remove_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        removal: &Removal,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        may_release(caller, key)?;
        self.edit_config(caller, key, condition, &removal.comment, |found| {
            let found = found.ok_or_else(|| self.unknown_config(key))?;
            let (edit, number) = self.removal(caller, key, found, &removal.comment)?;
            Ok((edit, number))
        })
        .await
    }

    /// The edit that removes an item.
    pub(super) fn removal(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        found: &Arc<ConfigItem>,
        comment: &CompactString,
    ) -> Result<(Edit, paste_model::ReleaseNumber), EngineError> {
        if found.item.released.is_none() {
            return Err(self.unknown_config(key));
        }
        free_to_release(key, Some(found), &found.item)?;
        let mut edit = Edit::of(key, found);
        let number = next_number(&mut edit.item);
        edit.item.released = None;
        edit.release = Some((
            number,
            self.release(caller, None, found.item.format, comment),
        ));
        Ok((edit, number))
    }

    /// A line of the history, written now.
    pub(super) fn release(
        &self,
        caller: &Caller,
        content: Option<Content>,
        format: Format,
        comment: &CompactString,
    ) -> Release {
        released(
            caller.principal(),
            self.context().clock.wall(),
            content,
            format,
            comment,
        )
    }
}

fn released(
    by: &Principal,
    at: Timestamp,
    content: Option<Content>,
    format: Format,
    comment: &CompactString,
) -> Release {
    Release {
        content,
        format,
        stage: Stage::Released,
        restores: None,
        comment: comment.clone(),
        by: by.clone(),
        author: None,
        at,
    }
}

/// What a client is told when nothing had to change.
pub(super) fn unchanged(found: &Arc<ConfigItem>) -> Published {
    Published {
        item: Arc::clone(found),
        number: found.item.released.unwrap_or_default(),
        revision: found.revision,
        created: false,
        unchanged: true,
    }
}

/// Refuses where a trial runs, or where what is released has to be approved first.
pub(super) fn free_to_release(
    key: &ConfigKey,
    found: Option<&ConfigItem>,
    item: &Item,
) -> Result<(), EngineError> {
    if let Some(gray) = found.and_then(|found| found.item.gray.as_ref()) {
        return Err(EngineError::Conflict {
            code: "gray-release-running",
            detail: format!(
                "release {} of {key} is on trial; promote or abort it first",
                gray.release
            ),
        });
    }
    // The first release of an item that will need approval can't wait for one: nobody could have set that up.
    let needed = found.is_some_and(|found| found.item.approval) && item.approval;
    if needed {
        return Err(EngineError::Conflict {
            code: "approval-needed",
            detail: format!(
                "{key} takes only releases that a second person approved; write a draft"
            ),
        });
    }
    Ok(())
}
