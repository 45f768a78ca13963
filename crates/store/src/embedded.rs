//! The store of one node: redb used as a log, checkpoints beside it.
//!
//! **Why a log.** The state lives in memory anyway (in the catalog), so a tree on disk ordered by name would buy nothing
//! and cost one page written per record. Groups of batches under growing numbers are written side by side: ten times
//! the records a second for the same disk. redb rather than a file format of our own, because torn writes, checksums and
//! recovery are its trade and it is fuzzed for it.
//!
//! **Writing.** [`Store::commit`] makes a batch ready on its caller's thread and puts it into a bounded queue. One thread,
//! the committer, takes what is waiting (at most 1,000 commands or 256 KiB), evaluates what each expects, writes those
//! that hold as one row with one fsync, notes their revisions in the index, publishes them, and answers everyone.
//! A command whose expectation fails costs the others nothing.
//!
//! **Reading.** Only key -> revision is kept in memory. [`Store::load`] reads the checkpoint and the log, on all cores; the
//! first one takes what was read to open the store, unless something was committed in between.
//!
//! **Files**, all in one directory of mode 0700 that one process at a time may use (`lock`): `log.redb`, whose header says
//! which history this is and which checkpoint counts, and `checkpoint-<revision>`. Nothing is changed in a directory
//! before its log has been verified as a whole through an overlay that keeps every write in memory.
//!
//! **When the disk fails** the store takes no more writes and says why; what was committed can still be read, through the
//! same overlay. Only a restart, which verifies everything, lets it write again: after a failed fsync nobody knows what
//! the disk holds.

mod checkpoint;
mod command;
mod committer;
mod first;
mod index;
mod load;
mod log;
mod open;
mod overlay;
mod picture;
mod queue;
mod shared;
mod streams;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use bytes::Bytes;
use paste_model::{Batch, BlobId, Epoch, Revision};

use crate::{Changes, ChangesError, Commit, CommitError, Loaded, Store, StoreError, StoreStatus};
use command::Command;
use queue::Order;
use shared::Shared;

pub use command::BATCH_BYTES_MAX;

/// How an embedded store behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Log, in bytes, from which on a checkpoint is written, unless half of the last checkpoint is more.
    pub log_bytes: u64,
    /// Batches that stay in the log for [`Store::changes`], whether a checkpoint holds them or not.
    pub batches_kept: u64,
    /// Memory for pages of the log, in bytes.
    pub cache_bytes: usize,
    /// A disk that fails on demand.
    #[cfg(any(test, feature = "faults"))]
    pub faults: Option<crate::faulty::Faults>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log_bytes: 64 * 1024 * 1024,
            batches_kept: 10_000,
            cache_bytes: 8 * 1024 * 1024,
            #[cfg(any(test, feature = "faults"))]
            faults: None,
        }
    }
}

/// The store of one node. Dropping it commits what is waiting, which blocks for a moment.
pub struct Embedded {
    shared: Arc<Shared>,
    committer: Option<JoinHandle<()>>,
    /// Held as long as the store is open.
    _lock: File,
}

impl Embedded {
    /// Opens the store in `directory`, which is made if it isn't there. Blocks while it reads everything once.
    pub fn open(directory: &Path, config: Config) -> Result<Self, StoreError> {
        let (shared, lock) = open::open(directory, config)?;
        let committer = committer::spawn(Arc::clone(&shared))?;
        Ok(Self {
            shared,
            committer: Some(committer),
            _lock: lock,
        })
    }

    /// The number of records, bulky ones included.
    pub fn records(&self) -> usize {
        self.shared.state.lock().index.len()
    }
}

impl Store for Embedded {
    fn commit(&self, batch: Batch) -> Commit {
        if let Some(error) = self.shared.failed.get() {
            return Commit::ready(Err(CommitError::Failed(Arc::clone(error))));
        }
        let (command, commit) = match Command::prepare(batch, &self.shared.hasher) {
            Ok(prepared) => prepared,
            Err(error) => return Commit::ready(Err(CommitError::Failed(Arc::new(error)))),
        };
        match self.shared.queue.push(command) {
            Ok(()) => commit,
            Err(refused) => Commit::ready(Err(refused)),
        }
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        load::load(&self.shared)
    }

    fn changes(&self, after: Revision) -> Result<Changes, ChangesError> {
        streams::begin(&self.shared, after)
    }

    fn get(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError> {
        self.shared.view()?.blob(id)
    }

    fn blobs(&self) -> Result<Vec<(BlobId, Revision)>, StoreError> {
        self.shared.view()?.blob_revisions()
    }

    fn restore(&self, picture: Loaded) -> Result<Revision, StoreError> {
        let (answer, restored) = std::sync::mpsc::sync_channel(1);
        self.shared
            .queue
            .order(Order::Restore(picture, answer))
            .map_err(|_| StoreError::Closed)?;
        restored.recv().unwrap_or(Err(StoreError::Closed))
    }

    fn epoch(&self) -> Epoch {
        self.shared.state.lock().epoch
    }

    fn status(&self) -> StoreStatus {
        let (revision, oldest, checkpoint_bytes) = {
            let state = self.shared.state.lock();
            (state.revision, state.oldest, state.checkpoint_bytes)
        };
        let log_bytes = self
            .shared
            .log_path
            .metadata()
            .map_or(0, |metadata| metadata.len());
        StoreStatus {
            backend: "embedded",
            failed: self.shared.failed.get().cloned(),
            revision,
            oldest,
            disk_bytes: log_bytes + checkpoint_bytes,
            waiting: self.shared.queue.len(),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.queue.close();
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the committer panicked");
        }
        self.shared.close();
    }
}
