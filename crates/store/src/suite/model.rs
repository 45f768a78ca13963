//! Any history, compared step by step with a map that is trivially right.

use std::collections::{BTreeMap, HashSet};

use paste_model::{BlobId, Change, Expect, Key, Record, Revision};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Place, batch, blob, drain, entries, key, put, wait};
use crate::{CommitError, Store};

/// Histories that are tried.
const CASES: u32 = 32;
/// Keys that take part: few, so that they meet.
const KEYS: u8 = 6;

/// What a batch expects of keys and does to them. Keys are numbers; the highest is a bulky one.
type Plan = (Vec<(u8, u8)>, Vec<(u8, Option<u64>)>);

/// One thing that happens to a store.
#[derive(Debug, Clone)]
enum Step {
    /// Batches that are handed over at once.
    Commit(Vec<Plan>),
    Reopen,
    Kill,
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    let expect = vec((0..KEYS, 0..4_u8), 0..3);
    let changes = vec((0..KEYS, proptest::option::of(0..100_u64)), 0..4);
    prop_oneof![
        8 => vec((expect, changes), 1..6).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
        1 => Just(Step::Kill),
        1 => Just(Step::Restore),
    ]
}

/// Compares histories on stores of places that `make` makes.
pub fn check(make: impl Fn() -> Box<dyn Place>) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(step(), 1..12), |steps| {
            let place = make();
            let mut store = place.open();
            let mut model = Model {
                // A shared store has come some way already.
                began: store.status().revision,
                ..Model::default()
            };
            for step in steps {
                match step {
                    Step::Commit(batches) => model.commit(&*store, batches),
                    Step::Reopen => {
                        drop(store);
                        store = place.open();
                    }
                    Step::Kill => {
                        place.kill(store);
                        store = place.open();
                    }
                    Step::Restore => model.restore(&*store),
                }
                model.compare(&*store);
            }
            Ok(())
        })
        .expect("the store behaves as the model");
}

#[derive(Default)]
struct Model {
    records: BTreeMap<Key, (Revision, Record)>,
    revision: Revision,
    /// The revision at which the present history begins.
    began: Revision,
    /// The keys that it begins with.
    at_first: HashSet<Key>,
    history: Vec<(Revision, Vec<Change>)>,
}

impl Model {
    fn commit(&mut self, store: &dyn Store, batches: Vec<Plan>) {
        let mut answers = Vec::new();
        // At which revision a record is that this burst writes is not known before it is answered.
        let mut touched = HashSet::new();
        for (expect, changes) in batches {
            let expect: Vec<_> = expect
                .into_iter()
                .map(|(at, kind)| (name(at), self.expect(at, kind, touched.contains(&at))))
                .collect();
            // A key at most once: the last change holds.
            let changes: BTreeMap<_, _> = changes.into_iter().collect();
            touched.extend(changes.keys().copied());
            let changes: Vec<_> = changes.into_iter().map(|(at, to)| change(at, to)).collect();
            let commit = store.commit(batch(expect.clone(), changes.clone()));
            answers.push((commit, expect, changes));
        }
        let before = self.revision;
        for (answer, expect, changes) in answers {
            match (wait(answer), self.contradiction(&expect)) {
                (Ok(revision), None) => {
                    assert!(revision > before);
                    self.apply(&changes, revision);
                }
                (Err(CommitError::Conflict { key, found }), Some(predicted)) => {
                    assert_eq!((key, found), predicted);
                }
                (answer, predicted) => {
                    assert!(
                        answer.is_ok() == predicted.is_none(),
                        "{answer:?} for {predicted:?}"
                    );
                }
            }
        }
    }

    fn expect(&self, at: u8, kind: u8, touched: bool) -> Expect {
        let now = self.records.get(&name(at)).map(|(revision, _)| *revision);
        match kind {
            0 => Expect::Absent,
            1 => Expect::Present,
            2 if touched => Expect::At(Revision(1)),
            2 => Expect::At(now.unwrap_or(Revision(1))),
            _ => now.map_or(Expect::Absent, |_| Expect::Present),
        }
    }

    /// The first expectation that doesn't hold, and where its key is.
    fn contradiction(&self, expect: &[(Key, Expect)]) -> Option<(Key, Option<Revision>)> {
        expect.iter().find_map(|(key, expect)| {
            let found = self.records.get(key).map(|(revision, _)| *revision);
            let holds = match expect {
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::At(revision) => found == Some(*revision),
            };
            (!holds).then(|| (key.clone(), found))
        })
    }

    fn apply(&mut self, changes: &[Change], revision: Revision) {
        self.revision = self.revision.max(revision);
        let mut streamed = Vec::new();
        for change in changes {
            let key = change.key();
            let before = match change {
                Change::Put(record) => self.records.insert(key.clone(), (revision, record.clone())),
                Change::Delete(key) => self.records.remove(key),
            };
            let news = before.is_some() || matches!(change, Change::Put(_));
            if news && !bulky(&key) {
                streamed.push(change.clone());
            }
        }
        self.history.push((revision, streamed));
    }

    /// Takes the store back to what it shows: records and revisions stay, the history doesn't.
    fn restore(&mut self, store: &dyn Store) {
        let picture = store.load().expect("loads");
        let restored = store.restore(picture).expect("restores");
        assert!(restored > self.revision);
        (self.revision, self.began) = (restored, restored);
        self.history.clear();
        self.at_first = self.records.keys().cloned().collect();
        for entry in entries(store.load().expect("loads")) {
            assert!(entry.revision <= restored);
            if let Some((revision, _)) = self.records.get_mut(&entry.record.key()) {
                *revision = entry.revision;
            }
        }
    }

    fn compare(&self, store: &dyn Store) {
        let loaded = store.load().expect("loads");
        assert!(loaded.revision >= self.revision);
        let expected: Vec<_> = self.records.iter().filter(|(key, _)| !bulky(key)).collect();
        let found = entries(loaded);
        assert_eq!(found.len(), expected.len());
        for (entry, (_, (revision, record))) in found.iter().zip(expected) {
            assert_eq!((entry.revision, &entry.record), (*revision, record));
        }
        let blob = BlobId([KEYS - 1; 32]);
        let there = store
            .get(&blob)
            .expect("reads")
            .map(|bytes| Record::Blob(blob, bytes));
        assert_eq!(
            there.as_ref(),
            self.records.get(&Key::Blob(blob)).map(|(_, record)| record)
        );
        if !self.history.is_empty() {
            let mut changes = store.changes(self.began).expect("streams");
            let mut there = self.at_first.clone();
            let mut seen = Vec::new();
            for batch in drain(&mut changes, self.revision) {
                let mut changes = batch.changes;
                // Deleting what isn't there may be told or not.
                changes.retain(|change| match change {
                    Change::Put(record) => {
                        there.insert(record.key());
                        true
                    }
                    Change::Delete(key) => there.remove(key),
                });
                seen.push((batch.revision, changes));
            }
            let mut expected = self.history.clone();
            expected.sort_by_key(|(revision, _)| *revision);
            assert_eq!(seen, expected);
        }
    }
}

fn name(at: u8) -> Key {
    if at == KEYS - 1 {
        Key::Blob(BlobId([at; 32]))
    } else {
        key(&format!("k{at}"))
    }
}

fn change(at: u8, to: Option<u64>) -> Change {
    match to {
        None => Change::Delete(name(at)),
        Some(value) if at == KEYS - 1 => blob(at, usize::try_from(value).unwrap_or(0)),
        Some(value) => put(&format!("k{at}"), value),
    }
}

fn bulky(key: &Key) -> bool {
    matches!(key, Key::Blob(_))
}
