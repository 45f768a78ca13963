//! A batch, made ready on its caller's thread for one transaction of etcd.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use paste_model::{Batch, Change, Expect, Key, Record, Revision};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Config, EtcdError};
use crate::record::{bulky, encode_batch, encode_key, encode_value};
use crate::{Commit, CommitError, StoreError};

/// What etcd's messages add to each key and value, at most.
const OPERATION_OVERHEAD_BYTES: usize = 64;
/// Room in a request beside a command: the fence, the history, the frame.
const REQUEST_OVERHEAD_BYTES: usize = 8 * 1024;

/// A batch on its way to etcd.
pub(super) struct Command {
    /// What must be true: the key, as a record has it, and what is expected of it.
    pub(super) expect: Vec<(Key, Text, Expect)>,
    /// What changes; no value is a delete.
    pub(super) changes: Vec<(Text, Option<Bytes>)>,
    /// Why, encoded.
    pub(super) cause: Bytes,
    /// The keys that it reads, and those that it writes.
    pub(super) touches: Vec<Touch>,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Result<Revision, CommitError>>,
    /// When the answer must be there.
    pub(super) until: Instant,
    /// What it weighs, in bytes.
    pub(super) bytes: usize,
    /// Longer lists of changes have to be cut into lists of this length.
    pub(super) list_length: usize,
}

/// A key as text, and whether it stands aside: outside the tree, where no load and no change stream reads.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) key: String,
    pub(super) aside: bool,
}

/// A key that a command reads or writes, by its hash: two keys with one hash wait for each other in vain, nothing more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    pub(super) key: u64,
    pub(super) writes: bool,
}

impl Command {
    pub(super) fn prepare(
        batch: Batch,
        hasher: &RandomState,
        config: &Config,
    ) -> Result<(Self, Commit), StoreError> {
        records_only(&batch.changes)?;
        let changes: Vec<_> = batch.changes.iter().map(change).collect();
        each_once(&changes)?;
        let expect: Vec<_> = batch
            .expect
            .into_iter()
            .map(|(key, expect)| {
                let text = text(&key);
                (key, text, expect)
            })
            .collect();
        let writes = changes.iter().map(|(text, _)| (text, true));
        let reads = expect.iter().map(|(_, text, _)| (text, false));
        let touches = writes
            .chain(reads)
            .map(|(text, writes)| Touch {
                key: hasher.hash_one(&text.key),
                writes,
            })
            .collect();
        let (answer, commit) = Commit::pending();
        let mut command = Self {
            expect,
            changes,
            cause: encode_batch(&[], &batch.cause),
            touches,
            answer,
            until: Instant::now() + config.timeout,
            bytes: 0,
            list_length: 0,
        };
        command.bytes = command.weigh(config);
        command.list_length = command.check(config)?;
        Ok((command, commit))
    }

    /// Operations that it counts for.
    pub(super) fn operations(&self) -> usize {
        (self.changes.len() + 1).max(self.expect.len())
    }

    fn weigh(&self, config: &Config) -> usize {
        let around = config.prefix.len() + OPERATION_OVERHEAD_BYTES;
        let changes = self
            .changes
            .iter()
            .map(|(text, value)| around + text.key.len() + value.as_ref().map_or(0, Bytes::len));
        // An expectation is sent twice: to be compared, and to be looked at if it fails.
        let expect = self
            .expect
            .iter()
            .map(|(_, text, _)| 2 * (around + text.key.len()));
        changes.chain(expect).sum::<usize>() + self.cause.len() + around
    }

    /// Checks that etcd will take it in one transaction; returns how long its lists may be.
    fn check(&self, config: &Config) -> Result<usize, StoreError> {
        let limit = config.request_bytes.saturating_sub(REQUEST_OVERHEAD_BYTES);
        if self.bytes > limit {
            return Err(StoreError::TooLarge {
                bytes: self.bytes,
                limit,
            });
        }
        // Beside the fence, the command is one operation; what is in it may have as many fewer.
        let inner = config.txn_ops.saturating_sub(2);
        if self.expect.len() > inner {
            return Err(StoreError::TooMany {
                what: "expectations",
                count: self.expect.len(),
                limit: inner,
            });
        }
        match list_length(self.expect.len(), self.changes.len(), inner) {
            Some(length) => Ok(length),
            None => Err(StoreError::TooMany {
                what: "changes",
                count: self.changes.len(),
                limit: changes_max(self.expect.len(), inner),
            }),
        }
    }
}

/// How long the lists may be in which the changes of a command are sent, so that etcd takes it: it counts the longest list
/// of a transaction, and each list within may have as many fewer. `None` if there are too many for any length.
fn list_length(expect: usize, changes: usize, operations: usize) -> Option<usize> {
    if changes < operations {
        return Some(operations);
    }
    // Beside the lists there is the cause.
    let fits = |length: &usize| length + expect.max(changes.div_ceil(*length) + 1) <= operations;
    (1..operations).find(fits)
}

/// The most changes for which [`list_length`] finds one.
fn changes_max(expect: usize, operations: usize) -> usize {
    let longest = operations.saturating_sub(expect);
    let in_lists = (1..=longest).map(|length| length * operations.saturating_sub(length + 1));
    in_lists
        .max()
        .unwrap_or_default()
        .max(operations.saturating_sub(1))
}

fn text(key: &Key) -> Text {
    Text {
        key: encode_key(key),
        aside: matches!(key, Key::Blob(_) | Key::Node(_)),
    }
}

fn change(change: &Change) -> (Text, Option<Bytes>) {
    let text = Text {
        key: encode_key(&change.key()),
        aside: bulky(change),
    };
    match change {
        Change::Put(Record::Blob(_, bytes)) => (text, Some(bytes.clone())),
        Change::Put(record) => (text, Some(encode_value(record))),
        Change::Delete(_) => (text, None),
    }
}

/// Checks that nobody takes a node's membership away, which ends with its lease and not otherwise.
fn records_only(changes: &[Change]) -> Result<(), StoreError> {
    let membership = changes.iter().find_map(|change| match change.key() {
        key @ Key::Node(_) => Some(encode_key(&key)),
        _ => None,
    });
    match membership {
        Some(key) => Err(EtcdError::NotARecord { key }.into()),
        None => Ok(()),
    }
}

/// Checks that no key is changed twice, which etcd refuses as well.
fn each_once(changes: &[(Text, Option<Bytes>)]) -> Result<(), StoreError> {
    let mut seen = HashSet::with_capacity(changes.len());
    match changes.iter().find(|(text, _)| !seen.insert(&text.key)) {
        Some((text, _)) => Err(StoreError::KeyTwice {
            key: text.key.clone(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A length is found exactly up to the limit that is told.
        #[test]
        fn the_limit_on_changes_is_exact(expect in 0..200_usize, operations in 3..200_usize) {
            prop_assume!(expect <= operations);
            let limit = changes_max(expect, operations);
            prop_assert!(list_length(expect, limit, operations).is_some());
            prop_assert!(list_length(expect, limit + 1, operations).is_none());
        }
    }

    #[test]
    fn every_backend_takes_the_expectations_that_all_promise() {
        // A process that ends: a verdict, and per instance what was registered and what the probes found.
        let expect = crate::EXPECTATIONS_MAX;
        assert!(list_length(expect, 2 * expect + 1, 126).is_some());
    }
}
