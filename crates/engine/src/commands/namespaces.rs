//! Namespaces: they exist by being used; one that is to be described or to stay while empty is given settings.

use paste_model::limits::TEXT_BYTES_MAX;
use paste_model::{Key, Namespace, NamespaceSettings, Record, Role};

use super::{Plan, Step};
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Describes a namespace; `true` if it is new.
    pub async fn put_namespace(
        &self,
        caller: &Caller,
        name: &Namespace,
        settings: NamespaceSettings,
    ) -> Result<bool, EngineError> {
        caller.require_all(Role::Admin, name)?;
        if settings.description.len() > TEXT_BYTES_MAX {
            return Err(EngineError::Invalid {
                field: "description".to_owned(),
                detail: format!("is over the limit (text_bytes_max) of {TEXT_BYTES_MAX} bytes"),
            });
        }
        let (created, _) = self
            .carry_out(caller, false, || {
                let existing = self.catalog().namespace(name.as_str());
                if existing.as_ref() == Some(&settings) {
                    return Ok(Step::Done(false));
                }
                let mut plan = Plan::default();
                plan.put(Record::Namespace(name.clone(), settings.clone()));
                Ok(Step::Commit(
                    plan,
                    existing.is_none() && *name != Namespace::default(),
                ))
            })
            .await?;
        Ok(created)
    }

    /// Forgets a namespace that holds nothing. `default` stays.
    pub async fn delete_namespace(
        &self,
        caller: &Caller,
        name: &Namespace,
    ) -> Result<(), EngineError> {
        caller.require_all(Role::Admin, name)?;
        if *name == Namespace::default() {
            return Err(EngineError::Conflict {
                code: "namespace-permanent",
                detail: "the namespace default always exists; it can't be deleted".to_owned(),
            });
        }
        self.carry_out(caller, false, || {
            let in_use = self
                .catalog()
                .services(name.as_str(), "", None, usize::MAX)
                .iter()
                .any(|service| !service.is_empty() || service.settings_revision().is_some());
            if in_use {
                return Err(EngineError::Conflict {
                    code: "namespace-not-empty",
                    detail: format!("namespace {name} still has services; remove them first"),
                });
            }
            if self.catalog().namespace(name.as_str()).is_none() {
                return Err(EngineError::NotFound {
                    code: "unknown-namespace",
                    detail: format!("namespace {name} is unknown"),
                });
            }
            let mut plan = Plan::default();
            plan.delete(Key::Namespace(name.clone()));
            Ok(Step::Commit(plan, ()))
        })
        .await?;
        Ok(())
    }
}
