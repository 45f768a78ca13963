//! Writing an archive.

use std::io::{self, Write};

use paste_model::{Epoch, Revision};
use prost::Message;

use super::{
    CHUNK_BYTES, CHUNK_BYTES_MAX, END, ENTRIES, EndRow, HEADER, HeaderRow, MAGIC, SCHEMA, checksum,
};
use crate::record::EntryRow;

/// Writes an archive, chunk by chunk.
pub(crate) struct Writer<W> {
    out: W,
    pending: Vec<u8>,
    chunks: u64,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W, epoch: Epoch, revision: Revision) -> io::Result<Self> {
        let mut writer = Self {
            out,
            pending: Vec::with_capacity(CHUNK_BYTES * 2),
            chunks: 0,
            written: 0,
        };
        writer.out.write_all(MAGIC)?;
        writer.out.write_all(&[SCHEMA])?;
        writer.written = MAGIC.len() as u64 + 1;
        let header = HeaderRow {
            epoch: epoch.0,
            revision: revision.0,
        };
        writer.chunk(HEADER, &header.encode_to_vec())?;
        Ok(writer)
    }

    pub(crate) fn push(&mut self, entry: &EntryRow) -> io::Result<()> {
        entry
            .encode_length_delimited(&mut self.pending)
            .map_err(io::Error::other)?;
        if self.pending.len() >= CHUNK_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is pending and the end. Returns what was written to, and how many bytes.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        self.flush()?;
        self.chunk(
            END,
            &EndRow {
                chunks: self.chunks,
            }
            .encode_to_vec(),
        )?;
        self.out.flush()?;
        Ok((self.out, self.written))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut pending = std::mem::take(&mut self.pending);
        self.chunk(ENTRIES, &pending)?;
        self.chunks += 1;
        pending.clear();
        self.pending = pending;
        Ok(())
    }

    fn chunk(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len())
            .ok()
            .filter(|_| payload.len() <= CHUNK_BYTES_MAX)
            .ok_or_else(|| io::Error::other("a record is larger than a chunk may be"))?;
        self.out.write_all(&[kind])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&checksum(kind, payload).to_le_bytes())?;
        self.out.write_all(payload)?;
        self.written += 9 + u64::from(length);
        Ok(())
    }
}
