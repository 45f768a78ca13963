//! Truth: an ordered, revisioned log of batches, of which the newest value of each key can be loaded.
//!
//! Guarantees, which the contract suite (`suite.rs`) proves of every backend:
//!
//! 1. **Durable**: a commit that was answered with a revision survives the death of the process.
//! 2. **Atomic**: a batch is there whole or not at all, after any fault, for every reader.
//! 3. **Ordered**: revisions grow; the change stream carries every batch once, in their order. Batches that were committed
//!    together may share a revision, and are then together on the stream, too.
//! 4. **Conditional**: a batch is committed only if everything it expects is true at its place in the order.
//! 5. **Honest**: a store that can no longer keep 1 refuses writes and says why; reading goes on.

mod archive;
pub mod backup;
mod changes;
mod commit;
pub mod embedded;
mod error;
pub mod etcd;
#[cfg(any(test, feature = "faults"))]
pub mod faulty;
mod membership;
pub mod record;
mod status;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use bytes::Bytes;
use paste_model::{Batch, BlobId, Entry, Epoch, Revision};
use tokio::sync::watch;

pub use changes::{Changes, ChangesError, Feed, Reload};
pub use commit::{Commit, CommitError};
pub use embedded::Embedded;
pub use error::StoreError;
pub use etcd::Etcd;
pub use membership::{Membership, Node, Secret};
pub use status::StoreStatus;

/// Expectations of a batch that every backend takes, with two changes for each of them.
pub const EXPECTATIONS_MAX: usize = 100;

/// A place where batches are kept.
pub trait Store: Send + Sync + 'static {
    /// Hands over a batch; the answer comes when it is on disk. Never blocks: a full queue is [`CommitError::Busy`].
    fn commit(&self, batch: Batch) -> Commit;

    /// A consistent picture to start from (bulky values left out). Blocks while it reads.
    fn load(&self) -> Result<Loaded, StoreError>;

    /// All batches after `after`, then those to come, in order, each once. May block for a moment while it looks whether
    /// they are still there.
    fn changes(&self, after: Revision) -> Result<Changes, ChangesError>;

    /// A bulky value. Blocks while it reads.
    fn get(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError>;

    /// Every bulky value that is kept, with the revision that wrote it last. Blocks while it reads.
    fn blobs(&self) -> Result<Vec<(BlobId, Revision)>, StoreError>;

    /// Replaces everything by `picture` (bulky values stay as they are), in a new epoch, at a revision above the store's and above those of all records
    /// as they are loaded from then on. The change stream then says [`Reload::Restored`]. Blocks while it writes.
    fn restore(&self, picture: Loaded) -> Result<Revision, StoreError>;

    /// The history that this store keeps.
    fn epoch(&self) -> Epoch;

    /// How the store is.
    fn status(&self) -> StoreStatus;

    /// The nodes that share this store, and every change of them; `None` where it can't be shared.
    fn membership(&self) -> Option<watch::Receiver<Membership>> {
        None
    }

    /// Gives this node's lease back, so that others take over at once. Doesn't wait until it is done.
    fn leave(&self) {}
}

/// A consistent picture of the store.
#[derive(Debug)]
pub struct Loaded {
    /// The revision it shows.
    pub revision: Revision,
    /// Every record but the bulky ones, in no particular order.
    pub entries: Vec<Entry>,
}
