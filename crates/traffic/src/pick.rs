//! A choice that was made, and what became of it.

use std::sync::Arc;

use paste_model::{InstanceId, Member};

use crate::seat::Seat;

/// An instance that was chosen. It counts as having a call in flight until the pick is handed to
/// [`crate::Chooser::report`], or dropped, which counts as success without a latency.
#[derive(Debug)]
#[must_use = "a pick that is dropped counts as a call that succeeded"]
pub struct Pick {
    seat: Arc<Seat>,
    reported: bool,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Success,
    /// No connection, a time-out, or an answer that says that the instance is ailing (5xx).
    Failure,
    /// The instance sent it away because it has too much to do (429). That makes it less likely to be chosen, but is no
    /// sign that it is ailing.
    Overloaded,
}

impl Pick {
    pub(crate) fn new(seat: Arc<Seat>) -> Self {
        seat.gauges.begin();
        Self {
            seat,
            reported: false,
        }
    }

    /// The instance.
    pub fn member(&self) -> &Arc<Member> {
        &self.seat.member
    }

    /// Its id.
    pub fn id(&self) -> &InstanceId {
        &self.seat.member.id
    }

    #[cfg(test)]
    pub(crate) fn in_flight(&self) -> u32 {
        self.seat.gauges.in_flight()
    }

    /// The endpoint, whose gauges the caller tells what became of the call.
    pub(crate) fn reported(&mut self) -> &Arc<Seat> {
        self.reported = true;
        &self.seat
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.seat.gauges.end();
        if !self.reported {
            self.seat.gauges.succeeded();
        }
    }
}
