//! Gray releases: tried with some, widened step by step, then promoted to everybody.

use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::{Audience, ConfigKey, Gray, Item, Release, ReleaseNumber, Revision, Role, Stage};

use super::ask::{GrayTerms, Publication, Published};
use super::content::Packed;
use super::edit::{Attempts, Edit, holds};
use super::may_release;
use super::prepare::next_number;
use super::publish::free_to_release;
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Begins a trial, changes who takes part, or promotes what is tried.
    pub async fn gray_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        terms: GrayTerms,
        comment: &CompactString,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        match terms {
            GrayTerms::Begin(publication, audience) => {
                self.begin_trial(caller, key, &publication, audience, condition)
                    .await
            }
            GrayTerms::Audience(audience) => {
                caller.require_config(Role::ConfigPublish, key)?;
                validate(&audience)?;
                self.edit_config(caller, key, condition, comment, |found| {
                    let (mut edit, gray) = self.trial(key, found)?;
                    edit.item.gray = Some(self.gray(caller, gray.release, audience.clone()));
                    Ok((edit, gray.release))
                })
                .await
            }
            GrayTerms::Promote => {
                caller.require_config(Role::ConfigPublish, key)?;
                self.edit_config(caller, key, condition, comment, |found| {
                    let (mut edit, gray) = self.trial(key, found)?;
                    edit.item.released = Some(gray.release);
                    edit.item.gray = None;
                    edit.release = Some(staged(found, gray.release, Stage::Released)?);
                    Ok((edit, gray.release))
                })
                .await
            }
        }
    }

    async fn begin_trial(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        publication: &Publication,
        audience: Audience,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        may_release(caller, key)?;
        validate(&audience)?;
        let mut attempts = Attempts::default();
        loop {
            let found = self.config_item(key);
            holds(condition, found.as_deref())?;
            let prepared = self
                .prepare(caller, key, found.as_ref(), publication)
                .await?;
            free_to_release(key, found.as_deref(), &prepared.item)?;
            if prepared.same {
                return Err(EngineError::Conflict {
                    code: "nothing-to-try-out",
                    detail: format!("what would be tried of {key} is in use already"),
                });
            }
            let (item, content, packed) = prepared.into_parts();
            let release = self.release(caller, Some(content), item.format, &publication.comment);
            let (mut edit, number) = self.trial_of(caller, key, item, release, audience.clone());
            edit.found = found.clone();
            edit.packed = packed;
            let committed = self
                .commit_edits(caller, &[edit], &publication.comment, &mut attempts)
                .await?;
            if let Some(revision) = committed {
                return self.published(key, found.as_deref(), number, revision);
            }
        }
    }

    /// The edit that puts a release on trial.
    pub(super) fn trial_of(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        mut item: Item,
        release: Release,
        audience: Audience,
    ) -> (Edit, ReleaseNumber) {
        let number = next_number(&mut item);
        item.gray = Some(self.gray(caller, number, audience));
        let release = Release {
            stage: Stage::Gray,
            ..release
        };
        let edit = Edit {
            key: key.clone(),
            found: None,
            item,
            release: Some((number, release)),
            relies_on: None,
            packed: Vec::<Packed>::new(),
        };
        (edit, number)
    }

    fn gray(&self, caller: &Caller, release: ReleaseNumber, audience: Audience) -> Gray {
        Gray {
            release,
            audience,
            since: self.context().clock.wall(),
            by: caller.principal().clone(),
        }
    }

    /// An edit of an item of which a release is on trial.
    pub(super) fn trial(
        &self,
        key: &ConfigKey,
        found: Option<&std::sync::Arc<ConfigItem>>,
    ) -> Result<(Edit, Gray), EngineError> {
        let found = found.ok_or_else(|| self.unknown_config(key))?;
        let gray = found
            .item
            .gray
            .clone()
            .ok_or_else(|| EngineError::NotFound {
                code: "no-gray-release",
                detail: format!("no release of {key} is on trial"),
            })?;
        Ok((Edit::of(key, found), gray))
    }
}

/// A release of the history with another stage.
pub(super) fn staged(
    found: Option<&std::sync::Arc<ConfigItem>>,
    number: ReleaseNumber,
    stage: Stage,
) -> Result<(ReleaseNumber, Release), EngineError> {
    let release = found.and_then(|found| Some((*found.releases.get(&number)?.0).clone()));
    let release = release.ok_or_else(|| EngineError::ContentLost {
        detail: format!(
            "release {number} is on trial and not in the history; abort it by publishing anew"
        ),
    })?;
    Ok((number, Release { stage, ..release }))
}

pub(super) fn validate(audience: &Audience) -> Result<(), EngineError> {
    audience.validate().map_err(|error| EngineError::Invalid {
        field: "audience".to_owned(),
        detail: error.to_string(),
    })
}
