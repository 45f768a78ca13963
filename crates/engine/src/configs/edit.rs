//! Changes of items on their way into the store: planned against the view, refused where the view was too old, planned
//! anew.

use std::sync::Arc;

use compact_str::CompactString;
use paste_catalog::ConfigItem;
use paste_model::limits::TEXT_BYTES_MAX;
use paste_model::{
    Batch, Cause, CauseKind, Change, ConfigKey, Expect, Item, Key, Record, Release, ReleaseNumber,
    Revision,
};
use paste_store::CommitError;

use super::ask::Published;
use super::content::Packed;
use crate::commands::ATTEMPTS_MAX;
use crate::{Caller, Engine, EngineError};

/// A change of one item.
pub(super) struct Edit {
    pub(super) key: ConfigKey,
    /// What it was planned against.
    pub(super) found: Option<Arc<ConfigItem>>,
    /// The item as it is to be.
    pub(super) item: Item,
    /// A release that is written: a new line of the history, or one whose stage changes.
    pub(super) release: Option<(ReleaseNumber, Release)>,
    /// A release of the past whose content is used again, and so has to be there.
    pub(super) relies_on: Option<ReleaseNumber>,
    /// Content that it brings.
    pub(super) packed: Vec<Packed>,
}

impl Edit {
    /// An edit of what was found, which so far changes nothing.
    pub(super) fn of(key: &ConfigKey, found: &Arc<ConfigItem>) -> Self {
        Self {
            key: key.clone(),
            found: Some(Arc::clone(found)),
            item: (*found.item).clone(),
            release: None,
            relies_on: None,
            packed: Vec::new(),
        }
    }

    fn expectations(&self) -> impl Iterator<Item = (Key, Expect)> + '_ {
        let found = self.found.as_ref();
        let at = found.map_or(Expect::Absent, |found| Expect::At(found.revision));
        let blobs = self.packed.iter().flat_map(|packed| &packed.blobs);
        let release =
            |number: ReleaseNumber| (Key::Release(self.key.clone(), number), Expect::Present);
        std::iter::once((Key::Config(self.key.clone()), at))
            .chain(self.relies_on.map(release))
            .chain(blobs.map(|(id, _)| (Key::Blob(*id), Expect::Present)))
    }

    fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let release = self.release.iter().map(|(number, release)| {
            Change::Put(Record::Release(
                self.key.clone(),
                *number,
                Arc::new(release.clone()),
            ))
        });
        let item = Record::Config(self.key.clone(), Arc::new(self.item.clone()));
        std::iter::once(Change::Put(item)).chain(release)
    }
}

/// How often something is planned anew because others were faster, and by whose leave.
pub(super) struct Attempts {
    left: usize,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { left: ATTEMPTS_MAX }
    }
}

impl Engine {
    /// Commits edits together. `None`: somebody was faster, so that they have to be planned anew; the view shows by then
    /// what was in the way.
    pub(super) async fn commit_edits(
        &self,
        caller: &Caller,
        edits: &[Edit],
        reason: &CompactString,
        attempts: &mut Attempts,
    ) -> Result<Option<Revision>, EngineError> {
        let packed: Vec<_> = edits.iter().flat_map(|edit| &edit.packed).collect();
        self.put_blobs(caller, &packed).await?;
        let mut expect: Vec<(Key, Expect)> = Vec::new();
        for expectation in edits.iter().flat_map(Edit::expectations) {
            if !expect.contains(&expectation) {
                expect.push(expectation);
            }
        }
        let batch = Batch {
            expect,
            changes: edits.iter().flat_map(Edit::changes).collect(),
            cause: Cause {
                kind: CauseKind::Request,
                at: self.context().clock.wall(),
                by: caller.principal().clone(),
                reason: reason.clone(),
                about: None,
            },
        };
        match self.context().commit(batch).await {
            Ok(revision) => Ok(Some(revision)),
            Err(CommitError::Conflict { found, .. }) if attempts.left > 1 => {
                attempts.left -= 1;
                self.context().see(found.unwrap_or_default()).await?;
                tokio::task::yield_now().await;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Plans and commits the change of one item until nobody comes in between. `plan` answers with the edit and the number
    /// of the release that it is about, or with `Err(Ok(number))` where nothing has to change.
    pub(super) async fn edit_config(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        condition: Option<Revision>,
        reason: &CompactString,
        plan: impl Fn(Option<&Arc<ConfigItem>>) -> Result<(Edit, ReleaseNumber), EngineError>,
    ) -> Result<Published, EngineError> {
        validate_text("comment", reason)?;
        let mut attempts = Attempts::default();
        loop {
            let found = self.config_item(key);
            holds(condition, found.as_deref())?;
            let (edit, number) = plan(found.as_ref())?;
            let committed = self
                .commit_edits(caller, &[edit], reason, &mut attempts)
                .await?;
            if let Some(revision) = committed {
                return self.published(key, found.as_deref(), number, revision);
            }
        }
    }

    /// What became of a change that is committed.
    pub(super) fn published(
        &self,
        key: &ConfigKey,
        before: Option<&ConfigItem>,
        number: ReleaseNumber,
        revision: Revision,
    ) -> Result<Published, EngineError> {
        Ok(Published {
            item: self.existing_config(key)?,
            number,
            revision,
            created: before.is_none_or(|before| before.item.released.is_none()),
            unchanged: false,
        })
    }
}

/// Refuses where an item isn't at the revision that a client named; 0: where it is there.
pub(super) fn holds(
    condition: Option<Revision>,
    found: Option<&ConfigItem>,
) -> Result<(), EngineError> {
    let at = found.map(|found| found.revision);
    match condition {
        Some(wanted) if at.unwrap_or_default() != wanted => Err(EngineError::Moved { found: at }),
        _ => Ok(()),
    }
}

/// Refuses text for people that is too long.
pub(super) fn validate_text(field: &str, text: &str) -> Result<(), EngineError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(EngineError::Invalid {
            field: field.to_owned(),
            detail: format!(
                "has {} bytes; the limit (text_bytes_max) is {TEXT_BYTES_MAX}",
                text.len()
            ),
        });
    }
    Ok(())
}
