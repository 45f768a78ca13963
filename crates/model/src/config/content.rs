//! Where content lies: in blobs, whole only together.

use bytes::Bytes;
use compact_str::CompactString;

use crate::BlobId;

/// Content that lies in blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its pieces in order, each compressed; at most [`crate::limits::CONFIG_CHUNKS_MAX`].
    pub chunks: Vec<BlobId>,
    /// Its length in bytes, as it was published.
    pub size: u64,
    /// What the pieces take in the store, in bytes.
    pub stored: u64,
    /// SHA-256 of what is in the pieces (so of the sealed bytes, where they are sealed): what it is compared by.
    pub digest: [u8; 32],
    /// How it is encrypted, if it is.
    pub seal: Option<Seal>,
}

/// The envelope of encrypted content: a key of its own, wrapped by a key that is kept elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Seal {
    /// Which key wraps the content's own.
    pub key: CompactString,
    /// The content's own key, wrapped.
    pub wrapped: Bytes,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
