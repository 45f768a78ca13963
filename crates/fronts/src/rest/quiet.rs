//! What a watch stream waits for besides its events: the next line that keeps it open, and the node's going down.
//!
//! A change wakes thousands of streams, and each asks here before it sleeps again. Both are waited for already then, by
//! the same task, so that a look at the clock is all it takes.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::Rest;

/// Time between two lines that keep a quiet stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What to do about it.
pub(super) enum Sign {
    /// Send a line.
    KeepAlive,
    /// Come to an end.
    Drain,
}

/// The two waits of one stream.
pub(super) struct Quiet {
    drained: Pin<Box<dyn Future<Output = ()> + Send>>,
    timer: Pin<Box<Sleep>>,
    /// Who is woken by both.
    waiting: Option<Waker>,
}

impl Quiet {
    pub(super) fn new(rest: &Rest) -> Self {
        Self {
            drained: Box::pin(rest.sent_away()),
            timer: Box::pin(tokio::time::sleep(KEEP_ALIVE)),
            waiting: None,
        }
    }

    /// Waits for the next sign; `draining` says whether the node goes down.
    pub(super) fn poll(&mut self, draining: bool, cx: &mut Context<'_>) -> Poll<Sign> {
        if draining {
            return Poll::Ready(Sign::Drain);
        }
        let waiting = self.waiting.as_ref();
        if waiting.is_some_and(|waker| waker.will_wake(cx.waker()))
            && Instant::now() < self.timer.deadline()
        {
            return Poll::Pending;
        }
        if self.drained.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Sign::Drain);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            self.waiting = None;
            self.timer.as_mut().reset(Instant::now() + KEEP_ALIVE);
            return Poll::Ready(Sign::KeepAlive);
        }
        self.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}
