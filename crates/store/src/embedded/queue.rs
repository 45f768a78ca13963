//! What waits for the committer: commands of any thread, bounded in number and bytes, and a few orders of our own.
//!
//! A commit costs about the same for one command as for a hundred. So where the last group had company, the next one
//! gathers for a moment before it goes (what PostgreSQL calls `commit_delay` with `commit_siblings`): as long as more
//! comes, and never longer than a commit or two take. A writer on its own never waits.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use paste_model::Revision;

use super::checkpoint::Finished;
use super::command::Command;
use crate::{CommitError, Loaded, StoreError};

/// Most commands that wait.
const COMMANDS_MAX: usize = 16 * 1024;
/// Most bytes that wait.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most commands that are committed together.
const GROUP_COMMANDS_MAX: usize = 1_000;
/// Bytes after which a group takes no more commands.
const GROUP_BYTES_MAX: usize = 256 * 1024;

/// Commands in a group from which on the next one gathers.
const COMPANY_MIN: usize = 8;
/// A pause as long as this ends the gathering.
const GATHER_PAUSE: Duration = Duration::from_micros(200);
/// Longest gathering.
const GATHER_MAX: Duration = Duration::from_millis(2);

/// What the committer does besides committing.
pub(super) enum Order {
    /// Replace everything.
    Restore(Loaded, SyncSender<Result<Revision, StoreError>>),
    /// A checkpoint was written: make it the one that counts.
    Checkpointed(Result<Finished, StoreError>),
}

/// What there is to do.
pub(super) enum Work {
    /// The commands that were taken.
    Group,
    /// An order.
    Order(Order),
    /// Nothing that waits, but there is old log to drop.
    Idle,
    /// Nothing, ever again.
    Closed,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    bytes: usize,
    orders: VecDeque<Order>,
    closed: bool,
    /// Whether the last group was large enough to expect another such.
    company: bool,
}

impl State {
    fn is_full(&self) -> bool {
        self.commands.len() >= GROUP_COMMANDS_MAX || self.bytes >= GROUP_BYTES_MAX
    }
}

impl Queue {
    pub(super) fn push(&self, command: Command) -> Result<(), CommitError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(CommitError::Closed);
        }
        if state.commands.len() >= COMMANDS_MAX || state.bytes + command.bytes() > BYTES_MAX {
            return Err(CommitError::Busy);
        }
        state.bytes += command.bytes();
        state.commands.push_back(command);
        let first = state.commands.len() == 1;
        drop(state);
        // The committer sleeps only while the queue is empty.
        if first {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Puts an order before all commands; gives it back if the queue is closed.
    pub(super) fn order(&self, order: Order) -> Result<(), Order> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(order);
        }
        state.orders.push_back(order);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes the next group into `group`, which is empty, or an order; waits for one unless `idle`. A closed queue is
    /// emptied first.
    pub(super) fn take(&self, group: &mut Vec<Command>, idle: bool) -> Work {
        let mut state = self.state.lock();
        loop {
            if let Some(order) = state.orders.pop_front() {
                return Work::Order(order);
            }
            if state.company {
                self.gather(&mut state);
            }
            let mut bytes = 0;
            while group.len() < GROUP_COMMANDS_MAX
                && bytes < GROUP_BYTES_MAX
                && let Some(command) = state.commands.pop_front()
            {
                bytes += command.bytes();
                group.push(command);
            }
            state.bytes -= bytes;
            state.company = group.len() >= COMPANY_MIN;
            if !group.is_empty() {
                return Work::Group;
            }
            if state.closed {
                return Work::Closed;
            }
            if idle {
                return Work::Idle;
            }
            self.filled.wait(&mut state);
        }
    }

    /// Waits until nothing more comes for a moment.
    fn gather(&self, state: &mut MutexGuard<'_, State>) {
        let until = Instant::now() + GATHER_MAX;
        while !state.is_full() && !state.closed && Instant::now() < until {
            let before = state.commands.len();
            self.filled.wait_for(state, GATHER_PAUSE);
            if state.commands.len() == before {
                return;
            }
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().commands.len()
    }
}
