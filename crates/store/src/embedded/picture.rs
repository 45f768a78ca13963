//! Reading the whole state back: the checkpoint, then the log after it.
//!
//! A picture is read in pieces (a chunk of the checkpoint, a row of the log), which are independent of each other, so
//! that several threads can decode them: an entry counts if, and only if, the index says that its revision is the one
//! that is there.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use paste_model::Revision;

use super::checkpoint;
use super::log::{Header, Row, View, steps};
use crate::StoreError;
use crate::archive::{ArchiveError, Chunk, Reader};
use crate::record::EntryRow;

/// The pieces of a picture, in order.
pub(super) struct Source {
    checkpoint: Option<(PathBuf, Reader<BufReader<File>>)>,
    rows: Box<dyn Iterator<Item = Result<Row, StoreError>> + Send>,
    log: PathBuf,
    after: Revision,
    until: Revision,
}

/// A part of a picture that can be read by itself.
pub(super) enum Piece {
    Chunk(PathBuf, Chunk),
    Row {
        path: PathBuf,
        row: Row,
        after: Revision,
        until: Revision,
    },
}

impl Source {
    /// What stands in `directory` as `view` shows it, up to `until`.
    pub(super) fn open(
        directory: &Path,
        log: &Path,
        view: &View,
        header: Header,
        until: Revision,
    ) -> Result<Self, StoreError> {
        let after = header.checkpoint;
        let checkpoint = (after != Revision::ZERO)
            .then(|| {
                let path = checkpoint::path(directory, after);
                open_checkpoint(&path, header).map(|reader| (path, reader))
            })
            .transpose()?;
        let rows = Box::new(view.rows(after)?);
        Ok(Self {
            checkpoint,
            rows,
            log: log.to_owned(),
            after,
            until,
        })
    }

    /// The next piece; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        if let Some((path, reader)) = &mut self.checkpoint {
            match reader
                .next()
                .map_err(|error| StoreError::archive(path, error))?
            {
                Some(chunk) => return Ok(Some(Piece::Chunk(path.clone(), chunk))),
                None => self.checkpoint = None,
            }
        }
        let row = self.rows.next().transpose()?;
        Ok(row
            .filter(|row| row.first <= self.until)
            .map(|row| Piece::Row {
                path: self.log.clone(),
                row,
                after: self.after,
                until: self.until,
            }))
    }
}

impl Piece {
    /// Calls `each` for every entry of the piece; `false` stands beside a delete, which has no value.
    pub(super) fn each<E: From<StoreError>>(
        self,
        mut each: impl FnMut(EntryRow, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Chunk(path, chunk) => {
                let failed = |error| StoreError::archive(&path, error);
                for entry in chunk.entries().map_err(failed)? {
                    each(entry.map_err(failed)?, true)?;
                }
            }
            Self::Row {
                path,
                row,
                after,
                until,
            } => {
                let failed = |error| StoreError::record(&path, error);
                for batch in row.batches() {
                    let (revision, batch) = batch.map_err(failed)?;
                    if revision <= after || revision > until {
                        continue;
                    }
                    for (entry, put) in steps(revision, batch).map_err(failed)? {
                        each(entry, put)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The file it comes from.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Chunk(path, _) | Self::Row { path, .. } => path,
        }
    }
}

fn open_checkpoint(path: &Path, header: Header) -> Result<Reader<BufReader<File>>, StoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::corrupt(
                path,
                "it is missing, but the log begins after it",
            ));
        }
        opened => opened.map_err(|error| StoreError::io("open", path, error))?,
    };
    let reader = Reader::open(BufReader::with_capacity(256 * 1024, file))
        .map_err(|error| StoreError::archive(path, error))?;
    matches(&reader, header).then_some(reader).ok_or_else(|| {
        StoreError::corrupt(path, "it belongs to another history than the log beside it")
    })
}

fn matches<R: Read>(reader: &Reader<R>, header: Header) -> bool {
    reader.epoch() == header.epoch && reader.revision() == header.checkpoint
}

impl StoreError {
    /// A checkpoint that can't be read.
    pub(crate) fn archive(path: &Path, error: ArchiveError) -> Self {
        match error {
            ArchiveError::Io(error) => Self::io("read", path, error),
            ArchiveError::Newer { found, supported } => Self::Newer {
                path: path.to_owned(),
                found: found.into(),
                supported: supported.into(),
            },
            ArchiveError::Record(error) => Self::record(path, error),
            ArchiveError::Foreign | ArchiveError::Damaged { .. } => {
                Self::corrupt(path, error.to_string())
            }
        }
    }
}
