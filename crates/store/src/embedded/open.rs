//! Opening a data directory: nothing in it is changed before all of it has been read and found sound.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use paste_model::{Epoch, Key, Revision};

use super::Config;
use super::checkpoint;
use super::first;
use super::index::{Index, KeyHasher};
use super::log::{Header, Log, View};
use super::picture::Source;
use super::shared::{Shared, State};
use crate::record::encode_key;
use crate::{Loaded, StoreError};

/// Opens `directory`; returns what the threads share, and the lock that keeps other processes out.
pub(super) fn open(directory: &Path, config: Config) -> Result<(Arc<Shared>, File), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| StoreError::io("create", directory, error))?;
    let lock = lock(&directory.join("lock"))?;
    let path = directory.join("log.redb");
    if !path.exists() {
        create(directory, &path, &config)?;
    }
    let hasher = KeyHasher::default();
    let untouched = Log::open_untouched(&path, &config, true)?;
    let state = read(directory, &path, &untouched.read()?, &hasher)?;
    drop(untouched);
    let log = Log::open(&path, &config)?;
    checkpoint::sweep(directory, state.checkpoint)?;
    Ok((
        Arc::new(Shared::new(
            directory.to_owned(),
            config,
            hasher,
            state,
            log,
        )),
        lock,
    ))
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| StoreError::io("create", path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path, error)),
    }
}

/// Begins a history. The log is made beside its place and renamed, so that one that is there is always whole.
fn create(directory: &Path, path: &Path, config: &Config) -> Result<(), StoreError> {
    if let Some(checkpoint) = checkpoint::list(directory)?.first() {
        let found = format!("it is missing, but {checkpoint:?} is there");
        return Err(StoreError::corrupt(path, found));
    }
    let temporary = path.with_extension("part");
    let header = Header {
        epoch: Epoch(rand::random()),
        checkpoint: Revision::ZERO,
    };
    Log::create(&temporary, config, header)?;
    fs::rename(&temporary, path).map_err(|error| StoreError::io("create", path, error))?;
    checkpoint::sync_directory(directory)
}

/// Reads everything once: which keys there are, and that all of it can be read.
fn read(
    directory: &Path,
    path: &Path,
    view: &View,
    hasher: &KeyHasher,
) -> Result<State, StoreError> {
    let header = view.header()?;
    let mut index = Index::default();
    for (id, revision) in view.blob_revisions()? {
        let key = encode_key(&Key::Blob(id));
        index.set(hasher.hash(key.as_bytes()), Some(revision));
    }
    let source = Source::open(directory, path, view, header, Revision(u64::MAX))?;
    let first = first::read(source, hasher, index)?;
    let mut checkpoint_bytes = 0;
    if header.checkpoint != Revision::ZERO {
        let path = checkpoint::path(directory, header.checkpoint);
        checkpoint_bytes = path.metadata().map_or(0, |metadata| metadata.len());
    }
    let revision = header.checkpoint.max(first.revision);
    Ok(State {
        index: first.index,
        revision,
        epoch: header.epoch,
        checkpoint: header.checkpoint,
        checkpoint_bytes,
        log_bytes: first.log_bytes,
        oldest: view.begins_after()?.unwrap_or(header.checkpoint),
        live: Vec::new(),
        first: Some(Loaded {
            revision,
            entries: first.entries,
        }),
    })
}
