//! The members as this node knows them, put together from what its lease says of itself and what etcd says of all.
//!
//! Invariant: this node is shown to hold its record only while it is sure to, by its own clock, whatever its tasks wait for.
//! That clock stands still while the machine sleeps, and a process that was stopped is late: what counts in the end is the
//! record, not what is shown here.

use std::collections::BTreeMap;
use std::convert::Infallible;

use parking_lot::Mutex;
use paste_model::{NodeName, Revision};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::lease::Term;
use super::node::Row;
use crate::{Membership, Secret};

/// The nodes that were read, by name.
pub(super) type Rows = BTreeMap<NodeName, Row>;

/// The members as this node knows them.
pub(super) struct Roster {
    published: watch::Sender<Membership>,
    state: Mutex<State>,
    /// Told when this node's record may not be what it is believed to be.
    doubt: Notify,
    /// Told when this node holds its record, again perhaps.
    held: Notify,
    /// Told when this node is no member any more, and won't be again.
    ended: Notify,
}

/// What an operator does about two processes of one name.
const NAME_LOST: &str = "another process uses the name of this node: give each node its own `node.name`, and restart this one";

/// What was shown of this node's record, which it believes to hold.
enum Shown {
    /// What it believes.
    Held,
    /// Nothing: it was shown before the record was written.
    Earlier,
    /// It was written again, by this process.
    Rewritten,
    /// It isn't there.
    Gone,
    /// Another process wrote it later.
    Taken,
}

struct State {
    row: Row,
    /// The revision of this node's record, and until when it is sure to be there.
    own: Option<(Revision, Instant)>,
    rows: Rows,
    secret: Secret,
    /// Whether this node has left, or lost its name: it doesn't hold it any more, whatever is heard.
    over: bool,
}

impl Roster {
    /// Of a node with this record, which it holds for a `term`.
    pub(super) fn new(row: Row, rows: Rows, term: Term) -> Self {
        let mut state = State {
            row,
            own: Some((term.revision, term.surely)),
            rows,
            secret: term.secret,
            over: false,
        };
        state.add_own();
        Self {
            published: watch::Sender::new(state.membership()),
            state: Mutex::new(state),
            doubt: Notify::new(),
            held: Notify::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Membership> {
        self.published.subscribe()
    }

    /// Takes note that this node holds its record for a `term`.
    pub(super) fn hold(&self, term: Term) {
        let mut state = self.state.lock();
        if state.over || !term.runs() {
            return;
        }
        if state.own.is_none() {
            tracing::info!(at = %term.revision, "this node is a member again");
        }
        state.own = Some((term.revision, term.surely));
        state.secret = term.secret;
        state.add_own();
        self.publish(&state);
        self.held.notify_one();
    }

    /// Takes note of what etcd held `at` this revision.
    pub(super) fn show(&self, rows: Rows, at: Revision) {
        let mut state = self.state.lock();
        state.rows = rows;
        if let Some((own, _)) = state.own {
            match state.shown(own, at) {
                Shown::Held => {}
                Shown::Earlier => state.add_own(),
                Shown::Rewritten => self.doubt.notify_one(),
                Shown::Gone => {
                    state.lose("its record is gone from etcd");
                    self.doubt.notify_one();
                }
                Shown::Taken => self.end(&mut state, Some(NAME_LOST)),
            }
        }
        self.publish(&state);
    }

    /// Has the node look whether its record is still there.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until the node should look.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Ends each term when it is over, whatever else waits.
    pub(super) async fn lapse(&self) -> Infallible {
        loop {
            let own = self.state.lock().own;
            let Some((_, surely)) = own else {
                self.held.notified().await;
                continue;
            };
            sleep_until(surely).await;
            let mut state = self.state.lock();
            // It may have been renewed meanwhile.
            if state.own.is_some_and(|(_, until)| until <= surely) {
                state.lose("its lease was not renewed in time");
                self.publish(&state);
            }
        }
    }

    /// Has the node leave.
    pub(super) fn leave(&self) {
        self.end(&mut self.state.lock(), None);
    }

    /// Takes note that another process has this node's name.
    pub(super) fn lose_name(&self) {
        self.end(&mut self.state.lock(), Some(NAME_LOST));
    }

    /// Waits until the node is no member any more, and won't be again.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn end(&self, state: &mut State, error: Option<&'static str>) {
        if state.over {
            return;
        }
        if let Some(error) = error {
            tracing::error!(node = %state.row.node.name, "{error}");
        }
        (state.own, state.over) = (None, true);
        self.publish(state);
        self.ended.notify_one();
    }

    /// Tells what is known; in the order in which it was known, as the state is locked.
    fn publish(&self, state: &State) {
        let membership = state.membership();
        self.published.send_if_modified(|published| {
            let news = *published != membership;
            *published = membership;
            news
        });
    }
}

impl State {
    /// What was shown `at` this revision says of this node's record, which it wrote at `own`.
    fn shown(&self, own: Revision, at: Revision) -> Shown {
        if at < own {
            return Shown::Earlier;
        }
        match self.rows.get(&self.row.node.name) {
            Some(row) if row.life == self.row.life => match row.node.revision == own {
                true => Shown::Held,
                false => Shown::Rewritten,
            },
            Some(row) if row.node.revision > own => Shown::Taken,
            _ => Shown::Gone,
        }
    }

    /// What this node knows of itself may be newer than what it was shown.
    fn add_own(&mut self) {
        if let Some((revision, _)) = self.own {
            self.row.node.revision = revision;
            let name = self.row.node.name.clone();
            self.rows.insert(name, self.row.clone());
        }
    }

    fn lose(&mut self, why: &'static str) {
        if self.own.take().is_some() {
            tracing::warn!(why, "this node can't know that it is a member");
        }
    }

    fn membership(&self) -> Membership {
        Membership {
            own: self.own.map(|(revision, _)| revision),
            nodes: self.rows.values().map(|row| row.node.clone()).collect(),
            secret: self.secret.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
