//! What can go wrong with the truth, by what the operator can do about it.
//!
//! Invariant: no cause is dropped; every message says what was found and what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::etcd::EtcdError;
use crate::record::RecordError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {path:?}: check that the disk is well and the directory writable")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The disk has no room.
    #[error("no space left for {path:?}: make room on its disk and restart")]
    Full {
        /// The file that was to grow.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file doesn't hold what was written to it, or was never one of ours. It is left as it is.
    #[error("{path:?} is damaged: {found}; {remedy}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: String,
        /// What to do.
        remedy: &'static str,
        /// What the reader of the file said, if anything.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A file was written by a newer version. It is left as it is.
    #[error(
        "{path:?} has schema {found}, this version reads up to {supported}: start the newer version that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema found.
        found: u32,
        /// The newest schema that this version reads.
        supported: u32,
    },
    /// Another process uses the directory.
    #[error("{path:?} is in use by another process: stop it, or choose another data directory")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A batch is larger than any group may be.
    #[error("the batch has {bytes} bytes, the limit (batch_bytes_max) is {limit}: split it")]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A batch has more of something than one transaction of the backend may have.
    #[error(
        "the batch has {count} {what}, the limit (etcd's max-txn-ops allows no more) is {limit}: split it"
    )]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// etcd, or the way to it.
    #[error(transparent)]
    Etcd(#[from] EtcdError),
    /// A batch changes a key more than once.
    #[error("the batch changes {key} twice: keep one change of each key")]
    KeyTwice {
        /// The key, as it is stored.
        key: String,
    },
    /// An earlier failure, after which nothing is written any more.
    #[error("the store refuses writes since an earlier failure: restart it")]
    Refused(#[source] Arc<StoreError>),
    /// The store is being shut down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// An error of the operating system while doing `action` to `path`.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }

    /// Something in `path` that can't be read.
    pub(crate) fn corrupt(path: &Path, found: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            found: found.into(),
            remedy: RESTORE,
            source: None,
        }
    }

    /// A record in `path` that can't be read.
    pub(crate) fn record(path: &Path, error: RecordError) -> Self {
        let path = path.to_owned();
        match error {
            RecordError::Newer { found, supported } => Self::Newer {
                path,
                found: found.into(),
                supported: supported.into(),
            },
            RecordError::Malformed { .. } => Self::Corrupt {
                path,
                found: error.to_string(),
                remedy: RESTORE,
                source: Some(Box::new(error)),
            },
        }
    }

    /// What redb says of `path` while doing `action`.
    pub(crate) fn redb(action: &'static str, path: &Path, error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(source)
                if matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Corrupt {
                    path: path.to_owned(),
                    found: source.to_string(),
                    remedy: RESTORE,
                    source: Some(Box::new(source)),
                }
            }
            redb::Error::Io(source) => Self::io(action, path, source),
            redb::Error::Corrupted(found) => match newer_format(&found) {
                Some((found, supported)) => Self::Newer {
                    path: path.to_owned(),
                    found,
                    supported,
                },
                None => Self::corrupt(path, found),
            },
            redb::Error::UpgradeRequired(found) => Self::corrupt(
                path,
                format!("file format {found} is not one this version writes"),
            ),
            redb::Error::DatabaseAlreadyOpen => Self::Locked {
                path: path.to_owned(),
            },
            other => Self::io(action, path, io::Error::other(other.to_string())),
        }
    }
}

/// The format of a file and the newest that redb reads, where that is what redb says: it has no other word for it than
/// for damage.
fn newer_format(said: &str) -> Option<(u32, u32)> {
    let numbers = said.strip_prefix("Expected file format version <= ")?;
    let (supported, found) = numbers.split_once(", found ")?;
    Some((found.parse().ok()?, supported.parse().ok()?))
}

/// What to do with a damaged file.
const RESTORE: &str = "it was left as it is: move the data directory away and start with a backup, or on a sound copy of it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_travel_between_threads_and_keep_their_cause() {
        fn travels<T: Send + Sync + 'static>(_: &T) {}
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = StoreError::io("write", Path::new("/x"), full);
        travels(&error);
        assert!(matches!(error, StoreError::Full { .. }));
        assert!(std::error::Error::source(&error).is_some());
    }
}
