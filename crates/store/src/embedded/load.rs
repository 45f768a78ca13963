//! A consistent picture, decoded on all cores.
//!
//! The index is copied under the lock, so that the picture is that of one moment while commits go on.

use std::thread;

use parking_lot::Mutex;
use paste_model::{Entry, Revision};

use super::index::{Index, KeyHasher};
use super::picture::{Piece, Source};
use super::shared::Shared;
use crate::{Loaded, StoreError};

/// Threads beyond this number only wait for the disk.
const THREADS_MAX: usize = 8;

/// Everything but the bulky records.
pub(super) fn load(shared: &Shared) -> Result<Loaded, StoreError> {
    let (source, index, revision) = {
        let mut state = shared.state.lock();
        if let Some(first) = state.first.take() {
            return Ok(first);
        }
        (shared.source(&state)?, state.index.clone(), state.revision)
    };
    let source = Mutex::new(source);
    // One allocation for all threads: parts of their own would have to be joined, at twice the memory.
    let entries = Mutex::new(Vec::with_capacity(index.len()));
    on_all_cores(|| decode(&source, &index, &shared.hasher, &entries))?;
    Ok(Loaded {
        revision,
        entries: entries.into_inner(),
    })
}

/// Does `work` on each core, and says what went wrong on any.
pub(super) fn on_all_cores(
    work: impl Fn() -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(THREADS_MAX));
    thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
        let own = work();
        let results = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(Err(StoreError::Closed)));
        results.fold(own, Result::and)
    })
}

/// Decodes pieces into `entries` until there are none left.
fn decode(
    source: &Mutex<Source>,
    index: &Index,
    hasher: &KeyHasher,
    entries: &Mutex<Vec<Entry>>,
) -> Result<(), StoreError> {
    let mut decoded = Vec::new();
    loop {
        // A statement of its own, so that the lock is not held while decoding.
        let piece = source.lock().next()?;
        let Some(piece) = piece else { return Ok(()) };
        decode_piece(piece, index, hasher, &mut decoded)?;
        entries.lock().append(&mut decoded);
    }
}

fn decode_piece(
    piece: Piece,
    index: &Index,
    hasher: &KeyHasher,
    entries: &mut Vec<Entry>,
) -> Result<(), StoreError> {
    let path = piece.path().to_owned();
    piece.each(|row, put| {
        if put && index.holds(hasher.hash(&row.key), Revision(row.revision)) {
            entries.push(
                row.entry()
                    .map_err(|error| StoreError::record(&path, error))?,
            );
        }
        Ok::<_, StoreError>(())
    })
}
