//! Backups survive, and whatever was done to one is noticed.

use paste_model::{Epoch, Revision};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::record::strategy;
use crate::{Loaded, backup};

/// What a backup holds, the bulky values last.
fn read(bytes: &[u8]) -> Result<(backup::Backup, Vec<Blob>), ArchiveError> {
    let mut blobs = Vec::new();
    let read = backup::read(bytes, |id, bytes| {
        blobs.push((id, bytes));
        Ok::<_, ArchiveError>(())
    })?;
    Ok((read, blobs))
}

type Blob = (paste_model::BlobId, bytes::Bytes);

fn written(entries: Vec<paste_model::Entry>) -> Vec<u8> {
    let is_blob =
        |entry: &paste_model::Entry| matches!(entry.record, paste_model::Record::Blob(..));
    let (blobs, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_blob);
    let blobs = blobs.into_iter().filter_map(|entry| match entry.record {
        paste_model::Record::Blob(id, bytes) => Some(Ok::<_, ArchiveError>((id, bytes))),
        _ => None,
    });
    let mut bytes = Vec::new();
    let picture = Loaded {
        revision: Revision(9),
        entries,
    };
    let count = backup::write(Epoch(7), &picture, blobs, &mut bytes).expect("writes");
    assert_eq!(count, bytes.len() as u64);
    bytes
}

proptest! {
    #[test]
    fn backups_survive(entries in vec(strategy::entry(), 0..20)) {
        let (back, blobs) = read(&written(entries.clone())).expect("own bytes");
        prop_assert_eq!((back.epoch, back.picture.revision), (Epoch(7), Revision(9)));
        let (bulky, others): (Vec<_>, Vec<_>) = (entries.into_iter())
            .partition(|entry| matches!(entry.record, paste_model::Record::Blob(..)));
        prop_assert_eq!(back.picture.entries, others);
        let blobs: Vec<_> = (blobs.into_iter())
            .map(|(id, bytes)| paste_model::Record::Blob(id, bytes))
            .collect();
        prop_assert_eq!(blobs, bulky.into_iter().map(|entry| entry.record).collect::<Vec<_>>());
    }

    #[test]
    fn every_flipped_bit_is_noticed(
        entries in vec(strategy::entry(), 0..6), at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut bytes = written(entries);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn every_cut_is_noticed(
        entries in vec(strategy::entry(), 0..6), at in any::<prop::sample::Index>(),
    ) {
        let bytes = written(entries);
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in vec(any::<u8>(), 0..100)) {
        prop_assert!(read(&bytes).is_err());
        let behind_magic = [MAGIC.as_slice(), &[SCHEMA], &bytes].concat();
        prop_assert!(read(&behind_magic).is_err());
    }
}

#[test]
fn many_chunks_are_read_in_order() {
    let entry = |number: u64| paste_model::Entry {
        revision: Revision(number),
        record: crate::suite::record(&format!("s{number}"), number),
    };
    let entries: Vec<_> = (1..60_000).map(entry).collect();
    let bytes = written(entries.clone());
    assert!(bytes.len() > 2 * CHUNK_BYTES, "more than one chunk");
    assert_eq!(read(&bytes).expect("own bytes").0.picture.entries, entries);
}

#[test]
fn a_length_that_cannot_be_is_refused_before_room_is_made_for_it() {
    let mut bytes = written(Vec::new());
    bytes[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = read(&bytes).expect_err("too long").to_string();
    assert!(error.contains("claims to have"), "{error}");
}

#[test]
fn a_newer_archive_names_its_schema() {
    let mut bytes = written(Vec::new());
    bytes[MAGIC.len()] = 9;
    let error = read(&bytes).expect_err("newer");
    assert!(
        matches!(error, ArchiveError::Newer { found: 9, .. }),
        "{error}"
    );
}
