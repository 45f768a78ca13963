//! What can go wrong with a command, by what the caller can do about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::configs::VaultError;
use paste_model::{Key, Revision, Role, ServiceKey};
use paste_store::{ChangesError, CommitError, StoreError};

/// How long a client should wait before it tries a refused write again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Who asks is not known: send a valid token.
    #[error("{detail}")]
    Unauthenticated {
        /// What is wrong with the credentials.
        detail: String,
    },
    /// Who asks may not do this: ask with a token that has the role.
    #[error("{detail}")]
    Forbidden {
        /// The role it takes.
        needed: Role,
        /// On what.
        detail: String,
    },
    /// No service of that name has ever been seen.
    #[error("service {0} is unknown; it exists once an instance registers or it is given settings")]
    UnknownService(ServiceKey),
    /// The instance or session isn't registered: register again.
    #[error("{detail}")]
    NotRegistered {
        /// What isn't there.
        detail: String,
    },
    /// Something else isn't there.
    #[error("{detail}")]
    NotFound {
        /// The stable word for it.
        code: &'static str,
        /// What isn't there.
        detail: String,
    },
    /// The client's condition doesn't hold: read again and decide anew.
    #[error("the record has moved on: {}", found.map_or("it is gone".to_owned(), |r| format!("it is at revision {r}")))]
    Moved {
        /// Where it is now.
        found: Option<Revision>,
    },
    /// The state of the registry forbids it.
    #[error("{detail}")]
    Conflict {
        /// The stable word for it.
        code: &'static str,
        /// What stands against it.
        detail: String,
    },
    /// A field of the request breaks a rule.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field, as the wire names it.
        field: String,
        /// The rule.
        detail: String,
    },
    /// Content of a configuration item is malformed, or doesn't fit its schema.
    #[error("{detail}")]
    Unreadable {
        /// What can't be read.
        detail: String,
        /// Where, as fields of the request, and why.
        errors: Vec<(String, String)>,
    },
    /// Content that is recorded can't be found in the store.
    #[error("{detail}")]
    ContentLost {
        /// Which, and what to do.
        detail: String,
    },
    /// A secret can't be sealed or opened with the keys that this node has.
    #[error("{0}")]
    Secret(#[from] VaultError),
    /// Too much is going on: try again after a moment.
    #[error("{detail}")]
    Busy {
        /// After how long.
        retry_after: Duration,
        /// What is too much.
        detail: String,
    },
    /// The store refuses writes.
    #[error("{0}")]
    Refused(CommitError),
    /// The store was given the write, and didn't say in time what came of it: read, then decide.
    #[error("{0}")]
    OutcomeUnknown(CommitError),
    /// The timeline can't be written or read: whoever runs the registry has to look after its folder.
    #[error(
        "the timeline in {dir:?} can't be told: {source}; see that it is a folder that the registry may write to"
    )]
    Timeline {
        /// Its folder.
        dir: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// Reading from disk failed.
    #[error("{action}: {source}")]
    Read {
        /// What was being read.
        action: &'static str,
        /// Why it failed.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl EngineError {
    /// The stable word that programs switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::UnknownService(_) => "unknown-service",
            Self::NotRegistered { .. } => "not-registered",
            Self::NotFound { code, .. } | Self::Conflict { code, .. } => code,
            Self::Moved { .. } => "revision-mismatch",
            Self::Invalid { .. } => "invalid-field",
            Self::Unreadable { .. } => "invalid-content",
            Self::ContentLost { .. } => "content-lost",
            Self::Secret(error) => error.code(),
            Self::Busy { .. } => "busy",
            Self::Refused(_) => "store-unavailable",
            Self::OutcomeUnknown(_) => "outcome-unknown",
            Self::Timeline { .. } => "timeline-unavailable",
            Self::Read { .. } => "internal",
        }
    }

    /// After how long the same request may succeed, where it may.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => Some(*retry_after),
            Self::Refused(_) | Self::OutcomeUnknown(_) | Self::Timeline { .. } => Some(RETRY_AFTER),
            _ => None,
        }
    }

    /// The same, of a part of the request.
    pub(crate) fn within(self, part: &str) -> Self {
        match self {
            Self::Invalid { field, detail } => Self::Invalid {
                field: format!("{part}.{field}"),
                detail,
            },
            Self::Unreadable { detail, errors } => Self::Unreadable {
                detail,
                errors: errors
                    .into_iter()
                    .map(|(field, reason)| (format!("{part}.{field}"), reason))
                    .collect(),
            },
            other => other,
        }
    }

    pub(crate) fn busy(detail: String) -> Self {
        Self::Busy {
            retry_after: RETRY_AFTER,
            detail,
        }
    }

    pub(crate) fn read(
        action: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Read {
            action,
            source: Arc::new(source),
        }
    }

    /// What somebody wants changed or removed isn't there.
    pub(crate) fn not_registered(what: &str, name: impl std::fmt::Display) -> Self {
        Self::NotRegistered {
            detail: format!("{what} {name} is not registered"),
        }
    }

    /// What somebody wants kept alive isn't there.
    pub(crate) fn unregistered(what: &str, name: impl std::fmt::Display) -> Self {
        Self::NotRegistered {
            detail: format!("{what} {name} is not registered; register again"),
        }
    }
}

impl From<CommitError> for EngineError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict {
                key: Key::Instance(_) | Key::Override(_) | Key::Service(_) | Key::Config(_),
                found,
            } => Self::Moved { found },
            CommitError::Conflict { .. } | CommitError::Busy => Self::Busy {
                retry_after: RETRY_AFTER,
                detail: "too many writes to the same records; try again shortly".to_owned(),
            },
            CommitError::Unknown(_) => Self::OutcomeUnknown(error),
            CommitError::Unavailable(_) | CommitError::Failed(_) | CommitError::Closed => {
                Self::Refused(error)
            }
        }
    }
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be read.
    #[error("can't load the store: {0}")]
    Load(#[source] StoreError),
    /// The change stream could not begin.
    #[error("can't follow the store: {0}")]
    Follow(#[source] ChangesError),
    /// The timeline could not be opened.
    #[error("can't open the timeline in {path}: {source}")]
    Timeline {
        /// Its directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Loading was cut short.
    #[error("loading the store was interrupted")]
    Interrupted,
}
