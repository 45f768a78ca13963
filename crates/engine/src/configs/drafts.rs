//! Drafts: written by one person, approved by another.

use paste_model::{Audience, ConfigKey, Draft, Principal, Release, Revision, Role};

use super::ask::{Publication, Published};
use super::edit::{Attempts, Edit, holds};
use super::gray::validate;
use super::prepare::next_number;
use super::second_person;
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Writes a draft, in place of another. What an item says of itself changes only with a release, its draft with this.
    pub async fn draft_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        publication: &Publication,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        caller.require_config(Role::ConfigWrite, key)?;
        let mut attempts = Attempts::default();
        loop {
            let found = self.config_item(key);
            holds(condition, found.as_deref())?;
            if found.is_some() && publication.terms.changes_something() {
                return Err(EngineError::Invalid {
                    field: "draft".to_owned(),
                    detail: "a draft holds content alone; change schema, secret, approval or description with a release".to_owned(),
                });
            }
            let prepared = self
                .prepare(caller, key, found.as_ref(), publication)
                .await?;
            let (planned, content, packed) = prepared.into_parts();
            let mut item = found
                .as_ref()
                .map_or_else(|| planned.clone(), |found| (*found.item).clone());
            item.draft = Some(Draft {
                content: Some(content),
                format: planned.format,
                comment: publication.comment.clone(),
                by: caller.principal().clone(),
                at: self.context().clock.wall(),
            });
            let number = item.last.next();
            let edit = Edit {
                key: key.clone(),
                found: found.clone(),
                item,
                release: None,
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

    /// Releases a draft, to everybody or to an audience. Where the item needs approval, whoever wrote it can't.
    pub async fn approve_draft(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        audience: Option<Audience>,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        caller.require_config(Role::ConfigPublish, key)?;
        if let Some(audience) = &audience {
            validate(audience)?;
        }
        let comment = self
            .config_item(key)
            .and_then(|found| Some(found.item.draft.as_ref()?.comment.clone()));
        self.edit_config(
            caller,
            key,
            condition,
            &comment.unwrap_or_default(),
            |found| {
                let found = found.ok_or_else(|| self.unknown_config(key))?;
                let mut item = (*found.item).clone();
                let draft = item.draft.take().ok_or_else(|| no_draft(key))?;
                if item.approval {
                    second_person(caller, &draft.by, key)?;
                }
                if let Some(gray) = &item.gray {
                    return Err(EngineError::Conflict {
                        code: "gray-release-running",
                        detail: format!(
                            "release {} of {key} is on trial; promote or abort it first",
                            gray.release
                        ),
                    });
                }
                item.format = draft.format;
                let release = Release {
                    author: author(caller, &draft.by),
                    ..self.release(caller, draft.content.clone(), draft.format, &draft.comment)
                };
                if let Some(audience) = &audience {
                    let (mut edit, number) =
                        self.trial_of(caller, key, item, release, audience.clone());
                    edit.found = Some(std::sync::Arc::clone(found));
                    return Ok((edit, number));
                }
                let mut edit = Edit::of(key, found);
                let number = next_number(&mut item);
                item.released = Some(number);
                edit.item = item;
                edit.release = Some((number, release));
                Ok((edit, number))
            },
        )
        .await
    }

    /// Throws a draft away.
    pub async fn discard_draft(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        condition: Option<Revision>,
    ) -> Result<(), EngineError> {
        caller.require_config(Role::ConfigWrite, key)?;
        let reason = "its draft was thrown away".into();
        let discarded = self.edit_config(caller, key, condition, &reason, |found| {
            let found = found.ok_or_else(|| self.unknown_config(key))?;
            let mut edit = Edit::of(key, found);
            edit.item.draft.take().ok_or_else(|| no_draft(key))?;
            Ok((edit, found.item.last))
        });
        discarded.await.map(drop)
    }
}

/// Who wrote what another releases.
fn author(caller: &Caller, by: &Principal) -> Option<Principal> {
    (caller.principal() != by).then(|| by.clone())
}

fn no_draft(key: &ConfigKey) -> EngineError {
    EngineError::NotFound {
        code: "no-draft",
        detail: format!("nothing of {key} waits for approval"),
    }
}
