//! Content cut into pieces, each compressed where that makes it smaller: one blob each.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use paste_model::BlobId;
use paste_model::limits::CONFIG_CHUNK_BYTES;

/// The first byte of a piece that stands there as it is.
const PLAIN: u8 = 0;
/// The first byte of a piece that is deflated (RFC 1951).
const DEFLATED: u8 = 1;

/// A piece that is none that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a piece of the content is damaged")]
pub(crate) struct Corrupt;

/// The pieces of content, in order; of nothing, none.
pub(crate) fn pieces(content: &[u8]) -> Vec<(BlobId, Bytes)> {
    content
        .chunks(CONFIG_CHUNK_BYTES)
        .map(|chunk| {
            let piece = deflated(chunk).unwrap_or_else(|| [&[PLAIN], chunk].concat());
            (BlobId::of(&piece), piece.into())
        })
        .collect()
}

/// `None`: it would not be smaller.
fn deflated(chunk: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::default());
    encoder.write_all(chunk).ok()?;
    encoder
        .finish()
        .ok()
        .filter(|piece| piece.len() <= chunk.len())
}

/// Content put together again. No piece becomes larger than one may be.
pub(crate) fn join<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> Result<Bytes, Corrupt> {
    let mut content = Vec::new();
    for piece in pieces {
        match piece.split_first() {
            Some((&PLAIN, chunk)) if chunk.len() <= CONFIG_CHUNK_BYTES => {
                content.extend_from_slice(chunk)
            }
            Some((&DEFLATED, chunk)) => inflate(chunk, &mut content)?,
            _ => return Err(Corrupt),
        }
    }
    Ok(content.into())
}

fn inflate(chunk: &[u8], content: &mut Vec<u8>) -> Result<(), Corrupt> {
    let most = CONFIG_CHUNK_BYTES as u64;
    let mut decoder = DeflateDecoder::new(chunk).take(most + 1);
    let read = decoder.read_to_end(content).map_err(|_| Corrupt)?;
    if read as u64 > most {
        Err(Corrupt)
    } else {
        Ok(())
    }
}
