//! Reading an archive: nothing is believed before its checksum is found right.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use paste_model::{Epoch, Revision};
use prost::Message;

use super::{
    ArchiveError, CHUNK_BYTES, CHUNK_BYTES_MAX, END, ENTRIES, EndRow, HEADER, HeaderRow, MAGIC,
    SCHEMA, checksum, damaged,
};
use crate::record::EntryRow;

/// Reads an archive, chunk by chunk.
pub(crate) struct Reader<R> {
    input: R,
    epoch: Epoch,
    revision: Revision,
    chunks: u64,
    ended: bool,
}

/// A chunk as it was read, not yet verified.
pub(crate) struct Chunk {
    number: u64,
    kind: u8,
    checksum: u32,
    payload: Bytes,
}

impl<R: Read> Reader<R> {
    /// Reads as far as the header.
    pub(crate) fn open(mut input: R) -> Result<Self, ArchiveError> {
        let mut start = [0; 9];
        match input.read_exact(&mut start) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(ArchiveError::Foreign);
            }
            read => read?,
        }
        if !start.starts_with(MAGIC) {
            return Err(ArchiveError::Foreign);
        }
        let found = start[MAGIC.len()];
        if found == 0 {
            return Err(ArchiveError::Foreign);
        }
        if found > SCHEMA {
            return Err(ArchiveError::Newer {
                found,
                supported: SCHEMA,
            });
        }
        let mut reader = Self {
            input,
            epoch: Epoch(0),
            revision: Revision::ZERO,
            chunks: 0,
            ended: false,
        };
        let header = reader.chunk()?;
        if header.kind != HEADER {
            return Err(header.damaged("it should be the header"));
        }
        let payload = header.verified()?;
        let row = HeaderRow::decode(payload)
            .map_err(|error| damaged(0, format!("the header can't be read ({error})")))?;
        reader.epoch = Epoch(row.epoch);
        reader.revision = Revision(row.revision);
        Ok(reader)
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// The next chunk of entries; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, ArchiveError> {
        if self.ended {
            return Ok(None);
        }
        let chunk = self.chunk()?;
        match chunk.kind {
            ENTRIES => Ok(Some(chunk)),
            END => {
                let number = chunk.number;
                let end = EndRow::decode(chunk.verified()?)
                    .map_err(|error| damaged(number, format!("the end can't be read ({error})")))?;
                // Neither the header nor the end counts.
                if end.chunks + 2 != self.chunks {
                    return Err(damaged(
                        number,
                        format!("{} chunks were written", end.chunks),
                    ));
                }
                self.ended = true;
                Ok(None)
            }
            kind => Err(chunk.damaged(format!("there is no kind {kind}"))),
        }
    }

    fn chunk(&mut self) -> Result<Chunk, ArchiveError> {
        let number = self.chunks;
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(number, "the file ends within it"),
            _ => ArchiveError::Io(error),
        };
        let mut head = [0; 9];
        self.input.read_exact(&mut head).map_err(cut)?;
        let mut fields = &head[..];
        let (kind, length, checksum) = (fields.get_u8(), fields.get_u32_le(), fields.get_u32_le());
        if length as usize > CHUNK_BYTES_MAX {
            return Err(damaged(number, format!("it claims to have {length} bytes")));
        }
        let mut payload = Vec::with_capacity((length as usize).min(CHUNK_BYTES * 2));
        let read = self
            .input
            .by_ref()
            .take(length.into())
            .read_to_end(&mut payload)?;
        if read < length as usize {
            return Err(damaged(number, "the file ends within it"));
        }
        self.chunks += 1;
        Ok(Chunk {
            number,
            kind,
            checksum,
            payload: payload.into(),
        })
    }
}

impl Chunk {
    /// The entries of the chunk, once its checksum is found right.
    pub(crate) fn entries(self) -> Result<Entries, ArchiveError> {
        let number = self.number;
        Ok(Entries {
            number,
            payload: self.verified()?,
        })
    }

    fn verified(self) -> Result<Bytes, ArchiveError> {
        if checksum(self.kind, &self.payload) == self.checksum {
            Ok(self.payload)
        } else {
            Err(self.damaged("its checksum is wrong"))
        }
    }

    fn damaged(&self, found: impl Into<String>) -> ArchiveError {
        damaged(self.number, found)
    }
}

/// The entries of a chunk, undecoded.
pub(crate) struct Entries {
    number: u64,
    payload: Bytes,
}

impl Iterator for Entries {
    type Item = Result<EntryRow, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.payload.has_remaining() {
            return None;
        }
        let row = EntryRow::decode_length_delimited(&mut self.payload);
        Some(row.map_err(|error| {
            self.payload.clear();
            damaged(self.number, format!("an entry can't be read ({error})"))
        }))
    }
}
