//! Registering, changing and deregistering instances.

use std::sync::Arc;

use paste_model::{Expect, Instance, InstanceKey, Key, Member, Record, Revision, Role};

use super::{Plan, Step, Stored};
use crate::{Caller, Engine, EngineError, Registration};

impl Engine {
    /// Registers an instance, or replaces its registration. Registering what is already so commits nothing; either way
    /// the session is renewed.
    pub async fn register(
        &self,
        caller: &Caller,
        key: InstanceKey,
        registration: Registration,
        condition: Option<Revision>,
    ) -> Result<Stored<Arc<Member>>, EngineError> {
        caller.require(Role::Register, &key.service)?;
        registration.validate(&key)?;
        let registration = registration.settled(&key);
        let (created, revision) = self
            .carry_out(caller, condition.is_some(), || {
                self.plan_register(caller, &key, &registration, condition)
            })
            .await?;
        Ok(Stored {
            created,
            value: self.registered(&key, &registration.instance, revision),
        })
    }

    /// Changes an instance: `edit` gets what is registered and returns what should be. Made anew when somebody else was
    /// faster, unless the client named a condition.
    pub async fn modify(
        &self,
        caller: &Caller,
        key: InstanceKey,
        condition: Option<Revision>,
        edit: impl Fn(&Instance) -> Result<Registration, EngineError> + Send + Sync,
    ) -> Result<Arc<Member>, EngineError> {
        caller.require(Role::Register, &key.service)?;
        let (instance, revision) = self
            .carry_out(caller, condition.is_some(), || {
                self.plan_modify(caller, &key, condition, &edit)
            })
            .await?;
        Ok(self.registered(&key, &instance, revision))
    }

    /// Removes an instance's registration and what the probes found of it. An override stays.
    pub async fn deregister(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        condition: Option<Revision>,
    ) -> Result<(), EngineError> {
        caller.require(Role::Register, &key.service)?;
        self.carry_out(caller, condition.is_some(), || {
            self.plan_deregister(caller, key, condition)
        })
        .await?;
        Ok(())
    }

    pub(super) fn plan_register(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        registration: &Registration,
        condition: Option<Revision>,
    ) -> Result<Step<bool>, EngineError> {
        let mut plan = Plan::default();
        let instance = &registration.instance;
        let existing = self.catalog().member(key);
        if let Some(member) = &existing {
            self.require_owner(caller, key, member)?;
        }
        if let Some(session) = &instance.session {
            self.use_session(&mut plan, caller, session, registration)?;
        }
        let created = existing.is_none();
        if let Some(member) = existing {
            let current = condition.is_none_or(|revision| revision == member.revision);
            if current && member.instance == *instance && plan.changes.is_empty() {
                return Ok(Step::Done(false));
            }
            if let Some(left) = member
                .instance
                .session
                .as_ref()
                .filter(|s| Some(*s) != instance.session.as_ref())
            {
                plan.leave_session(self.catalog(), left, key);
            }
        }
        plan.condition(Key::Instance(key.clone()), condition);
        plan.put(Record::Instance(key.clone(), Arc::clone(instance)));
        Ok(Step::Commit(plan, created))
    }

    fn plan_modify(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        condition: Option<Revision>,
        edit: &impl Fn(&Instance) -> Result<Registration, EngineError>,
    ) -> Result<Step<Arc<Instance>>, EngineError> {
        let member = self
            .catalog()
            .member(key)
            .ok_or_else(|| EngineError::not_registered("instance", key))?;
        if condition.is_some_and(|revision| revision != member.revision) {
            return Err(EngineError::Moved {
                found: Some(member.revision),
            });
        }
        self.require_owner(caller, key, &member)?;
        let registration = edit(&member.instance)?.settled(key);
        registration.validate(key)?;
        let instance = Arc::clone(&registration.instance);
        let mut plan = Plan::default();
        let moved = instance.session != member.instance.session;
        if let Some(session) = &instance.session
            && (moved || registration.ttl.is_some() || registration.remove_after.is_some())
        {
            self.use_session(&mut plan, caller, session, &registration)?;
        }
        if let Some(left) = member.instance.session.as_ref().filter(|_| moved) {
            plan.leave_session(self.catalog(), left, key);
        }
        if instance == member.instance && plan.changes.is_empty() {
            return Ok(Step::Done(Arc::clone(&member.instance)));
        }
        plan.expect(Key::Instance(key.clone()), Expect::At(member.revision));
        plan.put(Record::Instance(key.clone(), Arc::clone(&instance)));
        Ok(Step::Commit(plan, instance))
    }

    pub(super) fn plan_deregister(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        condition: Option<Revision>,
    ) -> Result<Step<()>, EngineError> {
        let member = self
            .catalog()
            .member(key)
            .ok_or_else(|| EngineError::not_registered("instance", key))?;
        self.require_owner(caller, key, &member)?;
        let mut plan = Plan::default();
        let expect = condition.map_or(Expect::Present, Expect::At);
        plan.remove(key, &member, expect);
        if let Some(session) = &member.instance.session {
            plan.leave_session(self.catalog(), session, key);
        }
        Ok(Step::Commit(plan, ()))
    }

    /// Refuses unless `caller` may use the session that keeps `member` alive, or may operate the service.
    fn require_owner(
        &self,
        caller: &Caller,
        key: &InstanceKey,
        member: &Member,
    ) -> Result<(), EngineError> {
        let Some(session) = member.instance.session.as_ref() else {
            return Ok(());
        };
        let owned = self
            .catalog()
            .with_session(session.as_str(), |cell| self.may_use(caller, cell))
            .unwrap_or(true);
        if owned || caller.may(Role::Operate, &key.service) {
            Ok(())
        } else {
            Err(EngineError::Forbidden {
                needed: Role::Operate,
                detail: format!(
                    "instance {key} was registered by somebody else; that takes the role operate"
                ),
            })
        }
    }

    /// The member as it is stored now, its session renewed. Where somebody removed it in the meantime, the answer is
    /// what was stored at `revision`.
    pub(super) fn registered(
        &self,
        key: &InstanceKey,
        instance: &Arc<Instance>,
        revision: Option<Revision>,
    ) -> Arc<Member> {
        if let Some(session) = &instance.session {
            // Where it has gone in the meantime, there is nothing to renew.
            let _renewed = self
                .catalog()
                .with_session(session.as_str(), |cell| self.hear(cell, None));
        }
        self.catalog().member(key).unwrap_or_else(|| {
            Arc::new(Member {
                id: key.id.clone(),
                instance: Arc::clone(instance),
                revision: revision.unwrap_or_default(),
                overridden: None,
                session_health: None,
                check_health: None,
            })
        })
    }
}
