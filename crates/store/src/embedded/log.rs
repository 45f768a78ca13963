//! The log: a redb file whose main table has one row per group, named by the revision of its first batch.
//!
//! The batches of a group follow each other without gaps, so that row and place give each its revision. Beside the log
//! stand the header, which says which history this is and which checkpoint counts, and the bulky values. All of them
//! change together, in one transaction with one fsync.

mod view;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use paste_model::{BlobId, Epoch, Revision};
use prost::Message;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    WriteTransaction,
};

use super::Config;
use super::overlay::Overlay;
use crate::StoreError;
use crate::record::SCHEMA;

pub(super) use view::{Row, View, steps};

const GROUPS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("groups");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const BLOBS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blobs");
const BLOB_REVISIONS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("blob_revisions");
const HEADER: &str = "header";

/// Most rows of old log that one commit drops: more than it adds, so that dropping keeps up, and few enough to be
/// cheap beside the fsync.
const DROPPED_ROWS_MAX: usize = 32;

/// Which history this is, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) epoch: Epoch,
    /// The checkpoint that counts; zero is none.
    pub(super) checkpoint: Revision,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderRow {
    #[prost(fixed64, tag = "1")]
    epoch: u64,
    #[prost(uint64, tag = "2")]
    checkpoint: u64,
}

/// The open file.
pub(super) struct Log {
    database: Database,
    path: PathBuf,
}

/// What one commit writes.
#[derive(Default)]
pub(super) struct Group {
    pub(super) first: Revision,
    /// The batches, each behind its length.
    pub(super) row: Vec<u8>,
    pub(super) blobs: Vec<(BlobId, Revision, Option<Bytes>)>,
}

impl Group {
    /// Appends a batch to the row.
    pub(super) fn append(&mut self, batch: &[u8]) {
        // A batch is bounded by `BATCH_BYTES_MAX`.
        let length = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        self.row.extend_from_slice(&length.to_le_bytes());
        self.row.extend_from_slice(batch);
    }
}

impl Log {
    /// Makes a new file.
    pub(super) fn create(path: &Path, config: &Config, header: Header) -> Result<(), StoreError> {
        let failed = |error: redb::Error| StoreError::redb("create", path, error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(|error| StoreError::io("create", path, error))?;
        let log = Self::with(path, config, file, false)?;
        let write = log
            .database
            .begin_write()
            .map_err(|error| failed(error.into()))?;
        {
            write
                .open_table(GROUPS)
                .map_err(|error| failed(error.into()))?;
            write
                .open_table(BLOBS)
                .map_err(|error| failed(error.into()))?;
            write
                .open_table(BLOB_REVISIONS)
                .map_err(|error| failed(error.into()))?;
            put_header(&write, header).map_err(failed)?;
        }
        write.commit().map_err(|error| failed(error.into()))?;
        log.database.close().map_err(|error| failed(error.into()))
    }

    /// Opens the file for reading and writing.
    pub(super) fn open(path: &Path, config: &Config) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| StoreError::io("open", path, error))?;
        Self::with(path, config, file, false)
    }

    /// Opens the file without ever writing to it; `verify` reads all of it and checks it against its checksums.
    pub(super) fn open_untouched(
        path: &Path,
        config: &Config,
        verify: bool,
    ) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("open", path, error);
        let file = File::open(path).map_err(failed)?;
        let overlay = FileBackend::new(file)
            .map_err(|error| StoreError::redb("open", path, error))
            .and_then(|file| Overlay::over(file).map_err(failed))?;
        // To redb an empty file is a new one.
        if overlay.len().map_err(failed)? == 0 {
            return Err(StoreError::corrupt(path, "it is empty"));
        }
        let database = builder(config)
            .set_check_integrity_on_open(verify)
            .create_with_backend(overlay)
            .map_err(|error| StoreError::redb("open", path, error))?;
        Ok(Self {
            database,
            path: path.to_owned(),
        })
    }

    fn with(path: &Path, config: &Config, file: File, verify: bool) -> Result<Self, StoreError> {
        let failed = |error| StoreError::redb("open", path, error);
        let device = FileBackend::new(file).map_err(failed)?;
        let mut builder = builder(config);
        builder.set_check_integrity_on_open(verify);
        #[cfg(any(test, feature = "faults"))]
        let database = match &config.faults {
            Some(faults) => builder.create_with_backend(faults.wrap(device)),
            None => builder.create_with_backend(device),
        };
        #[cfg(not(any(test, feature = "faults")))]
        let database = builder.create_with_backend(device);
        Ok(Self {
            database: database.map_err(failed)?,
            path: path.to_owned(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the log shows at this moment.
    pub(super) fn read(&self) -> Result<View, StoreError> {
        let failed = |error: redb::Error| StoreError::redb("read", &self.path, error);
        let transaction = self
            .database
            .begin_read()
            .map_err(|error| failed(error.into()))?;
        Ok(View::of(transaction, &self.path))
    }

    /// Writes a group, and drops old rows that end at or before `drop_until`. Returns whether more could be dropped,
    /// and the revision after which the log now begins, if rows were dropped.
    pub(super) fn commit(
        &self,
        group: &Group,
        drop_until: Revision,
    ) -> Result<Dropped, StoreError> {
        let write = || -> Result<Dropped, redb::Error> {
            let write = self.database.begin_write()?;
            let dropped = {
                let mut groups = write.open_table(GROUPS)?;
                if !group.row.is_empty() {
                    groups.insert(group.first.0, group.row.as_slice())?;
                }
                drop_rows(&mut groups, drop_until)?
            };
            if !group.blobs.is_empty() {
                put_blobs(&write, &group.blobs)?;
            }
            write.commit()?;
            Ok(dropped)
        };
        write().map_err(|error| StoreError::redb("write", &self.path, error))
    }

    /// Names the checkpoint that counts.
    pub(super) fn put_header(&self, header: Header) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let write = self.database.begin_write()?;
            put_header(&write, header)?;
            Ok(write.commit()?)
        };
        write().map_err(|error| StoreError::redb("write", &self.path, error))
    }

    /// Makes the header that of a newer version.
    #[cfg(test)]
    pub(super) fn put_schema(&self, schema: u8) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let write = self.database.begin_write()?;
            write
                .open_table(META)?
                .insert(HEADER, [schema].as_slice())?;
            Ok(write.commit()?)
        };
        write().map_err(|error| StoreError::redb("write", &self.path, error))
    }

    /// Begins another history, which begins with a checkpoint: the log is empty afterwards.
    pub(super) fn begin_again(&self, header: Header) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let write = self.database.begin_write()?;
            write.delete_table(GROUPS)?;
            write.open_table(GROUPS)?;
            put_header(&write, header)?;
            Ok(write.commit()?)
        };
        write().map_err(|error| StoreError::redb("write", &self.path, error))
    }
}

