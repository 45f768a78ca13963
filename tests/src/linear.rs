//! Whether a history of reads and conditional writes, made by several clients at once, could have happened one after the
//! other (Herlihy and Wing, 1990).
//!
//! Each key is a register of its own, and a history is linearizable when those of its keys are. For one key the search is
//! that of Wing and Gong with Lowe's memory of what was tried ([`search`]): it looks for an order in which each operation
//! takes effect at one moment between its call and its return. An operation that got no answer may have taken effect at
//! any moment after its call, or never.
//!
//! Values are written once only, so that a read says which write it saw, and nothing is taken for something older.

use std::collections::BTreeMap;
use std::fmt;

mod search;
#[cfg(test)]
mod tests;

pub use search::Verdict;

/// A register, by its number.
pub type Key = usize;
/// What is written; `None` is a register that holds nothing.
pub type Value = Option<u64>;

/// What a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// To see what is there.
    Read,
    /// To have this there, whatever was.
    Write(Value),
    /// To have the second there if the first was.
    Swap(Value, Value),
}

/// What it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// A read saw this.
    Saw(Value),
    /// It was done.
    Done,
    /// It wasn't, as something else was there.
    Refused,
    /// Nothing, so that nobody knows. Of a read that means nothing.
    Unknown,
}

/// An operation of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Who.
    pub client: usize,
    /// On which register.
    pub key: Key,
    /// What for.
    pub action: Action,
    /// And what came of it.
    pub answer: Answer,
    /// When it was called, in any unit that all clients share.
    pub called: u64,
    /// When it returned.
    pub returned: u64,
}

impl Operation {
    /// Whether it has to have happened, and before it returned.
    fn is_certain(&self) -> bool {
        self.answer != Answer::Unknown
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client,
            key,
            action,
            answer,
            called,
            returned,
        } = self;
        write!(
            f,
            "client {client}, key {key}, {called}..{returned}: {action:?} -> {answer:?}"
        )
    }
}

/// A history that can't have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// The register.
    pub key: Key,
    /// The longest order that was found, in the order in which its operations take effect.
    pub order: Vec<Operation>,
    /// Those that were called then and of which none can come next.
    pub stuck: Vec<Operation>,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the history of key {} can't have happened; possible up to",
            self.key
        )?;
        let skipped = self.order.len().saturating_sub(SHOWN);
        for operation in self.order.iter().skip(skipped) {
            writeln!(f, "  {operation}")?;
        }
        writeln!(f, "but none of these can come next:")?;
        self.stuck
            .iter()
            .try_for_each(|operation| writeln!(f, "  {operation}"))
    }
}

/// Operations of an order that are shown.
const SHOWN: usize = 12;

/// Looks at every register. An error is the first history that can't have happened; the number is how many registers
/// were too hard to tell.
pub fn check(history: &[Operation]) -> Result<usize, Box<Impossible>> {
    let mut keys: BTreeMap<Key, Vec<Operation>> = BTreeMap::new();
    for operation in history {
        keys.entry(operation.key).or_default().push(*operation);
    }
    let mut undecided = 0;
    for operations in keys.into_values() {
        match search::search(&operations) {
            Verdict::Possible => {}
            Verdict::Impossible(found) => return Err(found),
            Verdict::Undecided => undecided += 1,
        }
    }
    Ok(undecided)
}
