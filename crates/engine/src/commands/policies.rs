//! Policies: how the consumers of a service choose among its instances.

use std::sync::Arc;

use compact_str::CompactString;
use paste_model::limits::TEXT_BYTES_MAX;
use paste_model::{
    Expect, Key, Policy, PolicyHistory, PolicyRelease, Record, Revision, Role, ServiceKey,
};
use paste_traffic::check_policy;

use super::{Plan, Step, Stored};
use crate::{Caller, Engine, EngineError};

/// A policy as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedPolicy {
    /// With those before it.
    pub history: Arc<PolicyHistory>,
    /// The revision of the record; 0 where it was a trial.
    pub revision: Revision,
}

/// What is asked beside the policy itself.
#[derive(Debug, Clone, Default)]
pub struct PolicyTerms {
    /// Why; at most [`TEXT_BYTES_MAX`] bytes.
    pub comment: CompactString,
    /// Only if the record is at this revision; 0: only if there is none.
    pub condition: Option<Revision>,
    /// Whether everything is checked, and nothing written.
    pub dry_run: bool,
}

impl Engine {
    /// The policy of a service, with those before it.
    pub fn policy(&self, caller: &Caller, key: &ServiceKey) -> Result<RecordedPolicy, EngineError> {
        caller.require(Role::Read, key)?;
        self.recorded_policy(key).ok_or_else(|| unknown(key))
    }

    /// Sets the policy of a service; the service exists from then on, with or without instances. One that holds already
    /// is not written again.
    pub async fn put_policy(
        &self,
        caller: &Caller,
        key: &ServiceKey,
        policy: Policy,
        terms: &PolicyTerms,
    ) -> Result<Stored<RecordedPolicy>, EngineError> {
        caller.require(Role::Config, key)?;
        check_policy(&policy).map_err(|error| EngineError::Invalid {
            field: error.field,
            detail: error.detail,
        })?;
        let policy = Some(Arc::new(policy));
        self.release_policy(caller, key, &policy, terms).await
    }

    /// Removes the policy of a service: the defaults hold. Its history stays.
    pub async fn delete_policy(
        &self,
        caller: &Caller,
        key: &ServiceKey,
        terms: &PolicyTerms,
    ) -> Result<Stored<RecordedPolicy>, EngineError> {
        caller.require(Role::Config, key)?;
        let recorded = self.recorded_policy(key);
        if recorded.is_none_or(|recorded| recorded.history.policy().is_none()) {
            return Err(unknown(key));
        }
        self.release_policy(caller, key, &None, terms).await
    }

    async fn release_policy(
        &self,
        caller: &Caller,
        key: &ServiceKey,
        policy: &Option<Arc<Policy>>,
        terms: &PolicyTerms,
    ) -> Result<Stored<RecordedPolicy>, EngineError> {
        if terms.comment.len() > TEXT_BYTES_MAX {
            return Err(EngineError::Invalid {
                field: "comment".to_owned(),
                detail: format!("the limit (text_bytes_max) is {TEXT_BYTES_MAX} bytes"),
            });
        }
        let plan = || {
            let recorded = self.recorded_policy(key);
            let found = recorded.as_ref().map(|recorded| recorded.revision);
            if let Some(condition) = terms.condition
                && condition != found.unwrap_or(Revision::ZERO)
            {
                return Err(EngineError::Moved { found });
            }
            let created = recorded
                .as_ref()
                .is_none_or(|recorded| recorded.history.policy().is_none());
            if let Some(recorded) = &recorded
                && recorded.history.policy() == policy.as_ref()
            {
                return Ok(Step::Done((created, recorded.history.clone())));
            }
            let history = Arc::new(self.history(caller, recorded.as_ref(), policy, terms));
            let answer = (created, Arc::clone(&history));
            if terms.dry_run {
                return Ok(Step::Done(answer));
            }
            let mut plan = Plan {
                reason: terms.comment.clone(),
                ..Plan::default()
            };
            plan.expect(
                Key::Policy(key.clone()),
                found.map_or(Expect::Absent, Expect::At),
            );
            plan.put(Record::Policy(key.clone(), history));
            Ok(Step::Commit(plan, answer))
        };
        let ((created, history), revision) = self
            .carry_out(caller, terms.condition.is_some(), plan)
            .await?;
        let known = || self.recorded_policy(key).map(|recorded| recorded.revision);
        let revision = revision.or_else(|| known().filter(|_| !terms.dry_run));
        Ok(Stored {
            created,
            value: RecordedPolicy {
                history,
                revision: revision.unwrap_or_default(),
            },
        })
    }

    /// The history with one more line.
    fn history(
        &self,
        caller: &Caller,
        recorded: Option<&RecordedPolicy>,
        policy: &Option<Arc<Policy>>,
        terms: &PolicyTerms,
    ) -> PolicyHistory {
        let release = PolicyRelease {
            number: recorded.map_or(1, |recorded| recorded.history.newest().number + 1),
            policy: policy.clone(),
            comment: terms.comment.clone(),
            by: caller.principal().clone(),
            at: self.context().clock.wall(),
        };
        match recorded {
            Some(recorded) => recorded.history.with(release),
            None => PolicyHistory::new(release),
        }
    }

    fn recorded_policy(&self, key: &ServiceKey) -> Option<RecordedPolicy> {
        let snapshot = self
            .catalog()
            .service(key.namespace.as_str(), key.name.as_str())?;
        let (history, revision) = snapshot.policy_history()?;
        Some(RecordedPolicy {
            history: Arc::clone(history),
            revision,
        })
    }
}

fn unknown(key: &ServiceKey) -> EngineError {
    EngineError::NotFound {
        code: "unknown-policy",
        detail: format!("service {key} has no policy; the defaults hold"),
    }
}
