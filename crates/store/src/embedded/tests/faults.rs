//! A disk that fails: writes are refused with the reason, reads go on, nothing acknowledged is lost.

use std::io::ErrorKind;

use super::*;
use crate::faulty::Faults;
use crate::suite::{drain, entries, wait};

/// A store on a disk that obeys `faults`, with a little in it.
fn on(faults: &Faults) -> (Directory, Arc<dyn Store>) {
    let mut directory = Directory::new();
    directory.config.faults = Some(faults.clone());
    let store = directory.open();
    for number in 0..20 {
        commit(
            &*store,
            [
                put(&format!("k{number}"), number),
                put("all", number),
                blob(1, 100),
            ],
        );
    }
    (directory, store)
}

type Plan = fn(&Faults);

#[test]
fn a_failing_disk_stops_writes_but_not_reads() {
    let plans: [(&str, Plan); 4] = [
        ("fsync", |faults| faults.fail_syncs_after(0)),
        ("write", |faults| {
            faults.fail_writes_after(0, ErrorKind::Other)
        }),
        ("later write", |faults| {
            faults.fail_writes_after(3, ErrorKind::Other)
        }),
        ("torn write", |faults| faults.tear_write_after(1)),
    ];
    for (name, plan) in plans {
        let faults = Faults::default();
        let (directory, store) = on(&faults);
        let before = entries(store.load().expect("loads"));
        let revision = store.status().revision;
        plan(&faults);
        let mut refused = None;
        // The failing write may belong to a later commit.
        for _ in 0..10 {
            if let Err(error) = wait(store.commit(batch([], [put("all", 99), put("more", 99)]))) {
                refused = Some(error);
                break;
            }
        }
        assert!(
            matches!(refused, Some(CommitError::Failed(_))),
            "{name}: {refused:?}"
        );
        let again = wait(store.commit(batch([], [put("all", 100)])));
        assert!(
            matches!(again, Err(CommitError::Failed(_))),
            "{name}: {again:?}"
        );
        assert!(
            store.restore(store.load().expect("loads")).is_err(),
            "{name}: no restore either"
        );
        assert!(store.status().failed.is_some(), "{name}");
        if store.status().revision == revision {
            assert_eq!(entries(store.load().expect("loads")), before, "{name}");
        }
        let mut changes = store.changes(Revision::ZERO).expect("streams");
        assert_eq!(drain(&mut changes, revision).len(), 20, "{name}");
        assert!(
            store.get(&BlobId([1; 32])).expect("reads").is_some(),
            "{name}"
        );
        drop(store);
        sound_after(directory, name);
    }
}

/// What is found on a disk that works again: every acknowledged batch, and none by half.
fn sound_after(directory: Directory, name: &str) {
    let directory = Directory {
        config: Config::default(),
        ..directory
    };
    let found = entries(directory.open().load().expect("loads"));
    let more = found
        .iter()
        .find(|entry| entry.record.key() == crate::suite::key("more"));
    let all = found
        .iter()
        .find(|entry| entry.record.key() == crate::suite::key("all"));
    let all = all.expect("was acknowledged");
    match more {
        Some(more) => assert_eq!(more.revision, all.revision, "{name}: whole"),
        None => assert_eq!(all.revision, Revision(20), "{name}: not at all"),
    }
    assert_eq!(found.len(), 21 + usize::from(more.is_some()), "{name}");
}

#[test]
fn a_full_disk_is_called_by_its_name() {
    let faults = Faults::default();
    let (_directory, store) = on(&faults);
    faults.fail_writes_after(0, ErrorKind::StorageFull);
    match wait(store.commit(batch([], [put("a", 1)]))) {
        Err(CommitError::Failed(error)) => {
            assert!(matches!(*error, StoreError::Full { .. }), "{error}");
        }
        answer => panic!("{answer:?}"),
    }
}

#[test]
fn every_torn_write_leaves_whole_batches() {
    for count in 0..24 {
        let faults = Faults::default();
        let (directory, store) = on(&faults);
        faults.tear_write_after(count);
        let mut acknowledged = Revision(20);
        let both = || batch([], [put("all", 99), put("more", 99)]);
        while let Ok(revision) = wait(store.commit(both())) {
            acknowledged = revision;
        }
        drop(store);
        let directory = Directory {
            config: Config::default(),
            ..directory
        };
        let store = directory.open();
        assert!(
            store.status().revision >= acknowledged,
            "after {count} writes"
        );
        let found = entries(store.load().expect("loads"));
        let revisions: Vec<_> = found
            .iter()
            .filter(|entry| {
                ["all", "more"]
                    .map(crate::suite::key)
                    .contains(&entry.record.key())
            })
            .map(|entry| entry.revision)
            .collect();
        assert!(
            revisions.iter().all(|revision| *revision == revisions[0]),
            "after {count} writes"
        );
    }
}
