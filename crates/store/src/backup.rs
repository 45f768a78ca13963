//! Backups: a picture of the store as one stream of bytes, in the format of [`crate::archive`].
//!
//! Bulky values come first, one by one, so that none but the one at hand is in memory, and so that they are there when the
//! picture that points to them takes effect. A store that is restored keeps those it has: as they are named by their
//! content, none can be mistaken for another.

use std::io::{Read, Write};

use bytes::Bytes;
use paste_model::{BlobId, Epoch, Key, Record};

use crate::Loaded;
pub use crate::archive::ArchiveError;
use crate::archive::{Reader, Writer};
use crate::record::{EntryRow, encode_key, encode_value};

/// What a backup holds.
#[derive(Debug)]
pub struct Backup {
    /// The history it was taken from.
    pub epoch: Epoch,
    /// What that history showed.
    pub picture: Loaded,
}

/// Writes `blobs` and then `picture`, taken in `epoch`, to `out`, and returns the number of bytes.
pub fn write<E: From<ArchiveError>>(
    epoch: Epoch,
    picture: &Loaded,
    blobs: impl Iterator<Item = Result<(BlobId, Bytes), E>>,
    out: impl Write,
) -> Result<u64, E> {
    let io = |error| E::from(ArchiveError::Io(error));
    let mut writer = Writer::new(out, epoch, picture.revision).map_err(io)?;
    for blob in blobs {
        let (id, bytes) = blob?;
        let row = EntryRow {
            revision: 0,
            key: Bytes::from(encode_key(&Key::Blob(id))),
            value: bytes,
        };
        writer.push(&row).map_err(io)?;
    }
    for entry in &picture.entries {
        let row = EntryRow {
            revision: entry.revision.0,
            key: Bytes::from(encode_key(&entry.record.key())),
            value: encode_value(&entry.record),
        };
        writer.push(&row).map_err(io)?;
    }
    let (_, bytes) = writer.finish().map_err(io)?;
    Ok(bytes)
}

/// Reads what [`write`] wrote, and hands each bulky value to `put`. Of the input no more than one chunk is held beside what
/// it has become.
pub fn read<E: From<ArchiveError>>(
    input: impl Read,
    mut put: impl FnMut(BlobId, Bytes) -> Result<(), E>,
) -> Result<Backup, E> {
    let mut reader = Reader::open(input)?;
    let mut entries = Vec::new();
    while let Some(chunk) = reader.next()? {
        for row in chunk.entries()? {
            let entry = row?.entry().map_err(ArchiveError::from)?;
            match entry.record {
                Record::Blob(id, bytes) => put(id, bytes)?,
                _ => entries.push(entry),
            }
        }
    }
    let picture = Loaded {
        revision: reader.revision(),
        entries,
    };
    Ok(Backup {
        epoch: reader.epoch(),
        picture,
    })
}
