//! The liveness of one process.

use std::time::Duration;

use crate::limits::{REMOVE_AFTER_DEFAULT, TTL_DEFAULT};
use crate::{Health, Principal};

/// What is recorded of a session. A session without a record has these defaults and is passing: only what departs from
/// them is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Silence after which its instances are failing.
    pub ttl: Duration,
    /// Silence after which its ephemeral instances are removed; at least the ttl.
    pub remove_after: Duration,
    /// Who created it and alone may use it.
    pub principal: Principal,
    /// The last verdict, if it is not `passing`.
    pub health: Option<Health>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            ttl: TTL_DEFAULT,
            remove_after: REMOVE_AFTER_DEFAULT,
            principal: Principal::anonymous(),
            health: None,
        }
    }
}
