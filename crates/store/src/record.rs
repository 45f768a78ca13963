//! Records as bytes: what stands on disk, in a backup, and in etcd.
//!
//! A value is a schema byte followed by protobuf. Rules that keep it readable by the next version and the previous:
//!
//! - a reader ignores fields it doesn't know and defaults those that are missing; a tag is never used twice;
//! - a change that an older reader would misread raises [`SCHEMA`], and older versions refuse it by name;
//! - keys are text, a tree: `/instance/{namespace}/{service}/{id}`.
//!
//! Everything decoded goes through the constructors of the model: what comes out is as valid as what went in. Decoding
//! never panics, whatever the bytes.

mod batch;
mod convert;
mod key;
#[cfg(test)]
pub(crate) mod strategy;
#[cfg(test)]
mod tests;
mod wire;

use std::error::Error;

use bytes::Bytes;
use paste_model::{Entry, Key, Record, Revision};
use prost::Message;

pub(crate) use batch::{Skimmed, bulky, decode as decode_batch_bytes, skim_batch};
pub use batch::{decode_batch, encode_batch};
pub use key::{decode_key, encode_key};
pub(crate) use wire::EntryRow;

/// The schema this version writes, and the newest it reads.
pub const SCHEMA: u8 = 1;

/// Bytes that are not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer version.
    #[error("the record has schema {found}, this version reads up to {supported}")]
    Newer {
        /// The schema found.
        found: u8,
        /// The newest that is read.
        supported: u8,
    },
    /// Not what any version writes.
    #[error("{what} can't be read")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl RecordError {
    /// Bytes that end before they should.
    pub(crate) fn cut() -> Self {
        Self::malformed("the group", "it ends within a batch")
    }

    fn malformed(what: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Malformed {
            what,
            source: cause.into(),
        }
    }
}

/// The bytes of a record's value.
pub fn encode_value(record: &Record) -> Bytes {
    match record {
        Record::Namespace(_, settings) => versioned(&wire::NamespaceRow::from(settings)),
        Record::Service(_, settings) => versioned(&wire::ServiceRow::from(&**settings)),
        Record::Policy(_, history) => versioned(&wire::PolicyHistoryRow::from(&**history)),
        Record::Instance(_, instance) => versioned(&wire::InstanceRow::from(&**instance)),
        Record::Session(_, session) => versioned(&wire::SessionRow::from(session)),
        Record::Check(_, health) => versioned(&wire::HealthRow::from(health)),
        Record::Override(_, word) => versioned(&wire::OverrideRow::from(&**word)),
        Record::Token(token) => versioned(&wire::TokenRow::from(&**token)),
        Record::Config(_, item) => versioned(&wire::ItemRow::from(&**item)),
        Record::Release(_, _, release) => versioned(&wire::ReleaseRow::from(&**release)),
        Record::Blob(_, bytes) => bytes.clone(),
    }
}

/// The record of `key` with this value.
pub fn decode_value(key: Key, value: Bytes) -> Result<Record, RecordError> {
    if let Key::Blob(id) = key {
        return Ok(Record::Blob(id, value));
    }
    let body = unversioned(value)?;
    Ok(match key {
        Key::Namespace(name) => {
            Record::Namespace(name, row::<wire::NamespaceRow>(body)?.try_into()?)
        }
        Key::Service(key) => Record::Service(key, shared(row::<wire::ServiceRow>(body)?)?),
        Key::Policy(key) => Record::Policy(key, shared(row::<wire::PolicyHistoryRow>(body)?)?),
        Key::Instance(key) => Record::Instance(key, shared(row::<wire::InstanceRow>(body)?)?),
        Key::Session(id) => Record::Session(id, row::<wire::SessionRow>(body)?.try_into()?),
        Key::Check(key) => Record::Check(key, row::<wire::HealthRow>(body)?.try_into()?),
        Key::Override(key) => Record::Override(key, shared(row::<wire::OverrideRow>(body)?)?),
        Key::Token(id) => {
            Record::Token(std::sync::Arc::new(row::<wire::TokenRow>(body)?.token(id)?))
        }
        Key::Config(key) => Record::Config(key, shared(row::<wire::ItemRow>(body)?)?),
        Key::Release(key, number) => {
            Record::Release(key, number, shared(row::<wire::ReleaseRow>(body)?)?)
        }
        Key::Blob(id) => Record::Blob(id, body),
        Key::Node(_) => {
            return Err(RecordError::malformed(
                "the key",
                "a node's membership is no record",
            ));
        }
    })
}

/// The bytes of a whole entry, as in checkpoints and backups.
pub fn encode_entry(entry: &Entry) -> Vec<u8> {
    EntryRow {
        revision: entry.revision.0,
        key: Bytes::from(encode_key(&entry.record.key())),
        value: encode_value(&entry.record),
    }
    .encode_to_vec()
}

/// The entry that these bytes hold: revision, key and value.
pub fn decode_record(bytes: &[u8]) -> Result<Entry, RecordError> {
    row::<EntryRow>(Bytes::copy_from_slice(bytes))?.entry()
}

impl EntryRow {
    pub(crate) fn entry(self) -> Result<Entry, RecordError> {
        Ok(Entry {
            revision: Revision(self.revision),
            record: decode_value(decode_key(&self.key)?, self.value)?,
        })
    }
}

/// `message` behind its schema byte.
fn versioned(message: &impl Message) -> Bytes {
    let mut bytes = Vec::with_capacity(1 + message.encoded_len());
    bytes.push(SCHEMA);
    message.encode_raw(&mut bytes);
    bytes.into()
}

/// What stands behind the schema byte.
fn unversioned(mut bytes: Bytes) -> Result<Bytes, RecordError> {
    match bytes.first() {
        None => Err(RecordError::malformed(
            "the schema byte",
            "the record is empty",
        )),
        Some(0) => Err(RecordError::malformed(
            "the schema byte",
            "no version writes schema 0",
        )),
        Some(&found) if found > SCHEMA => Err(RecordError::Newer {
            found,
            supported: SCHEMA,
        }),
        Some(_) => Ok(bytes.split_off(1)),
    }
}

fn row<M: Message + Default>(bytes: Bytes) -> Result<M, RecordError> {
    M::decode(bytes).map_err(|error| RecordError::malformed("the encoding", error))
}

fn shared<R, T: TryFrom<R, Error = RecordError>>(row: R) -> Result<std::sync::Arc<T>, RecordError> {
    T::try_from(row).map(std::sync::Arc::new)
}
