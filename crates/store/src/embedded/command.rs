//! A batch, made ready on its caller's thread, so that the committer has only to compare and append.

use bytes::Bytes;
use paste_model::{Batch, BlobId, Cause, Change, Expect, Key, Record, Revision};
use tokio::sync::oneshot;

use super::index::{KeyHash, KeyHasher};
use crate::record::{bulky, encode_batch, encode_key};
use crate::{Commit, CommitError, StoreError};

/// Largest batch, encoded and with its bulky values, in bytes.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A batch on its way to the log.
pub(super) struct Command {
    /// What must be true.
    pub(super) expect: Vec<(KeyHash, Key, Expect)>,
    /// Which keys will have a record afterwards, and which none.
    pub(super) effects: Vec<(KeyHash, bool)>,
    /// Bulky values to keep or drop.
    pub(super) blobs: Vec<(BlobId, Option<Bytes>)>,
    /// The batch as it will stand in the log.
    pub(super) encoded: Bytes,
    /// The changes as they will stand in the change stream.
    pub(super) changes: Vec<Change>,
    /// Why.
    pub(super) cause: Cause,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Result<Revision, CommitError>>,
    bytes: usize,
}

impl Command {
    pub(super) fn prepare(batch: Batch, hasher: &KeyHasher) -> Result<(Self, Commit), StoreError> {
        let Batch {
            expect,
            mut changes,
            cause,
        } = batch;
        let hash = |key: &Key| hasher.hash(encode_key(key).as_bytes());
        let effects: Vec<_> = changes
            .iter()
            .map(|change| (hash(&change.key()), matches!(change, Change::Put(_))))
            .collect();
        each_once(&changes, &effects)?;
        let encoded = encode_batch(&changes, &cause);
        let mut blobs = Vec::new();
        if changes.iter().any(bulky) {
            for change in changes.extract_if(.., |change| bulky(change)) {
                match change {
                    Change::Put(Record::Blob(id, bytes)) => blobs.push((id, Some(bytes))),
                    Change::Delete(Key::Blob(id)) => blobs.push((id, None)),
                    Change::Put(_) | Change::Delete(_) => {}
                }
            }
        }
        let bulk: usize = blobs
            .iter()
            .map(|(_, bytes)| bytes.as_ref().map_or(0, Bytes::len))
            .sum();
        let bytes = encoded.len() + bulk;
        if bytes > BATCH_BYTES_MAX {
            return Err(StoreError::TooLarge {
                bytes,
                limit: BATCH_BYTES_MAX,
            });
        }
        let expect = expect
            .into_iter()
            .map(|(key, expect)| (hash(&key), key, expect))
            .collect();
        let (answer, commit) = Commit::pending();
        Ok((
            Self {
                expect,
                effects,
                blobs,
                encoded,
                changes,
                cause,
                answer,
                bytes,
            },
            commit,
        ))
    }

    /// What it weighs in the queue, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Checks that no key is changed twice: which of the two holds would differ between the stream and a load.
fn each_once(changes: &[Change], effects: &[(KeyHash, bool)]) -> Result<(), StoreError> {
    if effects.len() < 2 {
        return Ok(());
    }
    let mut order: Vec<_> = effects
        .iter()
        .zip(changes)
        .map(|((hash, _), change)| (*hash, change))
        .collect();
    order.sort_unstable_by_key(|(hash, _)| *hash);
    match order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(StoreError::KeyTwice {
            key: encode_key(&pair[0].1.key()),
        }),
        None => Ok(()),
    }
}
