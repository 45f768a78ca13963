//! Batches as bytes: one schema byte, the cause, and per change its key and, for a put, the record's value.
//!
//! Bulky values stay out: they have a table of their own, and the change stream leaves them out as well.

use bytes::Bytes;
use paste_model::{Batch, Cause, Change, Key, Record};

use super::convert::{self, text};
use super::wire::{BatchRow, CauseRow, ChangeRow};
use super::{
    RecordError, decode_key, decode_value, encode_key, encode_value, row, unversioned, versioned,
};

/// The bytes of a batch: its changes but the bulky ones, and its cause. What it expects is not kept.
pub fn encode_batch(changes: &[Change], cause: &Cause) -> Bytes {
    let changes = changes
        .iter()
        .filter(|change| !bulky(change))
        .map(|change| match change {
            Change::Put(record) => ChangeRow {
                key: encode_key(&record.key()).into(),
                value: Some(encode_value(record)),
            },
            Change::Delete(key) => ChangeRow {
                key: encode_key(key).into(),
                value: None,
            },
        });
    versioned(&BatchRow {
        changes: changes.collect(),
        cause: Some(CauseRow::from(cause)),
    })
}

/// The batch that these bytes hold; it expects nothing.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, RecordError> {
    decode(Bytes::copy_from_slice(bytes))
}

/// [`decode_batch`] without a copy.
pub(crate) fn decode(bytes: Bytes) -> Result<Batch, RecordError> {
    let batch: BatchRow = row(unversioned(bytes)?)?;
    let cause = convert::cause(batch.cause.unwrap_or_default())?;
    let changes = batch.changes.into_iter().map(|change| {
        let key = decode_key(&change.key)?;
        match change.value {
            Some(value) => decode_value(key, value).map(Change::Put),
            None => Ok(Change::Delete(key)),
        }
    });
    Ok(Batch {
        expect: Vec::new(),
        changes: changes.collect::<Result<_, _>>()?,
        cause,
    })
}

/// A change of which only the key was looked at.
pub(crate) struct Skimmed {
    /// The key, as it is stored.
    pub(crate) key: Bytes,
    /// The record's value; `None` for a delete.
    pub(crate) value: Option<Bytes>,
}

/// The changes of a batch, undecoded.
pub(crate) fn skim_batch(bytes: Bytes) -> Result<impl Iterator<Item = Skimmed>, RecordError> {
    let batch: BatchRow = row(unversioned(bytes)?)?;
    Ok(batch.changes.into_iter().map(|change| Skimmed {
        key: change.key,
        value: change.value,
    }))
}

/// Whether a change is kept outside the log and the change stream.
pub(crate) fn bulky(change: &Change) -> bool {
    matches!(
        change,
        Change::Put(Record::Blob(..)) | Change::Delete(Key::Blob(_))
    )
}

impl From<&Cause> for CauseRow {
    fn from(cause: &Cause) -> Self {
        Self {
            kind: convert::cause_kind_number(cause.kind),
            at_ms: cause.at.0,
            by: text(cause.by.as_str()),
            reason: text(&cause.reason),
            about: cause.about.as_ref().map(convert::service_key_row),
        }
    }
}
