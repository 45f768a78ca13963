//! What the threads of an embedded store share.
//!
//! Invariant: index, revision, epoch and the live streams change together under one lock, after the disk has them. So
//! whoever holds the lock sees one moment, and a stream that joins at a revision misses nothing after it.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};
use paste_model::{Epoch, Revision};

use super::Config;
use super::index::{Index, KeyHasher};
use super::log::{Header, Log, View};
use super::picture::Source;
use super::queue::Queue;
use super::streams::Subscriber;
use crate::{Loaded, StoreError};

/// What the threads of an embedded store share.
pub(super) struct Shared {
    pub(super) directory: PathBuf,
    pub(super) log_path: PathBuf,
    pub(super) config: Config,
    pub(super) hasher: KeyHasher,
    pub(super) queue: Queue,
    pub(super) state: Mutex<State>,
    /// Why writes are refused, once they are.
    pub(super) failed: OnceLock<Arc<StoreError>>,
    /// Whether the store is being closed.
    pub(super) stop: AtomicBool,
    log: RwLock<Option<Log>>,
}

/// One moment of the store.
pub(super) struct State {
    pub(super) index: Index,
    pub(super) revision: Revision,
    pub(super) epoch: Epoch,
    /// The checkpoint that counts; zero is none.
    pub(super) checkpoint: Revision,
    pub(super) checkpoint_bytes: u64,
    /// Bytes of log after the checkpoint.
    pub(super) log_bytes: u64,
    /// Changes after this revision are in the log.
    pub(super) oldest: Revision,
    pub(super) live: Vec<Subscriber>,
    /// What the first reading left, until it is asked for or outdated.
    pub(super) first: Option<Loaded>,
}

impl State {
    pub(super) fn header(&self) -> Header {
        Header {
            epoch: self.epoch,
            checkpoint: self.checkpoint,
        }
    }
}

impl Shared {
    pub(super) fn new(
        directory: PathBuf,
        config: Config,
        hasher: KeyHasher,
        state: State,
        log: Log,
    ) -> Self {
        Self {
            log_path: log.path().to_owned(),
            directory,
            config,
            hasher,
            queue: Queue::default(),
            state: Mutex::new(state),
            failed: OnceLock::new(),
            stop: AtomicBool::new(false),
            log: RwLock::new(Some(log)),
        }
    }

    /// What the log shows now.
    pub(super) fn view(&self) -> Result<View, StoreError> {
        self.with_log(Log::read)
    }

    pub(super) fn with_log<T>(
        &self,
        act: impl FnOnce(&Log) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.log
            .read()
            .as_ref()
            .ok_or(StoreError::Closed)
            .and_then(act)
    }

    /// Calls `act` at a moment when nothing is being written to the log.
    #[cfg(test)]
    pub(super) fn between_writes<T>(&self, act: impl FnOnce() -> T) -> T {
        let _log = self.log.write();
        act()
    }

    /// All that stands on disk at the moment of `state`, whose lock keeps its checkpoint from being replaced meanwhile.
    pub(super) fn source(&self, state: &State) -> Result<Source, StoreError> {
        let view = self.view()?;
        Source::open(
            &self.directory,
            &self.log_path,
            &view,
            state.header(),
            state.revision,
        )
    }

    /// Refuses writes from now on. Reading goes on through an overlay, as redb reads no more after a failed write.
    pub(super) fn fail(&self, error: StoreError) -> Arc<StoreError> {
        let error = Arc::clone(self.failed.get_or_init(|| Arc::new(error)));
        tracing::error!(
            error = &*error as &dyn std::error::Error,
            "the store refuses writes"
        );
        let mut log = self.log.write();
        drop(log.take());
        match Log::open_untouched(&self.log_path, &self.config, false) {
            Ok(untouched) => *log = Some(untouched),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "nor can it be read"
                );
            }
        }
        error
    }

    /// Ends all streams and closes the log.
    pub(super) fn close(&self) {
        self.state.lock().live.clear();
        drop(self.log.write().take());
    }
}
