//! What can go wrong, by what the caller should do.

/// What a transport or a callback failed with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The registry's final word on a request: sending it again would not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the registry refused it: {detail} ({code}, {status})")]
pub struct Refused {
    /// The HTTP status: 400, 401, 403, 409, 413 or 422.
    pub status: u16,
    /// The stable word for programs, such as `invalid-field`.
    pub code: String,
    /// What was wrong, and what to do.
    pub detail: String,
}

/// Why a client could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// An address is not one of a registry.
    #[error("{url:?} is not the URL of a registry, such as http://127.0.0.1:7750")]
    Url {
        /// What was given.
        url: String,
    },
    /// No address is named.
    #[error("name at least one registry address")]
    NoUrl,
    /// An option breaks a rule.
    #[error("{option} can't be used: {reason}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that speaks to the registry could not be started.
    #[error("can't start the thread that speaks to the registry")]
    Thread(#[source] std::io::Error),
}

/// Why a registration is not there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegisterError {
    /// The registry will not have it; mend it and register again.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The client is closed, or the registration was taken out.
    #[error("the registration has ended")]
    Ended,
    /// It is not there yet; it is tried again and again.
    #[error("not registered within {waited:?}; the last attempt: {reason}")]
    NotYet {
        /// How long was waited.
        waited: std::time::Duration,
        /// What the last attempt failed with.
        reason: String,
    },
}

/// Why nothing is known, or why no instance was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Neither the registry nor the disk has told of the service yet.
    #[error("nothing is known of service {service:?} yet: {reason}")]
    NotKnown {
        /// The service.
        service: String,
        /// What keeps it from being known.
        reason: String,
    },
    /// The service is known, and no instance of it fits.
    #[error("no instance of {service:?} can be chosen: {reason}")]
    NoInstance {
        /// The service.
        service: String,
        /// Which step left none.
        #[source]
        reason: paste_traffic::NoInstance,
    },
}

/// Why a call through a wrapper has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request doesn't say which service it is for.
    #[error("the request needs a URL such as http://orders/path, with the service's name as host")]
    NoService,
    /// The service can't be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// No instance could be chosen.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The last try failed.
    #[error("calling {service:?} failed at instance {instance}")]
    Failed {
        /// The service.
        service: String,
        /// The instance of the last try.
        instance: String,
        /// What it failed with.
        #[source]
        source: BoxError,
    },
    /// The time of the request is over.
    #[error("calling {service:?} took longer than the {after:?} that its policy allows")]
    TimedOut {
        /// The service.
        service: String,
        /// The limit.
        after: std::time::Duration,
    },
}

/// Why a service or a configuration item can't be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The name breaks the registry's rules.
    #[error("{name:?} can't be followed: {reason}")]
    Name {
        /// The name.
        name: String,
        /// The rule.
        reason: String,
    },
    /// Too much is followed by one client.
    #[error("one client follows at most {max} services and items")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

/// What closing left undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// The registry could not be told; the registrations go when the session's silence is noticed.
    #[error("closed, but the registry could not be told: {reason}")]
    NotDeregistered {
        /// What kept it from being told.
        reason: String,
    },
    /// A callback did not return in time; its thread ends with it.
    #[error("closed, but a callback is still running")]
    CallbackRunning,
}
