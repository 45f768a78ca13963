//! Content on its way into blobs and back, through a bounded cache.

use std::sync::Arc;

use bytes::Bytes;
use paste_model::{Batch, BlobId, Cause, CauseKind, Change, ConfigKey, Content, Record};
use quick_cache::Weighter;
use sha2::{Digest, Sha256};

use super::{Plain, document};
use crate::{Caller, Engine, EngineError};

/// Blobs that are written in one batch: a transaction of etcd takes 1.5 MiB.
const BLOBS_TOGETHER: usize = 3;
/// Contents that the cache makes room for at first.
const CACHE_ITEMS: usize = 1_024;

/// What is in the blobs of a content, joined: sealed, where it is sealed.
pub(super) struct Cache(quick_cache::sync::Cache<[u8; 32], Bytes, Weight>);

#[derive(Clone)]
struct Weight;

impl Weighter<[u8; 32], Bytes> for Weight {
    fn weight(&self, _: &[u8; 32], bytes: &Bytes) -> u64 {
        bytes.len() as u64 + 128
    }
}

impl Cache {
    pub(super) fn new(bytes: u64) -> Self {
        Self(quick_cache::sync::Cache::with_weighter(
            CACHE_ITEMS,
            bytes,
            Weight,
        ))
    }
}

/// Content that is ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub(super) content: Content,
    pub(super) blobs: Vec<(BlobId, Bytes)>,
    /// What is in the blobs, joined.
    joined: Bytes,
}

impl Engine {
    /// Packs content for `key`, sealed if it is a secret.
    pub(super) fn pack(
        &self,
        key: &ConfigKey,
        plain: &Plain,
        secret: bool,
    ) -> Result<Packed, EngineError> {
        let (joined, seal) = if secret {
            let (sealed, seal) = self.configs().config.vault.seal(plain, &key.to_string())?;
            (Bytes::from(sealed), Some(seal))
        } else {
            (plain.clone(), None)
        };
        let blobs = document::pieces(&joined);
        Ok(Packed {
            content: Content {
                chunks: blobs.iter().map(|(id, _)| *id).collect(),
                size: plain.len() as u64,
                stored: blobs.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
                digest: Sha256::digest(&joined).into(),
                seal,
            },
            blobs,
            joined,
        })
    }

    /// Writes blobs. Those that are there are written again: whoever would collect them finds that they are young.
    pub(super) async fn put_blobs(
        &self,
        caller: &Caller,
        packed: &[&Packed],
    ) -> Result<(), EngineError> {
        let blobs: Vec<_> = packed.iter().flat_map(|packed| &packed.blobs).collect();
        for together in blobs.chunks(BLOBS_TOGETHER) {
            let mut changes: Vec<Change> = Vec::with_capacity(together.len());
            for (id, bytes) in together {
                let change = Change::Put(Record::Blob(*id, bytes.clone()));
                if !changes.contains(&change) {
                    changes.push(change);
                }
            }
            let batch = Batch {
                expect: Vec::new(),
                changes,
                cause: Cause {
                    kind: CauseKind::Request,
                    at: self.context().clock.wall(),
                    by: caller.principal().clone(),
                    reason: Default::default(),
                    about: None,
                },
            };
            self.context().store.commit(batch).await?;
        }
        for packed in packed {
            let cache = &self.configs().cache.0;
            cache.insert(packed.content.digest, packed.joined.clone());
        }
        Ok(())
    }

    /// Content as it was published, where it is in memory.
    pub(super) fn content_at_once(
        &self,
        key: &ConfigKey,
        content: &Content,
    ) -> Option<Result<Plain, EngineError>> {
        let joined = self.configs().cache.0.get(&content.digest)?;
        Some(self.unsealed(key, content, joined))
    }

    /// Content as it was published.
    pub(super) async fn content(
        &self,
        key: &ConfigKey,
        content: &Content,
    ) -> Result<Plain, EngineError> {
        if let Some(found) = self.content_at_once(key, content) {
            return found;
        }
        let store = Arc::clone(&self.context().store);
        let wanted = content.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut pieces = Vec::with_capacity(wanted.chunks.len());
            for id in &wanted.chunks {
                let piece = store
                    .get(id)
                    .map_err(|error| EngineError::read("can't read the content", error))?;
                pieces.push(piece);
            }
            Ok::<_, EngineError>(pieces)
        });
        let pieces = read
            .await
            .map_err(|error| EngineError::read("reading the content was interrupted", error))??;
        let joined = joined(key, content, pieces)?;
        self.configs()
            .cache
            .0
            .insert(content.digest, joined.clone());
        self.unsealed(key, content, joined)
    }

    fn unsealed(
        &self,
        key: &ConfigKey,
        content: &Content,
        joined: Bytes,
    ) -> Result<Plain, EngineError> {
        match &content.seal {
            None => Ok(joined),
            Some(seal) => {
                let vault = &self.configs().config.vault;
                Ok(vault.open(&joined, seal, &key.to_string())?.into())
            }
        }
    }
}

/// The pieces put together, and checked against what was written.
fn joined(
    key: &ConfigKey,
    content: &Content,
    pieces: Vec<Option<Bytes>>,
) -> Result<Bytes, EngineError> {
    let lost = || EngineError::ContentLost {
        detail: format!(
            "the content of configuration item {key} is not in the store, or damaged; publish it again or restore a backup"
        ),
    };
    let pieces: Vec<Bytes> = pieces.into_iter().collect::<Option<_>>().ok_or_else(lost)?;
    let joined = document::join(pieces.iter().map(Bytes::as_ref)).map_err(|_| lost())?;
    if <[u8; 32]>::from(Sha256::digest(&joined)) != content.digest {
        return Err(lost());
    }
    Ok(joined)
}
