//! Settings of services.

use std::sync::Arc;

use paste_catalog::Snapshot;
use paste_model::limits::{LABEL_BYTES_MAX, OWNERS_MAX, TEXT_BYTES_MAX};
use paste_model::{Expect, Key, Record, Revision, Role, ServiceKey, ServiceSettings};

use super::{Plan, Step, Stored};
use crate::{Caller, Engine, EngineError};

impl Engine {
    /// Sets a service's settings; a service without instances exists from then on, too.
    pub async fn put_service(
        &self,
        caller: &Caller,
        key: &ServiceKey,
        settings: ServiceSettings,
        condition: Option<Revision>,
    ) -> Result<Stored<Arc<Snapshot>>, EngineError> {
        caller.require(Role::Operate, key)?;
        validate(&settings)?;
        let settings = Arc::new(settings);
        let (created, _) = self
            .carry_out(caller, condition.is_some(), || {
                let existing = self.service(key);
                let same = existing.as_ref().is_some_and(|snapshot| {
                    snapshot.settings() == &*settings
                        && snapshot
                            .settings_revision()
                            .is_some_and(|at| condition.is_none_or(|c| c == at))
                });
                if same {
                    return Ok(Step::Done(false));
                }
                let mut plan = Plan::default();
                plan.condition(Key::Service(key.clone()), condition);
                plan.put(Record::Service(key.clone(), Arc::clone(&settings)));
                Ok(Step::Commit(plan, existing.is_none()))
            })
            .await?;
        let value = self
            .service(key)
            .ok_or_else(|| EngineError::UnknownService(key.clone()))?;
        Ok(Stored { created, value })
    }

    /// Forgets a service that has no instances.
    pub async fn delete_service(
        &self,
        caller: &Caller,
        key: &ServiceKey,
        condition: Option<Revision>,
    ) -> Result<(), EngineError> {
        caller.require(Role::Operate, key)?;
        self.carry_out(caller, condition.is_some(), || {
            let snapshot = self
                .service(key)
                .ok_or_else(|| EngineError::UnknownService(key.clone()))?;
            if !snapshot.is_empty() {
                return Err(EngineError::Conflict {
                    code: "service-not-empty",
                    detail: format!(
                        "service {key} has {} instances; deregister them first",
                        snapshot.len()
                    ),
                });
            }
            let mut plan = Plan::default();
            plan.condition(Key::Service(key.clone()), condition);
            let policy = snapshot.policy_history().map(|(_, revision)| revision);
            if let Some(revision) = policy {
                // What is set meanwhile isn't deleted with it.
                plan.expect(Key::Policy(key.clone()), Expect::At(revision));
                plan.delete(Key::Policy(key.clone()));
            }
            if policy.is_none() || snapshot.settings_revision().is_some() {
                plan.delete(Key::Service(key.clone()));
            }
            Ok(Step::Commit(plan, ()))
        })
        .await?;
        Ok(())
    }

    fn service(&self, key: &ServiceKey) -> Option<Arc<Snapshot>> {
        self.catalog()
            .service(key.namespace.as_str(), key.name.as_str())
    }
}

fn validate(settings: &ServiceSettings) -> Result<(), EngineError> {
    let invalid = |field: &str, detail: String| {
        Err(EngineError::Invalid {
            field: field.to_owned(),
            detail,
        })
    };
    if settings.description.len() > TEXT_BYTES_MAX {
        return invalid(
            "description",
            format!("is over the limit (text_bytes_max) of {TEXT_BYTES_MAX} bytes"),
        );
    }
    if settings.owners.len() > OWNERS_MAX {
        return invalid(
            "owners",
            format!("is over the limit (owners_max) of {OWNERS_MAX} entries"),
        );
    }
    if settings
        .owners
        .iter()
        .any(|owner| owner.is_empty() || owner.len() > LABEL_BYTES_MAX)
    {
        return invalid(
            "owners",
            format!("each needs 1 to {LABEL_BYTES_MAX} bytes (label_bytes_max)"),
        );
    }
    Ok(())
}
