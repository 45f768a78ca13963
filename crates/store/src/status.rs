//! What a store says of itself.

use std::sync::Arc;

use paste_model::Revision;

use crate::StoreError;

/// How a store is.
#[derive(Debug, Clone)]
pub struct StoreStatus {
    /// The backend's name: `embedded` or `etcd`.
    pub backend: &'static str,
    /// Why writes are refused, if they are.
    pub failed: Option<Arc<StoreError>>,
    /// The newest committed revision.
    pub revision: Revision,
    /// Changes after this revision can still be streamed.
    pub oldest: Revision,
    /// Size on disk, in bytes.
    pub disk_bytes: u64,
    /// Commits waiting to be written.
    pub waiting: usize,
}
