//! The checker against histories that are known to be good or bad, against chance, and against a plain search.

use super::search::{Verdict, search};
use super::*;
use crate::dice::Dice;

fn operation(
    client: usize,
    called: u64,
    returned: u64,
    action: Action,
    answer: Answer,
) -> Operation {
    Operation {
        client,
        key: 0,
        action,
        answer,
        called,
        returned,
    }
}

fn read(called: u64, returned: u64, seen: Value) -> Operation {
    operation(9, called, returned, Action::Read, Answer::Saw(seen))
}

fn write(called: u64, returned: u64, value: u64) -> Operation {
    operation(
        1,
        called,
        returned,
        Action::Write(Some(value)),
        Answer::Done,
    )
}

fn swap(called: u64, returned: u64, from: Value, to: u64, answer: Answer) -> Operation {
    operation(2, called, returned, Action::Swap(from, Some(to)), answer)
}

#[test]
fn good_histories_are_accepted() {
    use Answer::{Done, Refused, Unknown};
    let cases: [(&str, Vec<Operation>); 10] = [
        ("nothing", vec![]),
        ("an empty register", vec![read(0, 1, None)]),
        (
            "one after the other",
            vec![write(0, 1, 1), read(2, 3, Some(1))],
        ),
        (
            "a read beside a write sees either",
            vec![write(0, 9, 1), read(1, 2, None), read(3, 4, Some(1))],
        ),
        (
            "writes beside each other take effect in any order",
            vec![write(0, 9, 1), write(0, 9, 2), read(10, 11, Some(1))],
        ),
        (
            "a swap that is refused because of a write beside it",
            vec![
                write(0, 1, 1),
                write(2, 9, 2),
                swap(3, 4, Some(1), 3, Refused),
                read(10, 11, Some(2)),
            ],
        ),
        (
            "without an answer it may take effect late",
            vec![
                write(0, 1, 1),
                swap(2, 3, Some(1), 2, Unknown),
                read(4, 5, Some(1)),
                read(6, 7, Some(2)),
            ],
        ),
        (
            "or never",
            vec![
                write(0, 1, 1),
                swap(2, 3, Some(1), 2, Unknown),
                read(4, 5, Some(1)),
            ],
        ),
        (
            "of two swaps one is done",
            vec![
                write(0, 1, 1),
                swap(2, 9, Some(1), 2, Done),
                swap(2, 9, Some(1), 3, Refused),
                read(10, 11, Some(2)),
            ],
        ),
        (
            "what is deleted is gone",
            vec![
                write(0, 1, 1),
                operation(1, 2, 3, Action::Swap(Some(1), None), Done),
                read(4, 5, None),
            ],
        ),
    ];
    for (name, history) in cases {
        assert_eq!(check(&history), Ok(0), "{name}");
    }
}

#[test]
fn bad_histories_are_rejected() {
    use Answer::{Done, Refused, Unknown};
    let cases: [(&str, Vec<Operation>); 9] = [
        (
            "a value from nowhere",
            vec![write(0, 1, 1), read(2, 3, Some(7))],
        ),
        (
            "a read of what was overwritten before it began",
            vec![write(0, 1, 1), write(2, 3, 2), read(4, 5, Some(1))],
        ),
        (
            "a write that was acknowledged and is missing",
            vec![write(0, 1, 1), read(2, 3, None)],
        ),
        (
            "a read of what is written later",
            vec![read(0, 1, Some(1)), write(2, 3, 1)],
        ),
        (
            "both of two swaps from the same value",
            vec![
                write(0, 1, 1),
                swap(2, 9, Some(1), 2, Done),
                swap(2, 9, Some(1), 3, Done),
            ],
        ),
        (
            "a swap refused although nobody was faster",
            vec![write(0, 1, 1), swap(2, 3, Some(1), 2, Refused)],
        ),
        (
            "back and forth beside a write",
            vec![
                write(0, 1, 1),
                write(2, 99, 2),
                read(3, 4, Some(2)),
                read(5, 6, Some(1)),
            ],
        ),
        (
            "without an answer it takes effect once only",
            vec![
                write(0, 1, 1),
                swap(2, 3, Some(1), 2, Unknown),
                read(4, 5, Some(2)),
                read(6, 7, Some(1)),
            ],
        ),
        (
            "without an answer, yet before it was called",
            vec![read(0, 1, Some(2)), swap(2, 3, None, 2, Unknown)],
        ),
    ];
    for (name, history) in cases {
        let found = check(&history).expect_err(name);
        assert!(!found.stuck.is_empty(), "{name}: {found}");
    }
}

