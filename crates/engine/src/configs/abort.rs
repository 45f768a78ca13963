//! Ending a trial: by a person, or by itself when receivers can't live with it.

use compact_str::CompactString;
use paste_model::{ConfigKey, ReleaseNumber, Revision, Role, Stage};
use paste_store::CommitError;

use super::ask::Published;
use super::edit::Edit;
use super::gray::staged;
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Takes a release on trial back: everybody has what is in use.
    pub async fn abort_gray(
        &self,
        caller: &Caller,
        key: &ConfigKey,
        comment: &CompactString,
        condition: Option<Revision>,
    ) -> Result<Published, EngineError> {
        caller.require_config(Role::ConfigPublish, key)?;
        let why = if comment.is_empty() {
            CompactString::const_new("ended by hand")
        } else {
            comment.clone()
        };
        self.edit_config(caller, key, condition, &why, |found| {
            let (edit, gray) = self.trial(key, found)?;
            Ok((aborted(edit, gray.release, found, &why)?, gray.release))
        })
        .await
    }

    /// Takes `number` back, if it is still on trial, because of what its receivers did. Nobody asked, so nobody is told but
    /// the log and the timeline.
    pub(super) async fn abort_by_itself(
        &self,
        key: &ConfigKey,
        number: ReleaseNumber,
        why: CompactString,
    ) {
        let caller = Caller::node(self.node());
        let is_on_trial = || {
            let found = self.config_item(key)?;
            found
                .item
                .gray
                .as_ref()
                .is_some_and(|gray| gray.release == number)
                .then_some(())
        };
        if is_on_trial().is_none() {
            return;
        }
        let ended = self
            .edit_config(&caller, key, None, &why, |found| {
                let (edit, gray) = self.trial(key, found)?;
                if gray.release != number {
                    return Err(EngineError::Moved { found: None });
                }
                Ok((aborted(edit, number, found, &why)?, number))
            })
            .await;
        match ended {
            Ok(_) => {
                tracing::warn!(item = %key, release = %number, reason = %why, "a gray release was aborted")
            }
            // Somebody else ended it.
            Err(EngineError::Moved { .. } | EngineError::NotFound { .. }) => {}
            Err(EngineError::Refused(CommitError::Closed)) => {}
            Err(error) => {
                tracing::error!(item = %key, release = %number, %error, "a gray release can't be aborted now; it is tried again")
            }
        }
    }
}

fn aborted(
    mut edit: Edit,
    number: ReleaseNumber,
    found: Option<&std::sync::Arc<paste_catalog::ConfigItem>>,
    why: &CompactString,
) -> Result<Edit, EngineError> {
    edit.item.gray = None;
    edit.release = Some(staged(found, number, Stage::Aborted(why.clone()))?);
    Ok(edit)
}
