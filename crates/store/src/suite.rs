//! The contract that every backend has to keep, as tests: one for each guarantee of [`crate`].
//!
//! A backend says how its stores are opened and killed ([`Place`]) and writes `contract_suite!(its_place)` into a test
//! module; each check becomes a test of its own. A check begins with an empty place.
//!
//! What backends may do differently is left open: revisions may have gaps, those who share a store move it on, batches
//! that were committed together may share a revision and come in any order in which none is before one that it waited for,
//! and deleting what isn't there may leave no trace on the change stream.

#![expect(
    clippy::expect_used,
    reason = "these are tests, compiled for the tests of other crates"
)]

pub mod checks;
pub mod model;

use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Batch, BlobId, Cause, CauseKind, Change, Committed, Entry, Expect, Key, Principal, Record,
    Revision, Session, SessionId, Timestamp,
};

use crate::{Changes, Commit, CommitError, Feed, Loaded, Store};

/// A place where a store can be, whether one is open or not.
pub trait Place {
    /// Opens the store that is there; a place that was never opened has an empty one.
    fn open(&self) -> Arc<dyn Store>;

    /// Ends the store as the death of its process would: nothing is flushed, nothing closed.
    fn kill(&self, store: Arc<dyn Store>);
}

/// Makes every check of the contract a test; `$place` is an expression for an empty [`Place`].
#[macro_export]
macro_rules! contract_suite {
    ($place:expr) => {
        $crate::contract_suite! { @each $place =>
            commits_are_durable, commits_survive_a_kill, a_batch_is_atomic, expectations_decide,
            a_failed_expectation_costs_the_others_nothing, the_stream_is_ordered_and_complete,
            a_stream_begins_anywhere, a_slow_reader_misses_nothing, bulky_values_stand_aside,
            an_empty_batch_has_its_place, dropping_an_answer_takes_nothing_back,
            restoring_begins_another_history, the_future_cannot_be_streamed
        }

        #[test]
        fn any_history_is_that_of_the_model() {
            $crate::suite::model::check(|| Box::new($place));
        }
    };
    (@each $place:expr => $($check:ident),*) => {
        $(
            #[test]
            fn $check() {
                $crate::suite::checks::$check(&$place);
            }
        )*
    };
}

/// Longest wait for what must come; only a broken store reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `future`, which must end.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let patient = async { tokio::time::timeout(PATIENCE, future).await };
    runtime
        .expect("a runtime")
        .block_on(patient)
        .expect("the store answers")
}

/// A batch of `changes`, if `expect` holds.
pub fn batch(
    expect: impl IntoIterator<Item = (Key, Expect)>,
    changes: impl IntoIterator<Item = Change>,
) -> Batch {
    let cause = Cause {
        kind: CauseKind::Request,
        at: Timestamp(1),
        by: Principal::anonymous(),
        reason: "the contract".into(),
        about: None,
    };
    Batch {
        expect: expect.into_iter().collect(),
        changes: changes.into_iter().collect(),
        cause,
    }
}

/// The key of a small record.
pub fn key(name: &str) -> Key {
    Key::Session(SessionId::new(name).expect("a valid name"))
}

/// A small record that holds `value`.
pub fn record(name: &str, value: u64) -> Record {
    let session = Session {
        ttl: Duration::from_millis(value),
        ..Session::default()
    };
    Record::Session(SessionId::new(name).expect("a valid name"), session)
}

/// Writes a small record.
pub fn put(name: &str, value: u64) -> Change {
    Change::Put(record(name, value))
}

/// Removes a small record.
pub fn delete(name: &str) -> Change {
    Change::Delete(key(name))
}

/// A bulky record.
pub fn blob(id: u8, size: usize) -> Change {
    Change::Put(Record::Blob(BlobId([id; 32]), vec![id; size].into()))
}

/// Commits without conditions.
pub fn commit(store: &dyn Store, changes: impl IntoIterator<Item = Change>) -> Revision {
    wait(store.commit(batch([], changes))).expect("nothing speaks against it")
}

/// The entries of a picture, in the order of their keys.
pub fn entries(loaded: Loaded) -> Vec<Entry> {
    let mut entries = loaded.entries;
    entries.sort_by_key(|entry| entry.record.key());
    entries
}

/// What the stream says up to `until`, as batches.
pub fn drain(changes: &mut Changes, until: Revision) -> Vec<Committed> {
    let mut found: Vec<Committed> = Vec::new();
    while found.last().is_none_or(|last| last.revision < until) {
        match wait(changes.recv()).expect("the stream goes on") {
            Feed::Batches(batches) => found.extend(batches.iter().cloned()),
            Feed::Reload(_) => return found,
        }
    }
    found
}

/// Commits all of `batches` at once and waits for every answer.
pub fn commit_all(
    store: &dyn Store,
    batches: impl IntoIterator<Item = Batch>,
) -> Vec<Result<Revision, CommitError>> {
    let answers: Vec<Commit> = batches
        .into_iter()
        .map(|batch| store.commit(batch))
        .collect();
    answers.into_iter().map(wait).collect()
}
