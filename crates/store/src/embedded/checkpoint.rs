//! Checkpoints: the whole state in a file of its own, so that the log before it can go.
//!
//! A checkpoint is *fuzzy*: it is written while commits go on and holds no picture of any one moment. It begins at a
//! revision R, and streams the checkpoint before it and the log up to R, leaving out each entry that the index, as it is
//! when the entry comes by, no longer names. Together with the log after R it is exact all the same:
//!
//! - an entry left out was overwritten or deleted. If that was at or before R, the entry that took its place is itself
//!   streamed (or the key has none). If it was after R, the log after R says so;
//! - an entry kept may be overwritten or deleted a moment later: then again the log after R says so;
//! - no key stands there twice: of its entries up to R the index names at most one.
//!
//! The rejected alternative, a copy of the index taken at R, would make a checkpoint exact in itself, at the price of
//! 40 bytes a key and a pause in which it is copied.
//!
//! The file is written beside its place, fsynced, renamed, its directory fsynced. Then the committer makes it count, by
//! naming it in the header of the log; only after that does anything it replaces go. Whatever a crash leaves behind in
//! between is not named by the header, and the next start removes it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use paste_model::{Epoch, Revision};

use super::index::{KeyHash, KeyHasher};
use super::picture::{Piece, Source};
use crate::StoreError;
use crate::archive::Writer;
use crate::record::EntryRow;

/// A checkpoint that was written but doesn't count yet.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) epoch: Epoch,
    pub(super) revision: Revision,
    pub(super) bytes: u64,
    /// Bytes of log that it makes superfluous.
    pub(super) log_bytes: u64,
}

/// Where the checkpoint at `revision` is.
pub(super) fn path(directory: &Path, revision: Revision) -> PathBuf {
    directory.join(format!("checkpoint-{:020}", revision.0))
}

/// Removes what interrupted checkpoints left behind: all but the one at `current`.
pub(super) fn sweep(directory: &Path, current: Revision) -> Result<(), StoreError> {
    let current = path(directory, current);
    for file in list(directory)? {
        if file != current {
            fs::remove_file(&file).map_err(|error| StoreError::io("remove", &file, error))?;
        }
    }
    Ok(())
}

/// All files that are or were to become checkpoints.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error| StoreError::io("list", directory, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("checkpoint-")
        {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Writes the file of a checkpoint: `fill` gives it its entries. Returns its size in bytes.
pub(super) fn write(
    directory: &Path,
    epoch: Epoch,
    revision: Revision,
    fill: impl FnOnce(&mut dyn FnMut(&EntryRow) -> Result<(), StoreError>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let path = path(directory, revision);
    let temporary = path.with_extension("part");
    let failed = |error| StoreError::io("write", &temporary, error);
    let written = (|| {
        let file = BufWriter::with_capacity(256 * 1024, File::create(&temporary).map_err(failed)?);
        let mut writer = Writer::new(file, epoch, revision).map_err(failed)?;
        fill(&mut |entry| writer.push(entry).map_err(failed))?;
        let (mut file, bytes) = writer.finish().map_err(failed)?;
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        fs::rename(&temporary, &path).map_err(failed)?;
        sync_directory(directory)?;
        Ok(bytes)
    })();
    if written.is_err() {
        // Best effort: the next start removes it in any case.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Makes renames in `directory` last.
pub(super) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| StoreError::io("sync", directory, error))
}

/// Streams `source` into `push`, without what `live` no longer names. `live` is asked once for each piece.
pub(super) fn copy(
    mut source: Source,
    hasher: &KeyHasher,
    stop: &AtomicBool,
    live: impl Fn(&[(KeyHash, EntryRow)], &mut Vec<bool>),
    push: &mut dyn FnMut(&EntryRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut entries, mut keep) = (Vec::new(), Vec::new());
    while let Some(piece) = source.next()? {
        if stop.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        gather(piece, hasher, &mut entries)?;
        keep.clear();
        live(&entries, &mut keep);
        for ((_, entry), keep) in entries.drain(..).zip(&keep) {
            if *keep {
                push(&entry)?;
            }
        }
    }
    Ok(())
}

fn gather(
    piece: Piece,
    hasher: &KeyHasher,
    entries: &mut Vec<(KeyHash, EntryRow)>,
) -> Result<(), StoreError> {
    piece.each(|entry, put| {
        if put {
            entries.push((hasher.hash(&entry.key), entry));
        }
        Ok::<_, StoreError>(())
    })
}
