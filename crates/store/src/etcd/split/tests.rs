//! Answers of a watch, made by hand and at random.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::record::{encode_batch, encode_key, encode_value};
use crate::suite::{batch, key, put, record};

const TREE: u64 = 7;

fn layout() -> Layout {
    Layout::new("/test", "node-1".parse().expect("a valid name")).expect("a valid prefix")
}

fn event(key: Bytes, at: i64, value: Option<Bytes>) -> Event {
    let kind = match value {
        Some(_) => EventType::Put,
        None => EventType::Delete,
    };
    Event {
        r#type: kind.into(),
        kv: Some(KeyValue {
            key,
            mod_revision: at,
            value: value.unwrap_or_default(),
            lease: 0,
        }),
    }
}

fn changed(tree: u64, at: i64, name: &str, value: Option<u64>) -> Event {
    let key = layout().record(tree, &encode_key(&key(name)));
    event(
        key,
        at,
        value.map(|value| encode_value(&record(name, value))),
    )
}

fn cause(at: i64, slot: usize) -> Event {
    let cause = encode_batch(&[], &batch([], []).cause);
    event(layout().cause(0, slot), at, Some(cause))
}

fn committed(at: u64, changes: Vec<Change>) -> Committed {
    Committed {
        revision: Revision(at),
        changes,
        cause: batch([], []).cause,
    }
}

#[test]
fn each_cause_closes_a_batch_and_all_of_a_revision_carry_it() {
    let events = vec![
        changed(TREE, 5, "a", Some(1)),
        changed(TREE, 5, "b", None),
        cause(5, 0),
        cause(5, 1),
        changed(TREE, 5, "c", Some(2)),
        cause(5, 2),
        changed(TREE, 6, "a", Some(3)),
        cause(6, 0),
    ];
    let said = split(&layout(), TREE, events).expect("readable");
    let expected = vec![
        committed(5, vec![put("a", 1), Change::Delete(key("b"))]),
        committed(5, Vec::new()),
        committed(5, vec![put("c", 2)]),
        committed(6, vec![put("a", 3)]),
    ];
    assert_eq!(said, [Said::Batches(expected)]);
}

#[test]
fn what_others_write_has_a_cause_that_says_so() {
    let events = vec![
        changed(TREE, 5, "a", Some(1)),
        changed(TREE, 6, "b", Some(1)),
        cause(6, 0),
    ];
    let said = split(&layout(), TREE, events).expect("readable");
    let [Said::Batches(batches)] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(batches.len(), 2);
    assert!(batches[0].cause.reason.contains("something other"));
    assert_eq!(batches[1], committed(6, vec![put("b", 1)]));
}

#[test]
fn another_tree_is_passed_over_and_another_history_is_told_in_its_place() {
    let history = layout().history();
    let events = vec![
        changed(8, 4, "a", Some(1)),
        changed(TREE, 5, "a", Some(1)),
        cause(5, 0),
        event(history.clone(), 6, Some(Bytes::from_static(b"x"))),
        changed(TREE, 7, "a", None),
        cause(7, 0),
        event(history, 8, None),
    ];
    let said = split(&layout(), TREE, events).expect("readable");
    assert_eq!(
        said,
        [
            Said::Batches(vec![committed(5, vec![put("a", 1)])]),
            Said::History(Revision(6), Some(Bytes::from_static(b"x"))),
            Said::Batches(vec![committed(7, vec![Change::Delete(key("a"))])]),
            Said::History(Revision(8), None),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_named_and_never_passed_over() {
    for value in [&b""[..], b"\xff\x01", b"\x01\xff\xff"] {
        let text = layout().record(TREE, &encode_key(&key("a")));
        let events = vec![event(text, 5, Some(Bytes::from_static(value)))];
        let error = split(&layout(), TREE, events).expect_err("unreadable");
        assert!(matches!(error, EtcdError::Record { key, .. } if key.ends_with("/session/a")));
    }
}

proptest! {
    /// However answers are cut into fragments, the batches are the same, and none is told before it is whole.
    #[test]
    fn fragments_change_nothing(
        commands in vec((0..3_i64, vec((0..5_u8, proptest::option::of(0..9_u64)), 0..4)), 1..12),
        cuts in vec(any::<bool>(), 60),
    ) {
        let mut at = 1;
        let mut expected = Vec::new();
        let mut events = Vec::new();
        for (slot, (step, changes)) in commands.into_iter().enumerate() {
            at += step;
            let mut batch = committed(u64::try_from(at).unwrap_or(0), Vec::new());
            for (name, value) in changes {
                let name = format!("k{name}");
                events.push(changed(TREE, at, &name, value));
                batch.changes.push(match value {
                    Some(value) => put(&name, value),
                    None => Change::Delete(key(&name)),
                });
            }
            events.push(cause(at, slot));
            expected.push(batch);
        }
        let mut fragments = Fragments::default();
        let mut whole = None;
        let last = events.len() - 1;
        let mut part = Vec::new();
        for (place, event) in events.into_iter().enumerate() {
            part.push(event);
            if place == last || cuts[place % cuts.len()] {
                prop_assert!(whole.is_none());
                whole = fragments.join(WatchResponse {
                    fragment: place != last,
                    events: std::mem::take(&mut part),
                    ..WatchResponse::default()
                });
            }
        }
        let said = split(&layout(), TREE, whole.expect("the last fragment came")).expect("readable");
        prop_assert_eq!(said, [Said::Batches(expected)]);
    }
}
