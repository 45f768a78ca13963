//! Backups: a picture of the store as one stream of bytes, in the format of [`crate::archive`].
//!
//! Bulky values are not part of a picture and so not of a backup: a store that is restored keeps those it has, and as
//! they are named by their content none can be mistaken for another.

use std::io::{Read, Write};

use bytes::Bytes;
use paste_model::Epoch;

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

/// Writes `picture`, taken in `epoch`, to `out`, and returns the number of bytes.
pub fn write(epoch: Epoch, picture: &Loaded, out: impl Write) -> Result<u64, ArchiveError> {
    let mut writer = Writer::new(out, epoch, picture.revision)?;
    for entry in &picture.entries {
        writer.push(&EntryRow {
            revision: entry.revision.0,
            key: Bytes::from(encode_key(&entry.record.key())),
            value: encode_value(&entry.record),
        })?;
    }
    let (_, bytes) = writer.finish()?;
    Ok(bytes)
}

/// Reads what [`write`] wrote. Of the input no more than one chunk is held beside what it has become.
pub fn read(input: impl Read) -> Result<Backup, ArchiveError> {
    let mut reader = Reader::open(input)?;
    let mut entries = Vec::new();
    while let Some(chunk) = reader.next()? {
        for row in chunk.entries()? {
            entries.push(row?.entry()?);
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
