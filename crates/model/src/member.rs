//! An instance as everybody sees it: the registration, joined with what others wrote about it.

use std::sync::Arc;

use crate::{Health, HealthState, Instance, InstanceId, Override, Revision, Status};

/// A registration with the administrator's word and the verdicts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id within the service.
    pub id: InstanceId,
    /// What its owner registered.
    pub instance: Arc<Instance>,
    /// The revision of that registration.
    pub revision: Revision,
    /// The administrator's word, if there is one.
    pub overridden: Option<Arc<Override>>,
    /// The verdict on its session; `None` is passing.
    pub session_health: Option<Arc<Health>>,
    /// What the probes found; `None` is passing, or no checks.
    pub check_health: Option<Arc<Health>>,
}

impl Member {
    /// The status that holds: the administrator's word before the owner's.
    pub fn status(&self) -> Status {
        self.overridden
            .as_ref()
            .map_or(self.instance.status, |word| word.status)
    }

    /// The verdict that holds, with its reason: the worse of session and checks. Silence never counts against a
    /// persistent instance. `None` is passing, of which nothing more is known.
    pub fn verdict(&self) -> Option<&Health> {
        let session = self
            .session_health
            .as_deref()
            .filter(|_| self.instance.ephemeral);
        [session, self.check_health.as_deref()]
            .into_iter()
            .flatten()
            .max_by_key(|health| health.state)
    }

    /// How healthy it is.
    pub fn health(&self) -> HealthState {
        self.verdict()
            .map_or(HealthState::Passing, |health| health.state)
    }

    /// Whether it counts as healthy: passing or suspect.
    pub fn healthy(&self) -> bool {
        self.health() != HealthState::Failing
    }
}
