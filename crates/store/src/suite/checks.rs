//! The checks, one for each promise.

use paste_model::{BlobId, Expect, Key, Record, Revision};

use super::{
    Place, batch, blob, commit, commit_all, delete, drain, entries, key, put, record, wait,
};
use crate::{ChangesError, CommitError, Feed, Reload, Store};

/// What was acknowledged is there after a reopening, under the revision that was answered.
pub fn commits_are_durable(place: &dyn Place) {
    let store = place.open();
    let first = commit(&*store, [put("a", 1), put("b", 1)]);
    let second = commit(&*store, [put("a", 2), put("c", 2)]);
    let third = commit(&*store, [delete("b")]);
    assert!(first < second && second < third, "revisions grow");
    let (epoch, before) = (store.epoch(), entries(store.load().expect("loads")));
    drop(store);
    let store = place.open();
    let loaded = store.load().expect("loads");
    assert_eq!(store.epoch(), epoch);
    assert!(loaded.revision >= third);
    let after = entries(loaded);
    assert_eq!(after, before);
    let found: Vec<_> = after
        .into_iter()
        .map(|entry| (entry.revision, entry.record))
        .collect();
    assert_eq!(found, [(second, record("a", 2)), (second, record("c", 2))]);
    assert!(commit(&*store, [put("a", 3)]) > third, "and go on growing");
}

/// What was acknowledged is there after a kill.
pub fn commits_survive_a_kill(place: &dyn Place) {
    let mut expected = Vec::new();
    for round in 0..5_u64 {
        let store = place.open();
        assert_eq!(
            entries(store.load().expect("loads")),
            expected,
            "after kill {round}"
        );
        for number in 0..20 {
            commit(
                &*store,
                [
                    put(&format!("k{number}"), round),
                    put("last", round * 20 + number),
                ],
            );
        }
        expected = entries(store.load().expect("loads"));
        place.kill(store);
    }
}

/// All changes of a batch carry one revision; a batch that doesn't hold changes nothing.
pub fn a_batch_is_atomic(place: &dyn Place) {
    let store = place.open();
    let names: Vec<_> = (0..32).map(|number| format!("k{number}")).collect();
    let revision = commit(&*store, names.iter().map(|name| put(name, 1)));
    let refused = store.commit(batch(
        [(key("k7"), Expect::Absent)],
        names.iter().map(|name| put(name, 2)),
    ));
    assert!(matches!(wait(refused), Err(CommitError::Conflict { .. })));
    let loaded = store.load().expect("loads");
    assert!(loaded.revision >= revision);
    assert_eq!(loaded.entries.len(), names.len());
    assert!(
        loaded
            .entries
            .iter()
            .all(|entry| entry.revision == revision)
    );
}

/// Every expectation against every state of a key.
pub fn expectations_decide(place: &dyn Place) {
    let store = place.open();
    let there = commit(&*store, [put("there", 1)]);
    commit(&*store, [put("gone", 1)]);
    commit(&*store, [delete("gone")]);
    let cases = [
        ("there", Expect::Absent, Some(Some(there))),
        ("there", Expect::Present, None),
        ("there", Expect::At(there), None),
        ("there", Expect::At(there.next()), Some(Some(there))),
        ("gone", Expect::Absent, None),
        ("gone", Expect::Present, Some(None)),
        ("never", Expect::Absent, None),
        ("never", Expect::Present, Some(None)),
        ("never", Expect::At(there), Some(None)),
    ];
    for (name, expect, conflict) in cases {
        let answer = wait(store.commit(batch([(key(name), expect)], [])));
        match (answer, conflict) {
            (Ok(_), None) => {}
            (Err(CommitError::Conflict { key: named, found }), Some(expected)) => {
                assert_eq!((named, found), (key(name), expected), "{name} {expect:?}");
            }
            (answer, _) => assert!(conflict.is_none(), "{name} {expect:?} gave {answer:?}"),
        }
    }
}

