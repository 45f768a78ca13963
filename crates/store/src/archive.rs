//! Many entries in one file: the format of checkpoints and of backups.
//!
//! ```text
//! "PASTEREG"  8 bytes
//! schema      1 byte
//! chunk*      kind 1 byte, length u32 LE, CRC-32C u32 LE over the kind and the payload, payload
//! ```
//!
//! The first chunk is the header (`H`: which history, up to which revision), then entries (`E`: protobuf messages, each
//! behind its length), last the end (`Z`: how many chunks of entries there were). A file without its end is cut off and
//! refused as a whole. A reader holds one chunk at a time, whose length is bounded before room is made for it.

mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::io;

use prost::Message;

use crate::record::RecordError;

pub(crate) use reader::{Chunk, Reader};
pub(crate) use writer::Writer;

const MAGIC: &[u8; 8] = b"PASTEREG";
const SCHEMA: u8 = 1;
const HEADER: u8 = b'H';
const ENTRIES: u8 = b'E';
const END: u8 = b'Z';

/// A chunk is written out when it has reached this size.
const CHUNK_BYTES: usize = 1024 * 1024;
/// No chunk is longer: a length beyond is damage.
const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An archive that can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The operating system refused.
    #[error("the archive can't be transferred")]
    Io(#[from] io::Error),
    /// The bytes are something else.
    #[error("this is not an archive of paste.registry: check that it is the file that was meant")]
    Foreign,
    /// Written by a newer version.
    #[error(
        "the archive has schema {found}, this version reads up to {supported}: use the newer version"
    )]
    Newer {
        /// The schema found.
        found: u8,
        /// The newest that is read.
        supported: u8,
    },
    /// The bytes are not those that were written.
    #[error("chunk {chunk} of the archive is damaged: {found}; use another copy")]
    Damaged {
        /// Which chunk, from 0.
        chunk: u64,
        /// What was found.
        found: String,
    },
    /// A record in it can't be read.
    #[error("the archive holds a record that can't be read: use another copy")]
    Record(#[from] RecordError),
}

/// What an archive holds.
#[derive(Clone, PartialEq, Message)]
struct HeaderRow {
    #[prost(fixed64, tag = "1")]
    epoch: u64,
    #[prost(uint64, tag = "2")]
    revision: u64,
}

#[derive(Clone, PartialEq, Message)]
struct EndRow {
    #[prost(uint64, tag = "1")]
    chunks: u64,
}

fn checksum(kind: u8, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[kind]), payload)
}

fn damaged(chunk: u64, found: impl Into<String>) -> ArchiveError {
    ArchiveError::Damaged {
        chunk,
        found: found.into(),
    }
}
