//! Transactions, held against the rules by which etcd refuses them.

use std::collections::HashSet;
use std::hash::RandomState;

use paste_model::Epoch;
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;

use super::*;
use crate::Reload;
use crate::etcd::Config;
use crate::etcd::grouping::{Taken, pick};
use crate::etcd::history::History;
use crate::etcd::writer;
use crate::suite::{batch, blob, delete, key, put as put_record};

/// How etcd counts: the longest list of a transaction, then what is within, which has so many fewer.
fn allowed(request: &TxnRequest, operations: usize) -> bool {
    let lists = [&request.success, &request.failure];
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let count = longest.max(request.compare.len());
    count <= operations
        && lists.iter().copied().flatten().all(|op| match &op.request {
            Some(Operation::Txn(nested)) => allowed(nested, operations - count),
            Some(_) => true,
            None => false,
        })
}

/// The keys that are put or deleted, which must differ.
fn written<'a>(request: &'a TxnRequest, keys: &mut Vec<&'a Bytes>) {
    for op in &request.success {
        match &op.request {
            Some(Operation::Put(put)) => keys.push(&put.key),
            Some(Operation::DeleteRange(delete)) => keys.push(&delete.key),
            Some(Operation::Txn(nested)) => written(nested, keys),
            Some(Operation::Range(_)) | None => {}
        }
    }
}

fn config(txn_ops: usize) -> Config {
    Config {
        txn_ops,
        ..Config::new(Vec::new(), "node-1".parse().expect("a valid name"))
    }
}

fn known() -> Known {
    let history = History {
        epoch: Epoch(1),
        tree: 7,
        cluster: 1,
        reason: Reload::Restored,
    };
    Known {
        encoded: history.encode(),
        history,
        since: Revision(1),
        seen: Revision(1),
    }
}

fn command(
    expect: usize,
    changes: &HashSet<u16>,
    config: &Config,
    hasher: &RandomState,
) -> Option<Command> {
    let name = |number: &u16| format!("k{number}");
    let expected = (0..expect).map(|number| (key(&format!("e{number}")), Expect::Present));
    let changes = changes.iter().map(|number| match number % 7 {
        0 => delete(&name(number)),
        1 if *number < 256 => blob(number.to_be_bytes()[1], 3),
        _ => put_record(&name(number), 1),
    });
    let prepared = Command::prepare(batch(expected, changes), hasher, config);
    prepared.ok().map(|(command, _)| command)
}

fn transaction(group: &[Command], config: &Config) -> TxnRequest {
    let layout = Layout::new(&config.prefix, config.node.clone()).expect("a valid prefix");
    let (known, last, next) = (known(), Bytes::from_static(b"1"), Bytes::from_static(b"2"));
    let frame = Frame {
        layout: &layout,
        known: &known,
        lane: 0,
        last: &last,
        next: &next,
    };
    build(&frame, group)
}

#[test]
fn the_largest_batches_that_are_taken_are_allowed_and_the_next_are_refused() {
    let config = config(128);
    let changes = |count: u16| (0..count).map(|number| number * 7).collect::<HashSet<_>>();
    for (expect, count, taken) in [
        (126, 125, true),
        (127, 1, false),
        (64, 3_906, true),
        (0, 3_907, false),
        (65, 3_906, false),
        (64, 126, true),
        (124, 201, true),
        (124, 250, false),
    ] {
        let command = command(expect, &changes(count), &config, &RandomState::new());
        assert_eq!(command.is_some(), taken, "{expect} and {count}");
        if let Some(command) = command {
            assert!(
                allowed(&transaction(&[command], &config), 128),
                "{expect} and {count}"
            );
        }
    }
}

proptest! {
    /// Whatever is taken and grouped, etcd allows: neither too many operations nor a key twice.
    #[test]
    fn etcd_allows_every_group(
        plans in vec((0..40_usize, hash_set(0..2_000_u16, 0..150)), 1..30),
        txn_ops in 8..200_usize,
    ) {
        let (config, hasher) = (config(txn_ops), RandomState::new());
        let mut waiting: std::collections::VecDeque<_> = plans
            .iter()
            .filter_map(|(expect, changes)| command(*expect, changes, &config, &hasher))
            .collect();
        while !waiting.is_empty() {
            let group = pick(&mut waiting, &mut Taken::default(), writer::limits(&config));
            let request = transaction(&group, &config);
            prop_assert!(allowed(&request, txn_ops));
            let mut keys = Vec::new();
            written(&request, &mut keys);
            let different: HashSet<_> = keys.iter().collect();
            prop_assert_eq!(different.len(), keys.len());
        }
    }
}

/// etcd's answer to a group of two, of which the second found `found`.
fn answer(succeeded: bool, found: &[Option<i64>]) -> TxnResponse {
    let header = Some(ResponseHeader {
        cluster_id: 1,
        revision: 9,
    });
    let ranges = found.iter().map(|at| {
        let kvs = at.map(|mod_revision| KeyValue {
            mod_revision,
            ..KeyValue::default()
        });
        ResponseOp {
            response: Some(Answer::Range(crate::etcd::wire::RangeResponse {
                kvs: kvs.into_iter().collect(),
                ..Default::default()
            })),
        }
    });
    let nested = |succeeded, responses| ResponseOp {
        response: Some(Answer::Txn(TxnResponse {
            header: None,
            succeeded,
            responses,
        })),
    };
    let done = ResponseOp {
        response: Some(Answer::Put(crate::etcd::wire::Done {})),
    };
    TxnResponse {
        header,
        succeeded,
        responses: match succeeded {
            true => vec![
                done,
                nested(true, Vec::new()),
                nested(false, ranges.collect()),
            ],
            false => ranges.collect(),
        },
    }
}

#[test]
fn a_conflict_names_the_first_expectation_that_fails() {
    let config = config(128);
    let hasher = RandomState::new();
    let expect = [
        (key("a"), Expect::Absent),
        (key("b"), Expect::At(Revision(3))),
        (key("c"), Expect::Present),
    ];
    let commands = || {
        let commands = [batch([], []), batch(expect.clone(), [])];
        let prepare = |batch| Command::prepare(batch, &hasher, &config).map(|(command, _)| command);
        commands.map(|batch| prepare(batch).expect("small"))
    };
    for (found, expected) in [
        ([Some(5), Some(3), Some(1)], ("a", Some(Revision(5)))),
        ([None, Some(4), None], ("b", Some(Revision(4)))),
        ([None, None, None], ("b", None)),
        ([None, Some(3), None], ("c", None)),
    ] {
        let outcome = read(answer(true, &found), &commands()).expect("it makes sense");
        let Outcome::Committed(header, conflicts) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(header.revision, 9);
        assert_eq!(conflicts, [None, Some((key(expected.0), expected.1))]);
    }
    let odd = read(answer(true, &[None, Some(3), Some(1)]), &commands());
    assert!(odd.is_err(), "nothing speaks against the second command");
    assert!(read(answer(true, &[]), &commands()).is_err());
    assert!(read(TxnResponse::default(), &commands()).is_err());
    let stale = read(answer(false, &[None, None]), &commands()).expect("it makes sense");
    assert!(matches!(stale, Outcome::Stale { fence: None, .. }));
}