/// What came of dropping old rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Whether there is nothing more to drop.
    pub(super) complete: bool,
    /// The log now holds what follows this revision, if anything was dropped.
    pub(super) oldest: Option<Revision>,
}

fn builder(config: &Config) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(config.cache_bytes);
    builder
}

fn put_header(write: &WriteTransaction, header: Header) -> Result<(), redb::Error> {
    let row = HeaderRow {
        epoch: header.epoch.0,
        checkpoint: header.checkpoint.0,
    };
    let mut bytes = vec![SCHEMA];
    bytes.extend_from_slice(&row.encode_to_vec());
    write.open_table(META)?.insert(HEADER, bytes.as_slice())?;
    Ok(())
}

fn put_blobs(
    write: &WriteTransaction,
    changes: &[(BlobId, Revision, Option<Bytes>)],
) -> Result<(), redb::Error> {
    let mut blobs = write.open_table(BLOBS)?;
    let mut revisions = write.open_table(BLOB_REVISIONS)?;
    for (id, revision, value) in changes {
        match value {
            Some(value) => {
                blobs.insert(&id.0, value.as_ref())?;
                revisions.insert(&id.0, revision.0)?;
            }
            None => {
                blobs.remove(&id.0)?;
                revisions.remove(&id.0)?;
            }
        }
    }
    Ok(())
}

/// A row may go when the next begins at or before the revision after `until`; the last row stays.
fn drop_rows(
    groups: &mut redb::Table<'_, u64, &[u8]>,
    until: Revision,
) -> Result<Dropped, redb::Error> {
    let mut starts = Vec::with_capacity(DROPPED_ROWS_MAX + 1);
    for row in groups
        .range(..=until.0.saturating_add(1))?
        .take(DROPPED_ROWS_MAX + 1)
    {
        starts.push(row?.0.value());
    }
    for start in starts.iter().rev().skip(1) {
        groups.remove(start)?;
    }
    let oldest = starts
        .last()
        .filter(|_| starts.len() > 1)
        .map(|start| Revision(start - 1));
    Ok(Dropped {
        complete: starts.len() <= DROPPED_ROWS_MAX,
        oldest,
    })
}
