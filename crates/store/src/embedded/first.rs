//! The first reading: all that a directory holds, once, on all cores. It finds out which keys there are, that everything
//! can be read, and leaves the picture that the first load asks for.
//!
//! Pieces are decoded in any order and taken over in theirs, so that the last word on a key is the one that counts.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use paste_model::{Entry, Revision};

use super::index::{Index, KeyHash, KeyHasher};
use super::load::on_all_cores;
use super::picture::{Piece, Source};
use crate::StoreError;

/// What was found.
pub(super) struct First {
    pub(super) index: Index,
    /// Everything but the bulky records.
    pub(super) entries: Vec<Entry>,
    /// Of the last batch in the log, if it has any.
    pub(super) revision: Revision,
    /// Log that the checkpoint doesn't hold.
    pub(super) log_bytes: u64,
}

/// What a piece holds.
#[derive(Default)]
struct Decoded {
    /// Deletes have no entry.
    steps: Vec<(KeyHash, Option<Entry>)>,
    revision: Revision,
    log_bytes: u64,
}

/// What was taken over so far.
struct Taken {
    first: First,
    /// Beside each entry.
    hashes: Vec<KeyHash>,
    /// The piece that comes next.
    next: usize,
    /// Pieces that were decoded ahead of their turn.
    early: BTreeMap<usize, Decoded>,
}

/// Reads everything in `source`, on top of the bulky records that `index` holds already.
pub(super) fn read(source: Source, hasher: &KeyHasher, index: Index) -> Result<First, StoreError> {
    let bulky = index.len();
    let pieces = Mutex::new((0, source));
    let taken = Mutex::new(Taken {
        first: First {
            index,
            entries: Vec::new(),
            revision: Revision::ZERO,
            log_bytes: 0,
        },
        hashes: Vec::new(),
        next: 0,
        early: BTreeMap::new(),
    });
    on_all_cores(|| {
        loop {
            // A block of its own, so that the lock is not held while decoding.
            let (place, piece) = {
                let (next, source) = &mut *pieces.lock();
                let Some(piece) = source.next()? else {
                    return Ok(());
                };
                *next += 1;
                (*next - 1, piece)
            };
            let decoded = decode(piece, hasher)?;
            taken.lock().take(place, decoded);
        }
    })?;
    let Taken { first, hashes, .. } = taken.into_inner();
    Ok(first.without_outdated(&hashes, bulky))
}

fn decode(piece: Piece, hasher: &KeyHasher) -> Result<Decoded, StoreError> {
    let path = piece.path().to_owned();
    let failed = |error| StoreError::record(&path, error);
    let mut decoded = Decoded::default();
    if let Piece::Row { row, after, .. } = &piece {
        if row.first > *after {
            decoded.log_bytes = row.bytes.len() as u64;
        }
        for batch in row.batches() {
            decoded.revision = batch.map_err(failed)?.0;
        }
    }
    piece.each(|row, put| {
        let hash = hasher.hash(&row.key);
        let entry = put.then(|| row.entry()).transpose().map_err(failed)?;
        decoded.steps.push((hash, entry));
        Ok::<_, StoreError>(())
    })?;
    Ok(decoded)
}

impl Taken {
    fn take(&mut self, place: usize, decoded: Decoded) {
        self.early.insert(place, decoded);
        while let Some(decoded) = self.early.remove(&self.next) {
            self.next += 1;
            let first = &mut self.first;
            first.revision = first.revision.max(decoded.revision);
            first.log_bytes += decoded.log_bytes;
            for (hash, entry) in decoded.steps {
                first
                    .index
                    .set(hash, entry.as_ref().map(|entry| entry.revision));
                if let Some(entry) = entry {
                    self.hashes.push(hash);
                    first.entries.push(entry);
                }
            }
        }
    }
}

impl First {
    /// Drops the entries that later ones replaced or deleted.
    fn without_outdated(mut self, hashes: &[KeyHash], bulky: usize) -> Self {
        if self.entries.len() + bulky > self.index.len() {
            let mut hashes = hashes.iter();
            let index = &self.index;
            self.entries.retain(|entry| {
                let hash = hashes.next();
                hash.is_some_and(|hash| index.holds(*hash, entry.revision))
            });
        }
        self
    }
}
