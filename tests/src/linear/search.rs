//! The search for an order, in the history of one register.
//!
//! Calls and returns stand in a list, in the order of time. The search walks it from the beginning: a call whose effect
//! is possible now is taken out together with its return, and the walk begins anew; at a return the last choice was
//! wrong, and is taken back. What was chosen and the state it led to is remembered, so that no way is tried twice.

use std::collections::HashSet;

use super::{Action, Answer, Impossible, Operation, Value};

/// Steps after which a search is given up. A history as these tests make it takes a few thousand.
const STEPS_MAX: usize = 20_000_000;

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order.
    Possible,
    /// There is none.
    Impossible(Box<Impossible>),
    /// It took too long to find out.
    Undecided,
}

/// The state after `operation` took effect in `state`; `None`: it can't have got its answer there.
fn after(operation: &Operation, state: Value) -> Option<Value> {
    match (operation.action, operation.answer) {
        (Action::Read, Answer::Saw(seen)) => (seen == state).then_some(state),
        (Action::Read, _) => Some(state),
        (Action::Write(value), Answer::Done | Answer::Unknown) => Some(value),
        (Action::Swap(expected, value), Answer::Done) => (expected == state).then_some(value),
        (Action::Swap(expected, _), Answer::Refused) => (expected != state).then_some(state),
        (Action::Swap(expected, value), Answer::Unknown) => {
            Some(if expected == state { value } else { state })
        }
        (Action::Write(_) | Action::Swap(..), _) => None,
    }
}

/// A place in the list.
#[derive(Debug, Clone, Copy)]
struct Entry {
    operation: usize,
    is_call: bool,
    before: usize,
    next: usize,
}

/// The list; its first entry is its head, which is no event.
struct Events {
    entries: Vec<Entry>,
    /// Where each operation's return stands; none, if it never returned.
    returns: Vec<Option<usize>>,
}

const HEAD: usize = 0;

impl Events {
    fn of(operations: &[Operation]) -> Self {
        let mut events: Vec<(u64, bool, usize)> = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            events.push((operation.called, false, index));
            if operation.is_certain() {
                events.push((operation.returned, true, index));
            }
        }
        // Of what happened at the same time, calls come first: then the most is possible.
        events.sort_unstable();
        let count = events.len() + 1;
        let mut returns = vec![None; operations.len()];
        let mut entries = vec![Entry {
            operation: usize::MAX,
            is_call: false,
            before: count - 1,
            next: 1 % count,
        }];
        for (place, (_, is_return, operation)) in events.into_iter().enumerate() {
            let place = place + 1;
            if is_return {
                returns[operation] = Some(place);
            }
            entries.push(Entry {
                operation,
                is_call: !is_return,
                before: place - 1,
                next: (place + 1) % count,
            });
        }
        Self { entries, returns }
    }

    fn first(&self) -> usize {
        self.entries[HEAD].next
    }

    fn take_out(&mut self, place: usize) {
        let Entry { before, next, .. } = self.entries[place];
        self.entries[before].next = next;
        self.entries[next].before = before;
    }

    /// The reverse of the last [`Self::take_out`] that wasn't reversed yet.
    fn put_back(&mut self, place: usize) {
        let Entry { before, next, .. } = self.entries[place];
        self.entries[before].next = place;
        self.entries[next].before = place;
    }

    fn lift(&mut self, call: usize) {
        self.take_out(call);
        if let Some(place) = self.returns[self.entries[call].operation] {
            self.take_out(place);
        }
    }

    fn unlift(&mut self, call: usize) {
        if let Some(place) = self.returns[self.entries[call].operation] {
            self.put_back(place);
        }
        self.put_back(call);
    }
}

/// A set of operations.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Chosen(Vec<u64>);

impl Chosen {
    fn none_of(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn flip(&mut self, operation: usize) {
        self.0[operation / 64] ^= 1 << (operation % 64);
    }
}

/// Looks for an order of `operations`, all of one register that holds nothing at first.
pub(super) fn search(operations: &[Operation]) -> Verdict {
    let mut events = Events::of(operations);
    let mut certain = operations
        .iter()
        .filter(|operation| operation.is_certain())
        .count();
    let mut chosen = Chosen::none_of(operations.len());
    let mut tried: HashSet<(Chosen, Value)> = HashSet::new();
    let mut order: Vec<(usize, Value)> = Vec::new();
    let mut state: Value = None;
    let mut furthest = Furthest::default();
    let mut place = events.first();
    for _ in 0..STEPS_MAX {
        if certain == 0 {
            return Verdict::Possible;
        }
        let entry = events.entries[place];
        if entry.is_call {
            let operation = &operations[entry.operation];
            chosen.flip(entry.operation);
            let next = after(operation, state);
            if let Some(next) = next
                && tried.insert((chosen.clone(), next))
            {
                order.push((place, state));
                state = next;
                certain -= usize::from(operation.is_certain());
                events.lift(place);
                place = events.first();
                continue;
            }
            chosen.flip(entry.operation);
            place = entry.next;
            continue;
        }
        // A return, whose call nothing of what was chosen allows; or the end of the list, which the last returns precede.
        furthest.note(&events, &order);
        let Some((call, before)) = order.pop() else {
            return Verdict::Impossible(furthest.told(operations));
        };
        let operation = events.entries[call].operation;
        chosen.flip(operation);
        certain += usize::from(operations[operation].is_certain());
        state = before;
        events.unlift(call);
        place = events.entries[call].next;
    }
    Verdict::Undecided
}

/// The longest order that was found.
#[derive(Default)]
struct Furthest {
    order: Vec<usize>,
    stuck: Vec<usize>,
}

impl Furthest {
    fn note(&mut self, events: &Events, order: &[(usize, Value)]) {
        if order.len() < self.order.len()
            || (order.len() == self.order.len() && !self.stuck.is_empty())
        {
            return;
        }
        let operation = |place: &usize| events.entries[*place].operation;
        self.order = order.iter().map(|(call, _)| operation(call)).collect();
        self.stuck.clear();
        let mut place = events.first();
        while events.entries[place].is_call {
            self.stuck.push(events.entries[place].operation);
            place = events.entries[place].next;
        }
    }

    fn told(&self, operations: &[Operation]) -> Box<Impossible> {
        let all = |places: &[usize]| places.iter().map(|place| operations[*place]).collect();
        Box::new(Impossible {
            key: operations.first().map_or(0, |operation| operation.key),
            order: all(&self.order),
            stuck: all(&self.stuck),
        })
    }
}
