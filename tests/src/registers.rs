//! Clients that read and write a few registers through all nodes at once, and note what they were told: a history for
//! [`crate::linear`].
//!
//! A register is an instance that never expires, and its value stands in the instance's metadata. Every so often the clients
//! turn to new registers, so that an operation that got no answer is open in the history of one register for a while and not
//! in all that follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::task::JoinHandle;

use crate::dice::Dice;
use crate::linear::Operation;
use crate::runtime;

mod client;

/// How clients play.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Clients.
    pub clients: usize,
    /// Registers that they play with at a time.
    pub registers: usize,
    /// Whether a read catches up with the store first. One that doesn't may see what is old, which a history shows.
    pub consistent: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            clients: 6,
            registers: 4,
            consistent: true,
        }
    }
}

/// What all clients share.
struct Table {
    doors: Vec<String>,
    rules: Rules,
    begun: Instant,
    /// The last value that was written; each is written once.
    value: AtomicU64,
    done: AtomicUsize,
    stop: AtomicBool,
}

/// Clients at play.
pub struct Registers {
    table: Arc<Table>,
    clients: Vec<JoinHandle<Vec<Operation>>>,
}

impl Registers {
    /// Begins to play at the nodes behind `doors`.
    pub fn begin(doors: &[String], rules: Rules, dice: &Dice) -> Self {
        let table = Arc::new(Table {
            doors: doors.to_vec(),
            rules,
            begun: Instant::now(),
            value: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let clients = (0..rules.clients).map(|number| {
            let client = client::Player::new(Arc::clone(&table), number, dice.of(number as u64));
            runtime().spawn(client.play())
        });
        Self {
            clients: clients.collect(),
            table,
        }
    }

    /// Operations that got an answer so far.
    pub fn done(&self) -> usize {
        self.table.done.load(Ordering::Relaxed)
    }

    /// Ends the play; gives all that was asked and told.
    pub fn end(self) -> Vec<Operation> {
        self.table.stop.store(true, Ordering::Relaxed);
        let ends = self.clients.into_iter();
        let histories = ends.map(|end| runtime().block_on(end).expect("nobody panics at play"));
        histories.flatten().collect()
    }
}
