//! What a batch did.

use std::sync::Arc;

use paste_model::{
    ConfigKey, InstanceKey, Member, Namespace, PolicyHistory, ServiceKey, ServiceSettings, TokenId,
};

use crate::configs::ConfigItem;
use crate::session::SessionCell;

/// What a batch did, for the timeline and for liveness: the member before and after.
#[derive(Debug, Clone)]
pub enum Transition {
    /// A member came, changed or went.
    Member {
        /// Which.
        key: InstanceKey,
        /// As it was; `None`: it came.
        before: Option<Arc<Member>>,
        /// As it is; `None`: it went.
        after: Option<Arc<Member>>,
    },
    /// A service's settings were written or deleted.
    Service {
        /// Of which service.
        key: ServiceKey,
        /// As they were; `None`: there were none.
        before: Option<Arc<ServiceSettings>>,
        /// As they are; `None`: there are none.
        after: Option<Arc<ServiceSettings>>,
    },
    /// A service's policy was written or deleted.
    Policy {
        /// Of which service.
        key: ServiceKey,
        /// As it was, with those before it; `None`: there was none.
        before: Option<Arc<PolicyHistory>>,
        /// As it is; `None`: nothing is kept of it.
        after: Option<Arc<PolicyHistory>>,
    },
    /// A namespace's settings were written or deleted.
    Namespace {
        /// Which.
        name: Namespace,
        /// Whether it has settings now.
        exists: bool,
    },
    /// A token was written or deleted.
    Token {
        /// Which.
        id: TokenId,
        /// Whether it is there now.
        exists: bool,
    },
    /// A configuration item came, changed or went, its history included.
    Config {
        /// Which.
        key: ConfigKey,
        /// As it was; `None`: it came.
        before: Option<Arc<ConfigItem>>,
        /// As it is; `None`: it went.
        after: Option<Arc<ConfigItem>>,
    },
    /// A session came into being (first instance or record) or went (`exists: false`).
    Session {
        /// Which.
        cell: Arc<SessionCell>,
        /// Whether it is there now.
        exists: bool,
    },
}
