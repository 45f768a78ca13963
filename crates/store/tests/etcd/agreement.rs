//! Several nodes on one etcd: they agree on what happened, and registries don't see each other.

use std::sync::Arc;
use std::thread;

use paste_model::{Committed, Expect, Record, Revision};
use paste_store::etcd::Config;
use paste_store::suite::{batch, commit, drain, entries, key, put, wait};
use paste_store::{CommitError, Etcd, Store};

use crate::place::{config, open, shared};

const NODES: u64 = 3;

fn nodes() -> Vec<Arc<Etcd>> {
    let config = config(&shared(), "node-0");
    (0..NODES)
        .map(|number| {
            let node = format!("node-{number}").parse().expect("a valid name");
            Arc::new(open(&Config {
                node,
                ..config.clone()
            }))
        })
        .collect()
}

/// What a stream of each node says from `begin` until `end`; all the same.
fn agreed(nodes: &[Arc<Etcd>], begin: Revision, end: Revision) -> Vec<Committed> {
    let mut streams = nodes
        .iter()
        .map(|node| drain(&mut node.changes(begin).expect("streams"), end));
    let first = streams.next().expect("some node");
    for other in streams {
        assert_eq!(other, first);
    }
    first
}

#[test]
fn nodes_that_commit_at_once_agree_on_what_happened() {
    let server = shared();
    let nodes = nodes();
    let begin = nodes
        .iter()
        .map(|node| node.status().revision)
        .max()
        .expect("some");
    let mut live: Vec<_> = nodes
        .iter()
        .map(|node| node.changes(begin).expect("streams"))
        .collect();
    let committing: Vec<_> = nodes
        .iter()
        .zip(0..)
        .map(|(node, number)| {
            let node = Arc::clone(node);
            thread::spawn(move || {
                let answers: Vec<_> = (0..300_u64)
                    .map(|at| {
                        let own = put(&format!("n{number}-{}", at % 50), at);
                        let common = put(&format!("k{}", at % 40), number * 1_000 + at);
                        node.commit(batch([], [own, common]))
                    })
                    .collect();
                answers
                    .into_iter()
                    .map(|answer| wait(answer).expect("holds"))
                    .max()
            })
        })
        .collect();
    let last = committing
        .into_iter()
        .filter_map(|thread| thread.join().expect("it committed"))
        .max()
        .expect("some");
    let said = agreed(&nodes, begin, last);
    assert_eq!(said.len(), 900);
    assert!(said.is_sorted_by_key(|batch| batch.revision));
    for live in &mut live {
        assert_eq!(drain(live, last), said);
    }
    // Groups share a revision, or there would be no groups.
    assert!(
        said.windows(2)
            .any(|pair| pair[0].revision == pair[1].revision)
    );
    let mut replayed = std::collections::BTreeMap::new();
    for batch in &said {
        for change in &batch.changes {
            replayed.insert(change.key(), (batch.revision, change.clone()));
        }
    }
    let loaded = entries(nodes[0].load().expect("loads"));
    assert_eq!(loaded.len(), replayed.len());
    for entry in loaded {
        let (revision, change) = &replayed[&entry.record.key()];
        assert_eq!(
            (entry.revision, put_of(entry.record)),
            (*revision, change.clone())
        );
    }
    drop(server);
}

fn put_of(record: Record) -> paste_model::Change {
    paste_model::Change::Put(record)
}

/// Every node counts the same counter up, each step under the condition that nobody came in between.
#[test]
fn a_storm_of_conflicts_lets_one_of_each_through() {
    let server = shared();
    let nodes = nodes();
    let steps = 40_u64;
    let first = commit(&*nodes[0], [put("counter", 0)]);
    let counting: Vec<_> = nodes
        .iter()
        .map(|node| {
            let node = Arc::clone(node);
            thread::spawn(move || {
                let (mut at, mut conflicts) = (first, 0);
                for step in 0..steps {
                    // Two that contradict each other go out together: at most one may hold.
                    loop {
                        let attempts: Vec<_> = (0..2)
                            .map(|_| {
                                let expect = [(key("counter"), Expect::At(at))];
                                node.commit(batch(expect, [put("counter", step)]))
                            })
                            .collect();
                        let answers: Vec<_> = attempts.into_iter().map(wait).collect();
                        let held = answers.iter().filter(|answer| answer.is_ok()).count();
                        assert!(held <= 1, "{answers:?}");
                        for answer in &answers {
                            match answer {
                                Ok(revision) => at = at.max(*revision),
                                Err(CommitError::Conflict { found, .. }) => {
                                    conflicts += 1;
                                    at = at.max(found.expect("it is there"));
                                }
                                Err(error) => panic!("{error:?}"),
                            }
                        }
                        if held == 1 {
                            break;
                        }
                    }
                }
                (at, conflicts)
            })
        })
        .collect();
    let ends: Vec<_> = counting
        .into_iter()
        .map(|thread| thread.join().expect("it counted"))
        .collect();
    let last = ends.iter().map(|(at, _)| *at).max().expect("some");
    assert!(ends.iter().all(|(_, conflicts)| *conflicts >= steps));
    let said = agreed(&nodes, first, last);
    assert_eq!(said.len() as u64, NODES * steps, "each step happened once");
    assert!(said.is_sorted_by(|a, b| a.revision < b.revision));
    drop(server);
}

#[test]
fn registries_on_one_etcd_do_not_see_each_other() {
    let server = shared();
    let (one, other) = (config(&server, "node-1"), config(&server, "node-1"));
    let inside = Config {
        prefix: format!("{}/inside", one.prefix),
        ..one.clone()
    };
    let stores = [open(&one), open(&other), open(&inside)];
    let begins: Vec<_> = stores.iter().map(|store| store.status().revision).collect();
    let mut streams: Vec<_> = stores
        .iter()
        .zip(&begins)
        .map(|(store, begin)| store.changes(*begin).expect("streams"))
        .collect();
    for (number, store) in (0..).zip(&stores) {
        commit(
            store,
            [put("a", number), put(&format!("own-{number}"), number)],
        );
    }
    let restored = stores[1].restore(stores[0].load().expect("loads"));
    restored.expect("restores");
    for (number, (store, stream)) in (0..).zip(stores.iter().zip(&mut streams)) {
        if number != 1 {
            let last = commit(store, [put("last", number)]);
            let seen = drain(stream, last);
            assert_eq!(seen.len(), 2, "{seen:?}");
            assert_eq!(store.load().expect("loads").entries.len(), 3);
        }
    }
    let epochs: std::collections::HashSet<_> = stores.iter().map(Store::epoch).collect();
    assert_eq!(epochs.len(), 3);
}
