//! What waits to be committed: commands of any thread, bounded in number and bytes.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::command::Command;
use super::grouping::{Limits, Taken, pick};
use crate::CommitError;

/// Most commands that wait.
const COMMANDS_MAX: usize = 16 * 1024;
/// Most bytes that wait.
const BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Command>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn push(&self, command: Command) -> Result<(), CommitError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(CommitError::Closed);
        }
        if state.waiting.len() >= COMMANDS_MAX || state.bytes + command.bytes > BYTES_MAX {
            return Err(CommitError::Busy);
        }
        state.bytes += command.bytes;
        state.waiting.push_back(command);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next group, perhaps empty.
    pub(super) fn pick(&self, taken: &mut Taken, limits: Limits) -> Vec<Command> {
        let mut state = self.state.lock();
        let group = pick(&mut state.waiting, taken, limits);
        state.bytes -= group.iter().map(|command| command.bytes).sum::<usize>();
        group
    }

    /// Takes out those whose time is over: the first, as all have the same time from when they came.
    pub(super) fn overdue(&self, now: Instant) -> Vec<Command> {
        let mut state = self.state.lock();
        let count = state
            .waiting
            .partition_point(|command| command.until <= now);
        let overdue: Vec<_> = state.waiting.drain(..count).collect();
        state.bytes -= overdue.iter().map(|command| command.bytes).sum::<usize>();
        overdue
    }

    /// Waits until something was pushed, or the queue closed, since the last look.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Whether nothing waits and nothing will.
    pub(super) fn is_done(&self) -> bool {
        let state = self.state.lock();
        state.closed && state.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }
}
