//! Going back: a rollback is a new release with the content of an earlier one.

use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::{ConfigKey, Release, ReleaseNumber, Revision, Role, Stage};

use super::ask::Published;
use super::edit::Edit;
use super::prepare::next_number;
use super::unknown_release;
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Brings back the release before the one in use, or the one that is named. Called again, it goes one further back.
    pub async fn roll_back_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        to: Option<ReleaseNumber>,
        comment: &CompactString,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        caller.require_config(Role::ConfigPublish, key)?;
        self.edit_config(caller, key, condition, comment, |found| {
            let found = found.ok_or_else(|| self.unknown_config(key))?;
            // Going back is the way out of trouble: it ends a trial, and waits for nobody's approval.
            let target = match to {
                Some(number) => named(key, found, number)?,
                None => previous(key, found)?,
            };
            let (release, _) = found
                .releases
                .get(&target)
                .ok_or_else(|| unknown_release(key, target))?;
            let mut edit = Edit::of(key, found);
            if edit.item.gray.is_some() {
                return Err(EngineError::Conflict {
                    code: "gray-release-running",
                    detail: format!("a release of {key} is on trial; abort it first"),
                });
            }
            let number = next_number(&mut edit.item);
            edit.item.released = release.content.is_some().then_some(number);
            edit.item.format = release.format;
            edit.relies_on = Some(target);
            edit.release = Some((
                number,
                Release {
                    restores: Some(target),
                    ..self.release(caller, release.content.clone(), release.format, comment)
                },
            ));
            Ok((edit, number))
        })
        .await
    }
}

/// The release that is named, or the one whose content it brought back.
fn named(
    key: &ConfigKey,
    found: &ConfigItem,
    number: ReleaseNumber,
) -> Result<ReleaseNumber, EngineError> {
    let (release, _) = found
        .releases
        .get(&number)
        .ok_or_else(|| unknown_release(key, number))?;
    let origin = release.origin(number);
    Ok(if found.releases.contains_key(&origin) {
        origin
    } else {
        number
    })
}

/// The release that was in use before what is in use now began, wherever that came from.
fn previous(key: &ConfigKey, found: &ConfigItem) -> Result<ReleaseNumber, EngineError> {
    let newest = found
        .releases
        .iter()
        .rev()
        .find(|(_, (release, _))| release.stage == Stage::Released);
    let base = newest.map_or(ReleaseNumber::default(), |(number, (release, _))| {
        release.origin(*number)
    });
    let before = found
        .releases
        .range(..base)
        .rev()
        .find(|(_, (release, _))| release.stage == Stage::Released);
    let Some((number, _)) = before else {
        return Err(EngineError::Conflict {
            code: "nothing-to-go-back-to",
            detail: format!("no earlier release of {key} is kept"),
        });
    };
    named(key, found, *number)
}
