//! What can go wrong with etcd, by what the operator can do about it.

use tonic::{Code, Status};

use crate::record::RecordError;

/// A failure of etcd, or on the way to it.
#[derive(Debug, thiserror::Error)]
pub enum EtcdError {
    /// The settings make no sense.
    #[error("the etcd setting {setting} can't be used: {found}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is wrong with it.
        found: String,
    },
    /// No endpoint takes a connection.
    #[error(
        "etcd can't be reached at {endpoint}: check that it runs, the address, and the network between"
    )]
    Unreachable {
        /// The endpoint that was tried last.
        endpoint: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("etcd gave no answer in time: check its load, its disk, and whether it has a leader")]
    TimedOut,
    /// The connection broke, or the member is cut off from the others.
    #[error("etcd can't serve now: check that a majority of its members runs")]
    Unavailable(#[source] Box<Status>),
    /// User, password or role are not what they should be.
    #[error(
        "etcd refuses the user: check user, password, and that its role may read and write the prefix"
    )]
    Denied(#[source] Box<Status>),
    /// The quota of its database is used up; etcd takes no more writes.
    #[error(
        "etcd is out of space: compact and defragment it or raise its --quota-backend-bytes, then disarm the alarm (etcdctl alarm disarm)"
    )]
    Full(#[source] Box<Status>),
    /// The revision is no longer kept.
    #[error("etcd no longer keeps the revision that was asked for: load again")]
    Compacted(#[source] Box<Status>),
    /// Anything else that etcd refuses.
    #[error(
        "etcd refuses the request: check that its version is 3.4 or later and its limits are those configured here"
    )]
    Refused(#[source] Box<Status>),
    /// An answer that the protocol doesn't allow.
    #[error("etcd's answer makes no sense ({found}): check that the endpoint is etcd")]
    Answer {
        /// What is wrong with it.
        found: &'static str,
    },
    /// A value in etcd that can't be read. It is left as it is.
    #[error(
        "the record {key:?} in etcd can't be read: start the version that wrote it, or restore a backup"
    )]
    Record {
        /// Its key.
        key: String,
        /// Why not.
        source: RecordError,
    },
    /// A batch deletes what isn't a record.
    #[error(
        "the batch deletes {key}, which a node's lease alone does: expect it, but don't change it"
    )]
    NotARecord {
        /// The key, as it is stored.
        key: String,
    },
    /// Somebody else began another history at the same moment.
    #[error(
        "another node restored or repaired the store at the same moment: look at what is there, then try again"
    )]
    Overtaken,
    /// A thread or its runtime could not be started.
    #[error("cannot start what talks to etcd: check the limits on threads and open files")]
    Start(#[source] std::io::Error),
    /// The store is being shut down.
    #[error("the store is closed")]
    Closed,
}

/// What etcd says when its quota is used up.
const NO_SPACE: &str = "database space exceeded";
/// What it says of a revision that was compacted.
const COMPACTED: &str = "has been compacted";
/// What it says of a token that it doesn't know (any more), or that is older than a change of users.
const STALE_TOKEN: [&str; 2] = ["invalid auth token", "revision of auth store is old"];
/// What it says where it wants a user and none is set.
const NO_USER: &str = "user name is empty";
/// What it says when a lease is to be granted that is there.
const LEASE_THERE: &str = "lease already exists";
/// What it says of a lease that has run out.
const LEASE_GONE: &str = "requested lease not found";
/// What our own side says of an answer beyond the limit.
const ANSWER_TOO_LARGE: &str = "message length too large";

impl EtcdError {
    /// What `status` means.
    pub(super) fn from_status(status: Status) -> Self {
        let message = status.message();
        let is = |part: &str| message.contains(part);
        let (no_space, compacted, no_user) = (is(NO_SPACE), is(COMPACTED), is(NO_USER));
        let stale = STALE_TOKEN.into_iter().any(is);
        let code = status.code();
        let status = Box::new(status);
        match code {
            _ if no_space => Self::Full(status),
            _ if compacted => Self::Compacted(status),
            _ if stale || no_user => Self::Denied(status),
            Code::Unauthenticated | Code::PermissionDenied => Self::Denied(status),
            Code::Unavailable
            | Code::Unknown
            | Code::Internal
            | Code::Cancelled
            | Code::Aborted
            | Code::DataLoss
            | Code::DeadlineExceeded => Self::Unavailable(status),
            _ => Self::Refused(status),
        }
    }

    /// Whether the token has to be fetched anew.
    pub(super) fn is_stale_token(&self) -> bool {
        matches!(self, Self::Denied(status)
            if STALE_TOKEN.iter().any(|part| status.message().contains(part)))
    }

    /// Whether the lease that was to be granted is there already.
    pub(super) fn is_lease_there(&self) -> bool {
        matches!(self, Self::Refused(status) if status.message().contains(LEASE_THERE))
    }

    /// Whether there is no such lease any more.
    pub(super) fn is_lease_gone(&self) -> bool {
        matches!(self, Self::Refused(status) if status.message().contains(LEASE_GONE))
    }

    /// Whether the answer was larger than this side takes.
    pub(super) fn is_answer_too_large(&self) -> bool {
        matches!(self, Self::Refused(status) if status.message().contains(ANSWER_TOO_LARGE))
    }

    /// This, unless it only says that the time is over, and `cause` what used it up.
    pub(super) fn because(self, cause: Option<Self>) -> Self {
        match (self, cause) {
            (Self::TimedOut, Some(cause)) => cause,
            (error, _) => error,
        }
    }

    /// Whether the same call may succeed when it is made again, perhaps at another endpoint.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut | Self::Unavailable(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_the_operator_can_do_about_it() {
        type Is = fn(&EtcdError) -> bool;
        let cases: [(Code, &str, Is); 10] = [
            (
                Code::ResourceExhausted,
                "etcdserver: mvcc: database space exceeded",
                |error| matches!(error, EtcdError::Full(_)),
            ),
            (
                Code::OutOfRange,
                "etcdserver: mvcc: required revision has been compacted",
                |error| matches!(error, EtcdError::Compacted(_)),
            ),
            (
                Code::Unauthenticated,
                "etcdserver: invalid auth token",
                EtcdError::is_stale_token,
            ),
            (
                Code::InvalidArgument,
                "etcdserver: revision of auth store is old",
                EtcdError::is_stale_token,
            ),
            (
                Code::PermissionDenied,
                "etcdserver: permission denied",
                |error| matches!(error, EtcdError::Denied(_)) && !error.is_stale_token(),
            ),
            (
                Code::Unavailable,
                "etcdserver: leader changed",
                EtcdError::is_passing,
            ),
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 9 bytes",
                EtcdError::is_answer_too_large,
            ),
            (
                Code::FailedPrecondition,
                "etcdserver: lease already exists",
                EtcdError::is_lease_there,
            ),
            (
                Code::NotFound,
                "etcdserver: requested lease not found",
                EtcdError::is_lease_gone,
            ),
            (
                Code::InvalidArgument,
                "etcdserver: too many operations in txn request",
                |error| matches!(error, EtcdError::Refused(_)) && !error.is_passing(),
            ),
        ];
        for (code, message, is) in cases {
            let error = EtcdError::from_status(Status::new(code, message));
            assert!(is(&error), "{message} became {error:?}");
        }
    }
}
