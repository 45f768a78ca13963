//! Backups survive, and whatever was done to one is noticed.

use paste_model::{Epoch, Revision};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::record::strategy;
use crate::{Loaded, backup};

fn written(entries: Vec<paste_model::Entry>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = Loaded {
        revision: Revision(9),
        entries,
    };
    let count = backup::write(Epoch(7), &picture, &mut bytes).expect("writes");
    assert_eq!(count, bytes.len() as u64);
    bytes
}

proptest! {
    #[test]
    fn backups_survive(entries in vec(strategy::entry(), 0..20)) {
        let back = backup::read(written(entries.clone()).as_slice()).expect("own bytes");
        prop_assert_eq!((back.epoch, back.picture.revision), (Epoch(7), Revision(9)));
        prop_assert_eq!(back.picture.entries, entries);
    }

    #[test]
    fn every_flipped_bit_is_noticed(
        entries in vec(strategy::entry(), 0..6), at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut bytes = written(entries);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(backup::read(bytes.as_slice()).is_err());
    }

    #[test]
    fn every_cut_is_noticed(
        entries in vec(strategy::entry(), 0..6), at in any::<prop::sample::Index>(),
    ) {
        let bytes = written(entries);
        prop_assert!(backup::read(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in vec(any::<u8>(), 0..100)) {
        prop_assert!(backup::read(bytes.as_slice()).is_err());
        let behind_magic = [MAGIC.as_slice(), &[SCHEMA], &bytes].concat();
        prop_assert!(backup::read(behind_magic.as_slice()).is_err());
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
    assert_eq!(
        backup::read(bytes.as_slice())
            .expect("own bytes")
            .picture
            .entries,
        entries
    );
}

#[test]
fn a_length_that_cannot_be_is_refused_before_room_is_made_for_it() {
    let mut bytes = written(Vec::new());
    bytes[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = backup::read(bytes.as_slice())
        .expect_err("too long")
        .to_string();
    assert!(error.contains("claims to have"), "{error}");
}

#[test]
fn a_newer_archive_names_its_schema() {
    let mut bytes = written(Vec::new());
    bytes[MAGIC.len()] = 9;
    let error = backup::read(bytes.as_slice()).expect_err("newer");
    assert!(
        matches!(error, ArchiveError::Newer { found: 9, .. }),
        "{error}"
    );
}