/// Of commands that are committed together, those fail whose expectations fail, at their place in the order.
pub fn a_failed_expectation_costs_the_others_nothing(place: &dyn Place) {
    let store = place.open();
    let answers = commit_all(
        &*store,
        [
            batch([(key("a"), Expect::Absent)], [put("a", 1)]),
            batch([(key("a"), Expect::Absent)], [put("a", 2)]),
            batch([(key("a"), Expect::Present)], [put("b", 3), delete("a")]),
            batch([(key("a"), Expect::Present)], [put("c", 4)]),
            batch(
                [(key("a"), Expect::Absent), (key("b"), Expect::Present)],
                [put("d", 5)],
            ),
        ],
    );
    let held: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(held, [true, false, true, false, true]);
    let names: Vec<_> = entries(store.load().expect("loads"))
        .into_iter()
        .map(|entry| entry.record.key())
        .collect();
    assert_eq!(names, [key("b"), key("d")]);
}

/// A live stream and one from the log say the same: every batch once, in order.
pub fn the_stream_is_ordered_and_complete(place: &dyn Place) {
    let store = place.open();
    let start = store.status().revision;
    let mut live = store.changes(start).expect("streams");
    let answers = commit_all(
        &*store,
        (0..500).map(|number| batch([], [put(&format!("k{}", number % 7), number)])),
    );
    let last = answers
        .into_iter()
        .map(|answer| answer.expect("holds"))
        .max()
        .expect("some");
    let seen = drain(&mut live, last);
    assert!(seen.is_sorted_by_key(|batch| batch.revision));
    assert_eq!(seen.len(), 500);
    let mut late = store.changes(start).expect("streams");
    assert_eq!(drain(&mut late, last), seen);
    drop(store);
    let store = place.open();
    let mut reopened = store.changes(start).expect("streams");
    assert_eq!(drain(&mut reopened, last), seen);
}

/// A stream from any revision has exactly what follows it, and then what comes.
pub fn a_stream_begins_anywhere(place: &dyn Place) {
    let store = place.open();
    let start = store.status().revision;
    let answers = commit_all(&*store, (0..20).map(|number| batch([], [put("k", number)])));
    let revisions: Vec<_> = std::iter::once(Ok(start))
        .chain(answers)
        .map(|answer| answer.expect("holds"))
        .collect();
    let mut streams: Vec<_> = revisions
        .iter()
        .map(|after| (*after, store.changes(*after).expect("streams")))
        .collect();
    let last = commit(&*store, [put("k", 99)]);
    for (after, stream) in &mut streams {
        let seen: Vec<_> = drain(stream, last)
            .into_iter()
            .map(|batch| batch.revision)
            .collect();
        let expected: Vec<_> = revisions
            .iter()
            .chain([&last])
            .filter(|at| *at > after)
            .copied()
            .collect();
        assert_eq!(seen, expected, "after {after}");
    }
}

/// A reader that reads nothing for a thousand groups still gets all of them.
pub fn a_slow_reader_misses_nothing(place: &dyn Place) {
    let store = place.open();
    let start = store.status().revision;
    let mut slow = store.changes(start).expect("streams");
    let mut last = start;
    for number in 0..1_000 {
        last = commit(&*store, [put("k", number)]);
    }
    let seen = drain(&mut slow, last);
    assert_eq!(seen.len(), 1_000);
    assert!(seen.is_sorted_by(|a, b| a.revision < b.revision));
    let after = commit(&*store, [put("k", 0)]);
    assert_eq!(drain(&mut slow, after).len(), 1, "and is live again");
}

