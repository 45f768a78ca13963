//! What an owner asks for when an instance registers.

use std::sync::Arc;
use std::time::Duration;

use paste_model::limits::{REMOVE_AFTER_MAX, TTL_MAX, TTL_MIN};
use paste_model::{Instance, InstanceKey, Principal, Session, SessionId};

use crate::EngineError;

/// An instance, with what it wants of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The instance. An ephemeral one without a session gets one of its own.
    pub instance: Arc<Instance>,
    /// Silence after which the session is failing; 1 s to 24 h.
    pub ttl: Option<Duration>,
    /// Silence after which the session's ephemeral instances are removed; from the ttl to 7 days.
    pub remove_after: Option<Duration>,
}

impl Registration {
    /// An instance with the default session.
    pub fn of(instance: Instance) -> Self {
        Self {
            instance: Arc::new(instance),
            ttl: None,
            remove_after: None,
        }
    }

    pub(crate) fn validate(&self, key: &InstanceKey) -> Result<(), EngineError> {
        let invalid = |field: &str, detail: String| EngineError::Invalid {
            field: field.to_owned(),
            detail,
        };
        self.instance
            .validate()
            .map_err(|error| invalid("instance", error.to_string()))?;
        let reserved = |session: &&SessionId| session.is_own() && **session != SessionId::own(key);
        if let Some(session) = self.instance.session.as_ref().filter(reserved) {
            return Err(invalid(
                "session",
                format!(
                    "{session} is the session of another instance that names none; choose a name that doesn't begin with {}",
                    SessionId::OWN_PREFIX
                ),
            ));
        }
        if self
            .ttl
            .is_some_and(|ttl| !(TTL_MIN..=TTL_MAX).contains(&ttl))
        {
            return Err(invalid(
                "ttl",
                "must be from 1s (ttl_min) to 24h (ttl_max)".to_owned(),
            ));
        }
        if self
            .remove_after
            .is_some_and(|after| after > REMOVE_AFTER_MAX)
        {
            return Err(invalid(
                "remove_after",
                "must be at most 7days (remove_after_max)".to_owned(),
            ));
        }
        Ok(())
    }

    /// The instance as it is stored: an ephemeral one always has a session.
    pub(crate) fn settled(mut self, key: &InstanceKey) -> Self {
        if self.instance.ephemeral && self.instance.session.is_none() {
            Arc::make_mut(&mut self.instance).session = Some(SessionId::own(key));
        }
        self
    }

    /// The session's record as this registration wants it, given the one there is.
    pub(crate) fn session(
        &self,
        principal: &Principal,
        existing: Option<&Session>,
    ) -> Result<Session, EngineError> {
        let fresh = || Session {
            principal: principal.clone(),
            ..Session::default()
        };
        let mut session = existing.cloned().unwrap_or_else(fresh);
        session.principal = principal.clone();
        session.ttl = self.ttl.unwrap_or(session.ttl);
        session.remove_after = match self.remove_after {
            Some(after) if after < session.ttl => {
                return Err(EngineError::Invalid {
                    field: "remove_after".to_owned(),
                    detail: "must not be shorter than the ttl".to_owned(),
                });
            }
            Some(after) => after,
            None => session.remove_after.max(session.ttl),
        };
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_model::Address;

    fn registration(ttl: Option<u64>, remove_after: Option<u64>) -> Registration {
        let address = Address::new("10.0.0.1").expect("valid");
        Registration {
            instance: Arc::new(Instance::at(address, 80.try_into().expect("not 0"))),
            ttl: ttl.map(Duration::from_secs),
            remove_after: remove_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_session_keeps_what_a_registration_does_not_name() {
        let anonymous = Principal::anonymous();
        let session = |ttl, after, existing: Option<&Session>| {
            registration(ttl, after).session(&anonymous, existing)
        };
        assert_eq!(
            session(None, None, None).expect("valid"),
            Session::default()
        );
        let long = session(Some(300), None, None).expect("valid");
        assert_eq!(
            long.remove_after, long.ttl,
            "never removed before it is failing"
        );
        let kept = session(None, None, Some(&long)).expect("valid");
        assert_eq!(kept, long);
        assert!(session(Some(30), Some(20), None).is_err());
    }

    #[test]
    fn times_are_bounded() {
        for (ttl, remove_after, valid) in [
            (Some(0), None, false),
            (Some(1), None, true),
            (Some(86_401), None, false),
            (None, Some(8 * 86_400), false),
        ] {
            let found = registration(ttl, remove_after).validate(&key("one"));
            assert_eq!(found.is_ok(), valid, "{ttl:?} {remove_after:?}");
        }
    }

    fn key(id: &str) -> InstanceKey {
        InstanceKey {
            service: paste_model::ServiceKey {
                namespace: Default::default(),
                name: paste_model::ServiceName::new("orders").expect("valid"),
            },
            id: paste_model::InstanceId::new(id).expect("valid"),
        }
    }

    #[test]
    fn nobody_sits_in_the_session_of_an_instance_that_names_none() {
        let mut squatting = registration(None, None);
        Arc::make_mut(&mut squatting.instance).session = Some(SessionId::own(&key("one")));
        assert!(squatting.validate(&key("one")).is_ok(), "it is its own");
        let refused = squatting.validate(&key("two")).expect_err("another's");
        assert!(
            refused.to_string().starts_with("session: own-"),
            "{refused}"
        );
    }
}
