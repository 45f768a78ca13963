//! How an endpoint stands in its service at the moment: what the prepared lists are made of.

use std::sync::Arc;

use crate::candidates::Candidate;
use crate::gauges::Gauges;
use crate::seat::Seat;

#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) seat: Arc<Seat>,
    /// Whether its status is `up`.
    pub(crate) up: bool,
    pub(crate) eligible: bool,
    pub(crate) ejected: bool,
    /// When its slow start began, if it is in it.
    pub(crate) began: Option<u64>,
    /// What it reports that it can bear, in calls a second.
    pub(crate) capacity: Option<f64>,
}

impl Standing {
    pub(crate) fn gauges(&self) -> &Gauges {
        &self.seat.gauges
    }

    /// Whether it counts as healthy in its place.
    pub(crate) fn healthy(&self) -> bool {
        self.eligible && !self.ejected
    }

    pub(crate) fn candidate(&self) -> Candidate {
        Candidate {
            gauges: Arc::clone(&self.seat.gauges),
            weight: f64::from(self.seat.member.instance.weight.get()),
            began: self.began,
            capacity: self.capacity,
            seat: Arc::clone(&self.seat),
        }
    }
}
