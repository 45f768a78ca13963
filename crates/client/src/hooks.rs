//! What happens inside, told to whoever wants to count or trace it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A registration is there.
    Registered {
        /// The service.
        service: &'a str,
        /// The instance's id.
        id: &'a str,
    },
    /// A registration, or with closing all of them, was taken out.
    Deregistered {
        /// The service; empty where the whole session ended.
        service: &'a str,
        /// The instance's id, or the session.
        id: &'a str,
    },
    /// A stream was opened.
    Connected {
        /// The registry's address.
        address: &'a str,
    },
    /// A stream ended.
    Disconnected {
        /// Why.
        reason: &'a str,
    },
    /// Something failed and is tried again.
    Retrying {
        /// What: `register`, `heartbeat`, `watch`, `acks` or `deregister`.
        what: &'a str,
        /// Why it failed.
        reason: &'a str,
        /// When it is tried again.
        delay: Duration,
    },
    /// The copy on disk was read.
    SnapshotLoaded {
        /// How old it is.
        age: Duration,
        /// Services in it.
        services: usize,
    },
    /// The registry has another history.
    Reset {
        /// Its epoch.
        epoch: &'a str,
    },
    /// An instance is left alone for a while.
    Ejected {
        /// The service.
        service: &'a str,
        /// The instance.
        id: &'a str,
    },
    /// An instance was chosen.
    Picked {
        /// The service.
        service: &'a str,
        /// The instance.
        id: &'a str,
    },
    /// A call ended.
    Called {
        /// The service.
        service: &'a str,
        /// The instance.
        id: &'a str,
        /// Whether it succeeded.
        success: bool,
        /// How long it took, where that was told.
        latency: Option<Duration>,
    },
}

impl Event<'_> {
    /// Its name, the same in every SDK.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "registered",
            Self::Deregistered { .. } => "deregistered",
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::Retrying { .. } => "retrying",
            Self::SnapshotLoaded { .. } => "snapshot-loaded",
            Self::Reset { .. } => "reset",
            Self::Ejected { .. } => "ejected",
            Self::Picked { .. } => "picked",
            Self::Called { .. } => "called",
        }
    }
}

/// Somebody who wants to know what happens. It is called where it happens, so it must not block.
type Hook = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// The hook of a client, if it has one.
#[derive(Clone, Default)]
pub struct Hooks(Option<Hook>);

impl Hooks {
    /// Calls `hook` with everything that happens. It must not block; when it panics, that is logged.
    pub fn new(hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Whether anybody is told: what is to be told of each call isn't put together for nobody.
    pub(crate) fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(hook) = &self.0
            && catch_unwind(AssertUnwindSafe(|| hook(event))).is_err()
        {
            tracing::error!(event = event.name(), "a hook panicked");
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hooks").field(&self.0.is_some()).finish()
    }
}
