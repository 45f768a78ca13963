//! Readers that lag, etcd that forgets, and batches as large as they come.

use std::time::Duration;

use paste_model::Expect;
use paste_store::etcd::Config;
use paste_store::suite::{batch, blob, commit, drain, key, put, wait};
use paste_store::{ChangesError, CommitError, Feed, Reload, Store, StoreError};

use crate::place::{config, open, shared};
use crate::server::Server;

fn compact(server: &Server, store: &dyn Store) {
    let revision = store.status().revision;
    let body = format!("{{\"revision\":\"{revision}\",\"physical\":true}}");
    server.ask("/v3/kv/compaction", &body);
}

#[test]
fn what_etcd_compacted_cannot_be_streamed() {
    let server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    let first = commit(&store, [put("a", 1)]);
    let last = commit(&store, [put("a", 2)]);
    let later = commit(&store, [put("a", 3)]);
    compact(&server, &store);
    let error = store.changes(first).expect_err("compacted");
    assert!(matches!(error, ChangesError::Compacted { oldest } if oldest > last));
    let mut stream = store.changes(later).expect("streams");
    let after = commit(&store, [put("a", 4)]);
    assert_eq!(drain(&mut stream, after).len(), 1);
    assert_eq!(store.load().expect("loads").entries.len(), 1);
}

#[test]
fn a_reader_that_takes_nothing_has_to_load_again_even_if_etcd_forgets() {
    let server = Server::start(&[]);
    let config = Config {
        lag: Duration::from_millis(100),
        ..config(&server, "node-1")
    };
    let store = open(&config);
    let begin = store.status().revision;
    let epoch = store.epoch();
    let mut stream = store.changes(begin).expect("streams");
    let mut last = begin;
    // More than wait in a stream.
    for number in 0..400 {
        last = commit(&store, [put("k", number)]);
    }
    std::thread::sleep(2 * config.lag);
    compact(&server, &store);
    let mut told = 0;
    loop {
        match wait(stream.recv()).expect("the stream goes on") {
            Feed::Batches(batches) => {
                told += batches.len();
                // It may come round to reading in time on a machine that is slow enough.
                if batches.last().is_some_and(|batch| batch.revision == last) {
                    panic!("{told} batches were kept for a reader that took none");
                }
            }
            Feed::Reload(reason) => {
                assert_eq!(reason, Reload::Behind);
                break;
            }
        }
    }
    assert_eq!(store.epoch(), epoch, "it is the same history");
    assert!(store.load().expect("loads").revision >= last);
    let after = commit(&store, [put("k", 0)]);
    let seen = drain(&mut stream, after);
    assert_eq!(seen.last().expect("some").changes, [put("k", 0)]);
}

#[test]
fn a_stream_from_too_long_ago_has_to_load_again() {
    let server = shared();
    let config = Config {
        lag_revisions: 100,
        ..config(&server, "node-1")
    };
    let store = open(&config);
    let begin = store.status().revision;
    for number in 0..300 {
        commit(&store, [put("k", number)]);
    }
    let mut stream = store.changes(begin).expect("streams");
    let first = wait(stream.recv()).expect("the stream goes on");
    assert!(matches!(first, Feed::Reload(Reload::Behind)), "{first:?}");
}

#[test]
fn a_catch_up_that_etcd_sends_in_fragments_is_whole() {
    let server = shared();
    let store = open(&config(&server, "node-1"));
    let begin = store.status().revision;
    // Together more than one answer of etcd can hold.
    let size = 1_000;
    let name = |number| format!("{number:0>120}");
    let mut last = begin;
    for round in 0..12 {
        last = commit(&store, (0..size).map(|number| put(&name(number), round)));
    }
    let mut stream = store.changes(begin).expect("streams");
    let seen = drain(&mut stream, last);
    assert_eq!(seen.len(), 12);
    for (round, batch) in (0..).zip(&seen) {
        assert_eq!(batch.changes.len(), 1_000);
        assert!(
            batch
                .changes
                .iter()
                .zip(0..)
                .all(|(change, number)| *change == put(&name(number), round))
        );
    }
}

#[test]
fn a_long_batch_is_still_one_and_a_longer_one_is_refused() {
    let server = shared();
    let store = open(&config(&server, "node-1"));
    let name = |number: usize| format!("k{number}");
    for count in [125, 126, 127, 3_906] {
        let revision = commit(&store, (0..count).map(|number| put(&name(number), 1)));
        let loaded = store.load().expect("loads");
        assert_eq!(loaded.entries.len(), count);
        assert!(
            loaded
                .entries
                .iter()
                .all(|entry| entry.revision == revision)
        );
    }
    let refuse = |expect: usize, changes: usize| {
        let expect = (0..expect).map(|number| (key(&name(number)), Expect::Present));
        let changes = (0..changes).map(|number| put(&name(number), 2));
        wait(store.commit(batch(expect, changes)))
    };
    refuse(126, 125).expect("as many as etcd allows");
    refuse(63, 3_906).expect("as many as etcd allows");
    for (expect, changes) in [(127, 1), (126, 126), (1, 3_907)] {
        let error = refuse(expect, changes).expect_err("too many");
        assert!(
            matches!(&error, CommitError::Failed(cause) if matches!(&**cause, StoreError::TooMany { .. })),
            "{expect} and {changes}: {error:?}"
        );
    }
    let large = wait(store.commit(batch([], [blob(1, 1024 * 1024), blob(2, 1024 * 1024)])));
    assert!(matches!(large, Err(CommitError::Failed(cause))
        if matches!(&*cause, StoreError::TooLarge { .. })));
    commit(&store, [blob(1, 1536 * 1024 - 16 * 1024)]);
}
