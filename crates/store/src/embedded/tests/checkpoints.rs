//! Checkpoints take place, change nothing that can be seen, and leave nothing behind.

use std::collections::BTreeMap;
use std::thread;

use paste_model::Key;

use super::*;
use crate::embedded::queue::Order;
use crate::suite::{delete, entries, key, wait};

mod contract {
    crate::contract_suite!(super::Directory::restless());
}

/// Commits until the log begins after revision zero, which a checkpoint alone can bring about.
fn commit_until_compacted(store: &dyn Store) {
    let mut number = 0;
    while store.status().oldest == Revision::ZERO {
        commit(store, [put(&format!("k{}", number % 50), number)]);
        number += 1;
    }
}

fn checkpoints(directory: &Directory) -> usize {
    checkpoint::list(&directory.path()).expect("lists").len()
}

#[test]
fn a_checkpoint_takes_the_place_of_the_log() {
    let directory = Directory::busy();
    let store = directory.open();
    commit(&*store, [blob(9, 10_000)]);
    commit_until_compacted(&*store);
    let before = store.load().expect("loads");
    let oldest = store.status().oldest;
    match store.changes(Revision::ZERO) {
        Err(ChangesError::Compacted { oldest: told }) => assert!(told >= oldest),
        other => panic!("{other:?}"),
    }
    drop(store);
    let store = directory.open();
    assert_eq!(
        checkpoints(&directory),
        1,
        "one that counts, and nothing beside it"
    );
    let after = store.load().expect("loads");
    assert_eq!(after.revision, before.revision);
    assert_eq!(entries(after), entries(before));
    assert!(
        store.get(&BlobId([9; 32])).expect("reads").is_some(),
        "kept through checkpoints"
    );
    let kept = store.status().revision.0 - store.status().oldest.0;
    assert!(
        kept >= directory.config.batches_kept,
        "{kept} batches can still be streamed"
    );
}

#[test]
fn a_checkpoint_that_begins_right_after_a_restore_keeps_what_was_restored() {
    let directory = Directory::new();
    let store = directory.open();
    commit(&*store, [put("a", 1), put("b", 2)]);
    let picture = store.load().expect("loads");
    let before = entries(store.load().expect("loads"));
    store.restore(picture).expect("restores");
    // As by a thread that was started before the restore, and begins only now.
    let shared = directory.open.borrow().upgrade().expect("open");
    let written = committer::write_checkpoint(&shared);
    assert!(shared.queue.order(Order::Checkpointed(written)).is_ok());
    commit(&*store, [put("c", 3)]);
    commit(&*store, [delete("c")]);
    drop((shared, store));
    let after = directory.try_open().expect("its checkpoint is there");
    assert_eq!(entries(after.load().expect("loads")), before);
}

#[test]
fn checkpoints_under_load_lose_nothing_and_revive_nothing() {
    let directory = Directory::busy();
    let store = directory.open();
    let expected: BTreeMap<Key, u64> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4_u64)
            .map(|writer| {
                scope.spawn({
                    let store = &store;
                    move || churn(&**store, writer)
                })
            })
            .collect();
        let loads = scope.spawn(|| {
            (0..20).for_each(|_| {
                let loaded = store.load().expect("loads while others write");
                let found = entries(loaded);
                assert!(
                    found.is_sorted_by(|a, b| a.record.key() < b.record.key()),
                    "a key once"
                );
            })
        });
        loads.join().expect("loads");
        writers
            .into_iter()
            .flat_map(|writer| writer.join().expect("writes"))
            .collect()
    });
    assert!(
        store.status().oldest > Revision::ZERO,
        "checkpoints took place"
    );
    let value_of = |store: &dyn Store| -> BTreeMap<Key, u64> {
        store
            .load()
            .expect("loads")
            .entries
            .iter()
            .map(value)
            .collect()
    };
    assert_eq!(value_of(&*store), expected);
    directory.kill(store);
    assert_eq!(value_of(&*directory.open()), expected, "after a kill");
}

/// Writes, overwrites and deletes keys of its own; returns what remains.
fn churn(store: &dyn Store, writer: u64) -> BTreeMap<Key, u64> {
    let mut mine = BTreeMap::new();
    for round in 0..150_u64 {
        let written = format!("w{writer}-{}", round % 37);
        let deleted = format!("w{writer}-{}", (round + 20) % 37);
        wait(store.commit(batch([], [put(&written, round), delete(&deleted)]))).expect("commits");
        mine.insert(key(&written), round);
        mine.remove(&key(&deleted));
    }
    mine
}

fn value(entry: &paste_model::Entry) -> (Key, u64) {
    match &entry.record {
        paste_model::Record::Session(_, session) => (
            entry.record.key(),
            u64::try_from(session.ttl.as_millis()).expect("small"),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn leftovers_of_a_crash_are_swept() {
    let directory = Directory::busy();
    commit_until_compacted(&*directory.open());
    let stale = checkpoint::path(&directory.path(), Revision(999_999));
    fs::write(&stale, b"half").expect("writes");
    fs::write(stale.with_extension("part"), b"half").expect("writes");
    directory.open();
    assert_eq!(checkpoints(&directory), 1);
}

#[test]
fn a_checkpoint_that_cannot_be_written_stops_nobody() {
    let directory = Directory::busy();
    let store = directory.open();
    // A directory where the file should be: it can't be created, as on a full disk.
    for revision in 1..400 {
        let place = checkpoint::path(&directory.path(), Revision(revision)).with_extension("part");
        fs::create_dir(place).expect("creates");
    }
    for number in 0..300 {
        commit(&*store, [put(&format!("k{number}"), number)]);
    }
    assert!(store.status().failed.is_none());
    assert_eq!(store.load().expect("loads").entries.len(), 300);
}
