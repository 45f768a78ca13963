//! What depends on a node's being a member is refused from when it isn't, whatever the node believes.

use paste_model::{Change, Expect, Key, Revision};
use paste_store::etcd::EtcdError;
use paste_store::suite::{batch, commit, put, wait};
use paste_store::{CommitError, Embedded, Etcd, Store, StoreError};

use super::{LONG, holds, key, member, names, own, revoke_all, see, seen};
use crate::eventually;
use crate::place::{config, open, shared};
use crate::server::Server;

/// What a node says of others, under the condition that its record is still at `at`.
fn judge(store: &Etcd, node: &str, at: Revision) -> Result<Revision, CommitError> {
    let expect = [(key(node), Expect::At(at))];
    wait(store.commit(batch(expect, [put("verdict", at.0)])))
}

fn refused(answer: Result<Revision, CommitError>, node: &str) -> Option<Revision> {
    match answer {
        Err(CommitError::Conflict { key: named, found }) => {
            assert_eq!(named, key(node));
            found
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_verdict_counts_while_the_lease_runs_and_not_after() {
    let server = Server::start(&[]);
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let before = holds(&store);
    for _ in 0..3 {
        judge(&store, "node-1", before).expect("it is a member");
    }
    // The lease ends behind its back: whether it has noticed or not, its word doesn't count any more.
    revoke_all(&server);
    let found = refused(judge(&store, "node-1", before), "node-1");
    assert!(found.is_none_or(|found| found > before), "{found:?}");
    // It comes back by itself, with another record.
    eventually("it is a member again", || {
        own(&store).is_some_and(|own| own > before)
    });
    let after = holds(&store);
    judge(&store, "node-1", after).expect("it is a member");
    assert_eq!(
        refused(judge(&store, "node-1", before), "node-1"),
        Some(after)
    );
    see(&[&store], &["node-1"]);
    assert_eq!(seen(&store).nodes[0].revision, after);
}

#[test]
fn a_node_that_has_left_judges_nothing_and_goes_on_otherwise() {
    let server = shared();
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let other = open(&member(&config, "node-2", LONG));
    let before = holds(&store);
    // What another node does may depend on it, too.
    judge(&other, "node-1", before).expect("it is a member");
    store.leave();
    assert_eq!(own(&store), None);
    see(&[&other, &store], &["node-2"]);
    assert_eq!(refused(judge(&store, "node-1", before), "node-1"), None);
    commit(&store, [put("a", 1)]);
    let absent = batch([(key("node-1"), Expect::Absent)], []);
    wait(store.commit(absent)).expect("it has left");
    let present = batch([(key("node-2"), Expect::Present)], []);
    wait(store.commit(present)).expect("it is there");
    // It doesn't join again, whatever it hears.
    store.leave();
    let third = open(&member(&config, "node-3", LONG));
    see(&[&other, &store, &third], &["node-2", "node-3"]);
    assert_eq!(own(&store), None);
}

#[test]
fn a_name_is_taken_over_by_the_process_that_begins_last() {
    let server = shared();
    let config = config(&server, "node-1");
    let third = open(&member(&config, "node-3", LONG));
    let loser = open(&member(&config, "node-1", LONG));
    let before = holds(&loser);
    let winner = open(&member(&config, "node-1", LONG));
    let after = holds(&winner);
    assert!(after > before);
    eventually("the loser notices", || own(&loser).is_none());
    see(&[&third, &loser, &winner], &["node-1", "node-3"]);
    refused(judge(&loser, "node-1", before), "node-1");
    judge(&winner, "node-1", after).expect("it has the name");
    // The loser gives its lease back, and the winner's record stays.
    let stays = |store: &Etcd| {
        let fourth = open(&member(&config, "node-4", LONG));
        see(&[store, &fourth], &["node-1", "node-3", "node-4"]);
        assert_eq!(seen(store).nodes[0].revision, after);
        drop(fourth);
        see(&[store], &["node-1", "node-3"]);
    };
    stays(&loser);
    drop(loser);
    stays(&winner);
    assert_eq!(own(&winner), Some(after));
    // Nobody takes the place of a winner that leaves.
    drop(winner);
    see(&[&third], &["node-3"]);
}

#[test]
fn a_loser_stays_away_when_the_name_is_free_again() {
    let server = shared();
    let config = config(&server, "node-1");
    let loser = open(&member(&config, "node-1", LONG));
    let winner = open(&member(&config, "node-1", LONG));
    eventually("the loser notices", || own(&loser).is_none());
    drop(winner);
    see(&[&loser], &[]);
    let other = open(&member(&config, "node-2", LONG));
    see(&[&loser, &other], &["node-2"]);
    assert_eq!(own(&loser), None);
}

#[test]
fn a_membership_is_expected_and_never_changed() {
    let server = shared();
    let store = open(&member(&config(&server, "node-1"), "node-1", LONG));
    let delete = batch([], [Change::Delete(key("node-1"))]);
    let error = wait(store.commit(delete)).expect_err("refused");
    assert!(
        matches!(&error, CommitError::Failed(cause)
            if matches!(&**cause, StoreError::Etcd(EtcdError::NotARecord { .. }))),
        "{error:?}"
    );
    assert_eq!(names(&store), ["node-1"]);
}

#[test]
fn a_store_that_is_not_shared_has_no_members() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path(), paste_store::embedded::Config::default());
    let store = store.expect("opens");
    assert!(store.membership().is_none());
    store.leave();
    let expect = |expect| {
        let key: Key = key("node-1");
        wait(store.commit(batch([(key, expect)], [put("a", 1)])))
    };
    assert_eq!(refused(expect(Expect::At(Revision(1))), "node-1"), None);
    assert_eq!(refused(expect(Expect::Present), "node-1"), None);
    expect(Expect::Absent).expect("nobody is there");
}
