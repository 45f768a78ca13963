//! What the store reads back: keys, records, batches, and backup files. Whatever is read is written so that it reads the
//! same; what isn't is refused, not cut.

use bytes::Bytes;
use paste_model::{BlobId, Change, Key, Record};
use paste_store::{backup, record};

use super::kept;

/// Bytes before the first chunk of a backup: a mark and the schema.
const BACKUP_START_BYTES: usize = 9;
/// Bytes before a chunk's payload: its kind, its length and its checksum.
const CHUNK_HEAD_BYTES: usize = 9;

/// Promise: a key that is read is written in the same bytes.
pub(crate) fn key(input: &[u8]) {
    if let Ok(key) = record::decode_key(input) {
        assert_eq!(record::encode_key(&key).as_bytes(), input);
    }
}

/// Promise: a record that is read survives being written.
pub(crate) fn record(input: &[u8]) {
    let Ok(entry) = record::decode_record(input) else {
        return;
    };
    let written = record::encode_entry(&entry);
    assert_eq!(
        kept("a written record reads", record::decode_record(&written)),
        entry
    );
}

/// Promise: a batch that is read survives being written, but for bulky values, which no batch keeps.
pub(crate) fn batch(input: &[u8]) {
    let Ok(mut batch) = record::decode_batch(input) else {
        return;
    };
    let written = record::encode_batch(&batch.changes, &batch.cause);
    batch.changes.retain(|change| {
        !matches!(
            change,
            Change::Put(Record::Blob(..)) | Change::Delete(Key::Blob(_))
        )
    });
    assert_eq!(
        kept("a written batch reads", record::decode_batch(&written)),
        batch
    );
}

/// Promise: a backup that is read survives being written. The input is tried as it is, and with its checksums put
/// right: else next to nothing would come past them.
pub(crate) fn backup(input: &[u8]) {
    check_backup(input);
    check_backup(&resealed(input));
}

fn check_backup(input: &[u8]) {
    let Some((read, blobs)) = read_backup(input) else {
        return;
    };
    let mut written = Vec::new();
    let bytes = kept(
        "a backup is written",
        backup::write(
            read.epoch,
            &read.picture,
            blobs.iter().cloned().map(Ok::<_, backup::ArchiveError>),
            &mut written,
        ),
    );
    assert_eq!(bytes, written.len() as u64);
    let (again, same) = kept(
        "a written backup reads",
        read_backup(&written).ok_or("it doesn't"),
    );
    assert_eq!(same, blobs);
    assert_eq!(again.epoch, read.epoch);
    assert_eq!(again.picture.revision, read.picture.revision);
    assert_eq!(again.picture.entries, read.picture.entries);
}

/// A backup with its bulky values.
fn read_backup(input: &[u8]) -> Option<(backup::Backup, Vec<(BlobId, Bytes)>)> {
    let mut blobs = Vec::new();
    let read = backup::read(input, |id, bytes| {
        blobs.push((id, bytes));
        Ok::<_, backup::ArchiveError>(())
    });
    Some((read.ok()?, blobs))
}

/// The input with the right checksum before each chunk that is whole.
fn resealed(input: &[u8]) -> Vec<u8> {
    let mut sealed = input.to_vec();
    let mut rest = sealed.get_mut(BACKUP_START_BYTES..).unwrap_or_default();
    while let Some((head, behind)) = rest.split_at_mut_checked(CHUNK_HEAD_BYTES) {
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
        let Some((payload, next)) = behind.split_at_mut_checked(length as usize) else {
            break;
        };
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&head[..1]), payload);
        head[5..].copy_from_slice(&checksum.to_le_bytes());
        rest = next;
    }
    sealed
}
