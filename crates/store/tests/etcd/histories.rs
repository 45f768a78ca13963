//! etcd is wiped, goes back, or is restored: another history, and every stream says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use paste_model::Revision;
use paste_store::suite::{batch, commit, drain, entries, put, record, wait};
use paste_store::{Changes, Feed, Reload, Store};

use crate::place::{config, open, shared};
use crate::server::Server;

/// Reads on until the stream says why everything has to be loaded again.
fn reload(stream: &mut Changes) -> Reload {
    loop {
        match wait(stream.recv()).expect("the stream goes on") {
            Feed::Batches(_) => {}
            Feed::Reload(reason) => return reason,
        }
    }
}

#[test]
fn a_wiped_etcd_is_another_history_in_which_nothing_was_deleted() {
    let mut server = Server::start(&[]);
    let config = config(&server, "node-1");
    let other = paste_store::etcd::Config {
        node: "node-2".parse().expect("a valid name"),
        ..config.clone()
    };
    let (store, other) = (open(&config), open(&other));
    let before = commit(&store, [put("a", 1)]);
    let epoch = store.epoch();
    let mut streams = [
        store.changes(before).expect("streams"),
        other.changes(before).expect("streams"),
    ];
    server.wipe();
    server.resume();
    for stream in &mut streams {
        assert_eq!(reload(stream), Reload::Lost);
    }
    assert_ne!(store.epoch(), epoch);
    assert_eq!(store.epoch(), other.epoch());
    assert_eq!(store.load().expect("loads").entries.len(), 0);
    let after = commit(&store, [put("a", 2)]);
    for stream in &mut streams {
        let seen = drain(stream, after);
        assert_eq!(seen.last().expect("some").changes, [put("a", 2)]);
    }
}

#[test]
fn an_etcd_that_went_back_is_another_history_with_what_is_left() {
    let mut server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    commit(&store, [put("a", 1)]);
    server.stop();
    let copy = server.copy();
    server.resume();
    let mut last = Revision::ZERO;
    for number in 0..20 {
        let answer = wait(store.commit(batch([], [put("b", number)])));
        last = answer.unwrap_or(last);
    }
    assert_ne!(last, Revision::ZERO, "some were taken after the restart");
    let epoch = store.epoch();
    let mut stream = store.changes(last).expect("streams");
    server.stop();
    server.put_back(&copy);
    server.resume();
    assert_eq!(reload(&mut stream), Reload::Lost);
    assert_ne!(store.epoch(), epoch);
    let loaded = store.load().expect("loads");
    assert!(loaded.revision < last, "it went back");
    let left = entries(loaded);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].record, record("a", 1));
    let after = commit(&store, [put("c", 1)]);
    assert_eq!(
        drain(&mut stream, after).last().expect("some").changes,
        [put("c", 1)]
    );
}

#[test]
fn a_restore_is_seen_whole_by_every_node_while_others_write() {
    let server = shared();
    let config = config(&server, "node-1");
    let (store, other) = (open(&config), {
        let node = "node-2".parse().expect("a valid name");
        Arc::new(open(&paste_store::etcd::Config {
            node,
            ..config.clone()
        }))
    });
    // More than one transaction can hold.
    for chunk in 0..5 {
        commit(
            &store,
            (0..100).map(|number| put(&format!("k{chunk}-{number}"), 1)),
        );
    }
    let picture = store.load().expect("loads");
    let mut stream = other.changes(picture.revision).expect("streams");
    let stop = Arc::new(AtomicBool::new(false));
    let writing = {
        let (other, stop) = (Arc::clone(&other), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                commit(&*other, [put("k0-0", number), put("other", number)]);
            }
        })
    };
    let mut restored = Revision::ZERO;
    for _ in 0..3 {
        let entries = picture.entries.clone();
        let picture = paste_store::Loaded {
            revision: picture.revision,
            entries,
        };
        let at = store.restore(picture).expect("restores");
        assert!(at > restored);
        restored = at;
        assert_eq!(reload(&mut stream), Reload::Restored);
        let count = other.load().expect("loads").entries.len();
        assert!((500..=501).contains(&count), "{count}");
    }
    stop.store(true, Ordering::Relaxed);
    writing.join().expect("it wrote");
    assert_eq!(store.epoch(), other.epoch());
    assert!(store.load().expect("loads").revision >= restored);
}