/// Bulky values are kept, but neither loaded nor streamed; conditions know them.
pub fn bulky_values_stand_aside(place: &dyn Place) {
    let store = place.open();
    let id = BlobId([7; 32]);
    let mut live = store.changes(store.status().revision).expect("streams");
    let first = commit(&*store, [blob(7, 100_000), put("a", 1)]);
    let seen = drain(&mut live, first);
    assert_eq!(seen[0].changes, [put("a", 1)]);
    drop(store);
    let store = place.open();
    assert_eq!(store.load().expect("loads").entries.len(), 1);
    assert_eq!(
        store.get(&id).expect("reads").expect("there").len(),
        100_000
    );
    assert_eq!(store.get(&BlobId([8; 32])).expect("reads"), None);
    assert_eq!(store.blobs().expect("lists"), [(id, first)]);
    let refused = store.commit(batch([(Key::Blob(id), Expect::Absent)], [blob(7, 1)]));
    assert!(
        matches!(wait(refused), Err(CommitError::Conflict { found, .. }) if found == Some(first))
    );
    let again = commit(&*store, [blob(7, 100_000)]);
    assert_eq!(store.blobs().expect("lists"), [(id, again)], "written anew");
    commit(&*store, [super::Change::Delete(Key::Blob(id))]);
    assert_eq!(store.get(&id).expect("reads"), None);
    assert_eq!(store.blobs().expect("lists"), []);
    wait(store.commit(batch([(Key::Blob(id), Expect::Absent)], []))).expect("it is gone");
}

/// A batch that changes nothing still has a revision and is streamed: its cause is news.
pub fn an_empty_batch_has_its_place(place: &dyn Place) {
    let store = place.open();
    let mut live = store.changes(store.status().revision).expect("streams");
    let revision = commit(&*store, []);
    let seen = drain(&mut live, revision);
    assert_eq!((seen[0].revision, seen[0].changes.len()), (revision, 0));
    assert_eq!(seen[0].cause.reason, "the contract");
}

/// A commit goes on when nobody waits for its answer.
pub fn dropping_an_answer_takes_nothing_back(place: &dyn Place) {
    let store = place.open();
    drop(store.commit(batch([], [put("a", 1)])));
    commit(&*store, [put("b", 1)]);
    assert_eq!(store.load().expect("loads").entries.len(), 2);
}

/// The records of a store. A backend that numbers what it writes gives restored ones new revisions.
fn records(store: &dyn Store) -> Vec<Record> {
    let entries = entries(store.load().expect("loads"));
    entries.into_iter().map(|entry| entry.record).collect()
}

/// Restoring replaces everything, in a new epoch, above all revisions, and tells the streams.
pub fn restoring_begins_another_history(place: &dyn Place) {
    let store = place.open();
    commit(&*store, [put("a", 1), put("b", 1)]);
    let picture = store.load().expect("loads");
    let expected = records(&*store);
    let later = commit(&*store, [put("a", 2), put("c", 2), delete("b")]);
    let (epoch, mut live) = (store.epoch(), store.changes(later).expect("streams"));
    let restored = store.restore(picture).expect("restores");
    assert!(restored > later);
    assert_ne!(store.epoch(), epoch);
    assert!(matches!(
        wait(live.recv()),
        Some(Feed::Reload(Reload::Restored))
    ));
    assert!(matches!(
        store.changes(later),
        Err(ChangesError::Compacted { .. })
    ));
    assert_eq!(records(&*store), expected);
    let (epoch, next) = (store.epoch(), commit(&*store, [put("d", 1)]));
    assert!(next > restored);
    let refused = store.commit(batch([(key("c"), Expect::Present)], []));
    assert!(matches!(
        wait(refused),
        Err(CommitError::Conflict { found: None, .. })
    ));
    drop(store);
    let store = place.open();
    assert_eq!(store.epoch(), epoch);
    assert_eq!(
        store.load().expect("loads").entries.len(),
        expected.len() + 1
    );
}

/// A revision that was never reached belongs to another history.
pub fn the_future_cannot_be_streamed(place: &dyn Place) {
    let store = place.open();
    let now = commit(&*store, [put("a", 1)]);
    assert!(matches!(
        // Far beyond what others could commit meanwhile, where the store is shared.
        store.changes(Revision(now.0 + 1_000_000)),
        Err(ChangesError::Compacted { .. })
    ));
}