#[test]
fn each_register_is_looked_at_for_itself() {
    let mut history = vec![write(0, 1, 1), read(2, 3, Some(1))];
    history.push(Operation {
        key: 1,
        ..read(4, 5, None)
    });
    assert_eq!(check(&history), Ok(0));
    history.push(Operation {
        key: 2,
        ..read(6, 7, Some(1))
    });
    assert_eq!(check(&history).expect_err("impossible").key, 2);
}

/// A history as a register makes it that does one thing after the other: each operation takes effect somewhere between
/// its call and its return, some lose their answer.
fn honest(dice: &mut Dice, operations: usize, clients: usize) -> Vec<Operation> {
    let (mut state, mut written, mut free) = (None, 0, vec![0_u64; clients]);
    let mut history: Vec<Operation> = Vec::new();
    // Effects come in this order, at these times; calls and returns are laid around them.
    for step in 0..operations as u64 {
        let effect = (step + 1) * 10;
        let able = |client: &usize| free[*client] < effect;
        let Some(client) = (0..clients)
            .filter(able)
            .nth(dice.below(clients))
            .or((0..clients).find(able))
        else {
            continue;
        };
        written += 1;
        let expected = if dice.percent(70) {
            state
        } else {
            Some(written + 1_000_000)
        };
        let (action, mut answer) = match dice.below(4) {
            0 | 1 => (Action::Read, Answer::Saw(state)),
            2 => (Action::Write(Some(written)), Answer::Done),
            _ if expected == state => (Action::Swap(expected, Some(written)), Answer::Done),
            _ => (Action::Swap(expected, Some(written)), Answer::Refused),
        };
        if let (Action::Write(value) | Action::Swap(_, value), Answer::Done) = (action, answer) {
            state = value;
        }
        if dice.percent(8) && action != Action::Read {
            answer = Answer::Unknown;
        }
        let called = effect - dice.within(0..(effect - free[client]).min(60));
        let returned = effect + dice.within(0..60);
        free[client] = returned + 1;
        history.push(operation(client, called, returned, action, answer));
    }
    history
}

#[test]
fn what_a_register_did_is_accepted_whatever_the_timing() {
    let mut dice = Dice::new(1);
    for round in 0..300 {
        let history = honest(&mut dice, 200, 2 + round % 7);
        assert_eq!(check(&history), Ok(0), "round {round}");
    }
}

/// Tries every order.
fn plainly_possible(rest: &[Operation], state: Value) -> bool {
    if rest.iter().all(|operation| !operation.is_certain()) {
        return true;
    }
    (0..rest.len()).any(|index| {
        let first = rest[index];
        let mut later = rest.to_vec();
        later.remove(index);
        let overtaken = later
            .iter()
            .any(|other| other.is_certain() && other.returned < first.called);
        let next = match (first.action, first.answer) {
            _ if overtaken => None,
            (Action::Read, Answer::Saw(seen)) => (seen == state).then_some(state),
            (Action::Write(value), _) => Some(value),
            (Action::Swap(from, to), Answer::Done) => (from == state).then_some(to),
            (Action::Swap(from, _), Answer::Refused) => (from != state).then_some(state),
            (Action::Swap(from, to), _) => Some(if from == state { to } else { state }),
            (Action::Read, _) => Some(state),
        };
        next.is_some_and(|next| plainly_possible(&later, next))
    })
}

#[test]
fn it_agrees_with_a_plain_search_on_histories_with_a_lie() {
    let mut dice = Dice::new(2);
    let mut seen = [0, 0];
    for round in 0..2_000 {
        let mut history = honest(&mut dice, 7, 3);
        if let Some(liar) = (!history.is_empty()).then(|| dice.below(history.len())) {
            let other = history[dice.below(history.len())];
            let lie = match history[liar].answer {
                Answer::Saw(_) => Answer::Saw(match other.action {
                    Action::Write(value) | Action::Swap(_, value) => value,
                    Action::Read => None,
                }),
                Answer::Done if matches!(history[liar].action, Action::Swap(..)) => Answer::Refused,
                Answer::Refused => Answer::Done,
                answer => answer,
            };
            history[liar].answer = lie;
        }
        let expected = plainly_possible(&history, None);
        let found = search(&history);
        assert_eq!(
            found == Verdict::Possible,
            expected,
            "round {round}: {history:#?}"
        );
        assert!(found != Verdict::Undecided);
        seen[usize::from(expected)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 200), "{seen:?}");
}
