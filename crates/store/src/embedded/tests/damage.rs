//! Damaged, foreign and newer files: refused with what was found, and left as they are.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::suite::entries;

/// A directory whose log and checkpoint both hold something.
fn filled() -> Directory {
    let directory = Directory::busy();
    let store = directory.open();
    let mut number = 0;
    while store.status().oldest == Revision::ZERO {
        commit(
            &*store,
            [put(&format!("k{}", number % 50), number), blob(1, 500)],
        );
        number += 1;
    }
    drop(store);
    directory
}

fn log(directory: &Directory) -> std::path::PathBuf {
    directory.path().join("log.redb")
}

fn only_checkpoint(directory: &Directory) -> std::path::PathBuf {
    checkpoint::list(&directory.path())
        .expect("lists")
        .remove(0)
}

fn alter(path: &Path, alter: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("readable");
    alter(&mut bytes);
    fs::write(path, bytes).expect("writable");
}

type Damage = fn(&Directory);

#[test]
fn what_cannot_be_read_stops_the_start_and_is_left_alone() {
    let cases: &[(&str, Damage, &str)] = &[
        (
            "empty log",
            |at| fs::write(log(at), b"").expect("writes"),
            "empty",
        ),
        (
            "foreign log",
            |at| fs::write(log(at), [7; 9_000]).expect("writes"),
            "damaged",
        ),
        (
            "cut log",
            |at| alter(&log(at), |bytes| bytes.truncate(bytes.len() / 2)),
            "damaged",
        ),
        (
            "log's head cut",
            |at| alter(&log(at), |bytes| bytes.truncate(100)),
            "damaged",
        ),
        (
            "no log",
            |at| fs::remove_file(log(at)).expect("removes"),
            "missing",
        ),
        (
            "no checkpoint",
            |at| fs::remove_file(only_checkpoint(at)).expect("removes"),
            "missing",
        ),
        (
            "cut checkpoint",
            |at| alter(&only_checkpoint(at), |bytes| bytes.truncate(60)),
            "damaged",
        ),
        (
            "flipped bit",
            |at| alter(&only_checkpoint(at), |bytes| bytes[200] ^= 1),
            "checksum",
        ),
        (
            "foreign checkpoint",
            |at| fs::write(only_checkpoint(at), b"hello").expect("writes"),
            "not an archive",
        ),
        (
            "newer checkpoint",
            |at| alter(&only_checkpoint(at), |bytes| bytes[8] = 200),
            "schema 200",
        ),
        (
            // The first byte of each slot in the head of redb's file.
            "newer log",
            |at| {
                alter(&log(at), |bytes| {
                    for place in [64, 192] {
                        bytes[place] = 200;
                    }
                });
            },
            "schema 200, this version reads up to 3: start the newer version",
        ),
        (
            "another's checkpoint",
            |at| {
                let foreign = filled();
                fs::copy(only_checkpoint(&foreign), only_checkpoint(at)).expect("copies");
            },
            "another history",
        ),
    ];
    for (name, damage, found) in cases {
        let directory = filled();
        damage(&directory);
        let before = directory.files();
        let error = directory
            .try_open()
            .err()
            .unwrap_or_else(|| panic!("{name}: it opened"));
        let text = error.to_string();
        assert!(text.contains(found), "{name}: {text}");
        assert!(
            directory.files() == before,
            "{name}: the files were changed"
        );
        assert!(directory.try_open().is_err(), "{name}: nor the second time");
    }
}

#[test]
fn a_newer_header_names_its_schema() {
    let directory = filled();
    directory
        .try_open()
        .expect("opens")
        .shared
        .with_log(|log| log.put_schema(42))
        .expect("writes");
    let before = directory.files();
    let error = directory.try_open().err().expect("it is newer");
    assert!(
        matches!(error, StoreError::Newer { found: 42, .. }),
        "{error}"
    );
    assert!(directory.files() == before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_damaged_byte_is_noticed_or_of_no_matter(
        at in any::<prop::sample::Index>(), bit in 0..8_u8, in_log: bool,
    ) {
        let directory = filled();
        let expected = entries(directory.open().load().expect("loads"));
        let path = if in_log { log(&directory) } else { only_checkpoint(&directory) };
        alter(&path, |bytes| { let at = at.index(bytes.len()); bytes[at] ^= 1 << bit; });
        let before = directory.files();
        match directory.try_open() {
            Ok(store) => prop_assert_eq!(entries(store.load().expect("loads")), expected),
            Err(_) => prop_assert!(directory.files() == before),
        }
    }
}
