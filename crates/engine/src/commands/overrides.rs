//! An administrator's word on an instance.

use std::sync::Arc;

use compact_str::CompactString;
use paste_model::limits::TEXT_BYTES_MAX;
use paste_model::{Expect, InstanceKey, Key, Override, Record, Revision, Role, Status};
use paste_store::CommitError;

use super::plan::expected;
use super::{Plan, Step, Stored};
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Sets the status that holds for an instance, registered or not, until the override is deleted.
    pub async fn put_override(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        status: Status,
        reason: CompactString,
        condition: Option<Revision>,
    ) -> Result<Stored<Arc<Override>>, EngineError> {
        caller.require(Role::Operate, &key.service)?;
        if reason.len() > TEXT_BYTES_MAX {
            return Err(EngineError::Invalid {
                field: "reason".to_owned(),
                detail: format!(
                    "has {} bytes; the limit (text_bytes_max) is {TEXT_BYTES_MAX}",
                    reason.len()
                ),
            });
        }
        let word = Arc::new(Override {
            status,
            reason,
            by: caller.principal().clone(),
            at: self.context().clock.wall(),
        });
        let expect = condition.map_or(Expect::Absent, expected);
        let created = match self.commit_override(caller, key, &word, Some(expect)).await {
            Ok(()) => expect == Expect::Absent,
            // The view doesn't know the override of an instance that isn't registered, so the store is asked.
            Err(EngineError::Moved { .. }) if condition.is_none() => {
                self.commit_override(caller, key, &word, None).await?;
                false
            }
            Err(error) => return Err(error),
        };
        Ok(Stored {
            created,
            value: word,
        })
    }

    /// Takes an override back: the owner's status holds again.
    pub async fn delete_override(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        condition: Option<Revision>,
    ) -> Result<(), EngineError> {
        caller.require(Role::Operate, &key.service)?;
        let mut plan = Plan::default();
        plan.expect(
            Key::Override(key.clone()),
            condition.map_or(Expect::Present, Expect::At),
        );
        plan.delete(Key::Override(key.clone()));
        match self.context().commit(self.batch_of(caller, plan)).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { found: None, .. }) => Err(EngineError::NotFound {
                code: "unknown-override",
                detail: format!("instance {key} has no override"),
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit_override(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        word: &Arc<Override>,
        expect: Option<Expect>,
    ) -> Result<(), EngineError> {
        self.carry_out(caller, true, || {
            let mut plan = Plan {
                reason: word.reason.clone(),
                ..Plan::default()
            };
            if let Some(expect) = expect {
                plan.expect(Key::Override(key.clone()), expect);
            }
            plan.put(Record::Override(key.clone(), Arc::clone(word)));
            Ok(Step::Commit(plan, ()))
        })
        .await?;
        Ok(())
    }
}
