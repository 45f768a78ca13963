//! Reading the log: what it shows at one moment, row by row.

use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes};
use paste_model::{BlobId, Epoch, Revision};
use prost::Message;
use redb::{ReadTransaction, ReadableTable, TableDefinition};

use super::{BLOB_REVISIONS, BLOBS, GROUPS, HEADER, Header, HeaderRow, META};
use crate::StoreError;
use crate::record::{EntryRow, RecordError, SCHEMA, Skimmed, skim_batch};

/// The log as it was at one moment.
pub(in crate::embedded) struct View {
    transaction: ReadTransaction,
    path: PathBuf,
}

impl View {
    pub(super) fn of(transaction: ReadTransaction, path: &Path) -> Self {
        Self {
            transaction,
            path: path.to_owned(),
        }
    }

    fn failed(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::redb("read", &self.path, error)
    }

    fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<redb::ReadOnlyTable<K, V>, StoreError> {
        self.transaction
            .open_table(table)
            .map_err(|error| match error {
                redb::TableError::Storage(error) => self.failed(error),
                other => StoreError::corrupt(&self.path, format!("it isn't a store: {other}")),
            })
    }

    pub(in crate::embedded) fn header(&self) -> Result<Header, StoreError> {
        let found = self
            .table(META)?
            .get(HEADER)
            .map_err(|error| self.failed(error))?;
        let row = found.ok_or_else(|| StoreError::corrupt(&self.path, "it has no header"))?;
        let bytes = row.value();
        match bytes.first() {
            Some(1..=SCHEMA) => {}
            Some(&found) if found > SCHEMA => {
                let error = RecordError::Newer {
                    found,
                    supported: SCHEMA,
                };
                return Err(StoreError::record(&self.path, error));
            }
            _ => return Err(StoreError::corrupt(&self.path, "its header has no schema")),
        }
        let row = HeaderRow::decode(&bytes[1..]).map_err(|error| {
            StoreError::corrupt(&self.path, format!("its header can't be read ({error})"))
        })?;
        Ok(Header {
            epoch: Epoch(row.epoch),
            checkpoint: Revision(row.checkpoint),
        })
    }

    /// The rows that may hold batches after `after`, in order.
    pub(in crate::embedded) fn rows(
        &self,
        after: Revision,
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>> + Send + use<>, StoreError> {
        let groups = self.table(GROUPS)?;
        let wanted = after.0.saturating_add(1);
        let first = groups
            .range(..=wanted)
            .map_err(|error| self.failed(error))?
            .next_back();
        let first = first.transpose().map_err(|error| self.failed(error))?;
        let first = first.map_or(wanted, |(start, _)| start.value());
        let rows = groups
            .range_owned(first..)
            .map_err(|error| self.failed(error))?;
        let path = self.path.clone();
        Ok(rows.map(move |row| {
            let (start, value) = row.map_err(|error| StoreError::redb("read", &path, error))?;
            let bytes = Bytes::copy_from_slice(value.value());
            Ok(Row {
                first: Revision(start.value()),
                bytes,
            })
        }))
    }

    /// The revision after which the log begins, if it has any row.
    pub(in crate::embedded) fn begins_after(&self) -> Result<Option<Revision>, StoreError> {
        let groups = self.table(GROUPS)?;
        let first = groups.first().map_err(|error| self.failed(error))?;
        Ok(first.map(|(start, _)| Revision(start.value().saturating_sub(1))))
    }

    pub(in crate::embedded) fn blob(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError> {
        let found = self
            .table(BLOBS)?
            .get(&id.0)
            .map_err(|error| self.failed(error))?;
        Ok(found.map(|value| Bytes::copy_from_slice(value.value())))
    }

    /// Which bulky values there are, and when they were written.
    pub(in crate::embedded) fn blob_revisions(
        &self,
    ) -> Result<Vec<(BlobId, Revision)>, StoreError> {
        let table = self.table(BLOB_REVISIONS)?;
        let rows = table
            .range::<&[u8; 32]>(..)
            .map_err(|error| self.failed(error))?;
        rows.map(|row| {
            let (id, revision) = row.map_err(|error| self.failed(error))?;
            Ok((BlobId(*id.value()), Revision(revision.value())))
        })
        .collect()
    }
}

/// A group as it stands in the log.
pub(in crate::embedded) struct Row {
    pub(in crate::embedded) first: Revision,
    pub(in crate::embedded) bytes: Bytes,
}

impl Row {
    /// Its batches, encoded, with their revisions.
    pub(in crate::embedded) fn batches(&self) -> Batches {
        Batches {
            next: self.first,
            rest: self.bytes.clone(),
        }
    }
}

/// The batches of a row.
pub(in crate::embedded) struct Batches {
    next: Revision,
    rest: Bytes,
}

impl Iterator for Batches {
    type Item = Result<(Revision, Bytes), RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self
            .rest
            .try_get_u32_le()
            .map_or(usize::MAX, |length| length as usize);
        if length > self.rest.len() {
            self.rest.clear();
            return Some(Err(RecordError::cut()));
        }
        let revision = self.next;
        self.next = revision.next();
        Some(Ok((revision, self.rest.split_to(length))))
    }
}

/// The puts of a batch as entries, and its deletes as entries without a value.
pub(in crate::embedded) fn steps(
    revision: Revision,
    batch: Bytes,
) -> Result<impl Iterator<Item = (EntryRow, bool)>, RecordError> {
    Ok(skim_batch(batch)?.map(move |Skimmed { key, value }| {
        let put = value.is_some();
        (
            EntryRow {
                revision: revision.0,
                key,
                value: value.unwrap_or_default(),
            },
            put,
        )
    }))
}
