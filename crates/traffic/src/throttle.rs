//! Adaptive throttling: a client that is mostly refused refuses a share of its calls itself, before they are sent.
//!
//! Over two minutes a client counts its requests and how many of them were accepted; it refuses a request with the
//! probability `max(0, requests − 2·accepts) / (requests + 1)`. What it refuses itself counts as a request, too, so it lets
//! more through as soon as more is accepted.

use std::time::Duration;

use parking_lot::Mutex;

use crate::chance::unit;
use crate::nanos::{SECOND, nanos};

const SLOTS: usize = 120;

/// What became of a client's requests to one service in the last two minutes.
#[derive(Debug)]
pub struct Throttle(Mutex<[Slot; SLOTS]>);

#[derive(Debug, Default, Clone, Copy)]
struct Slot {
    second: u64,
    requests: u64,
    accepts: u64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self(Mutex::new([Slot::default(); SLOTS]))
    }
}

impl Throttle {
    /// Whether the client refuses a request itself. Draws once, and only where some were refused. Whatever comes of it, the
    /// request is to be recorded.
    pub fn refuses<R: FnMut() -> u64>(&self, now: Duration, random: &mut R) -> bool {
        let probability = self.probability(now);
        probability > 0.0 && unit(random()) < probability
    }

    /// Notes what became of a request: whether the service took it, rather than sending it away or not being there. What the
    /// client refused itself was not accepted.
    pub fn record(&self, accepted: bool, now: Duration) {
        let second = nanos(now) / SECOND;
        let mut slots = self.0.lock();
        let slot = &mut slots[(second % SLOTS as u64) as usize % SLOTS];
        if slot.second < second {
            *slot = Slot {
                second,
                ..Slot::default()
            };
        }
        slot.requests += 1;
        slot.accepts += u64::from(accepted);
    }

    /// The probability with which a request is refused now.
    pub fn probability(&self, now: Duration) -> f64 {
        let second = nanos(now) / SECOND;
        let (mut requests, mut accepts) = (0, 0);
        for slot in self.0.lock().iter() {
            if slot.second.saturating_add(SLOTS as u64) > second {
                requests += slot.requests;
                accepts += slot.accepts;
            }
        }
        requests.saturating_sub(2 * accepts) as f64 / (requests as f64 + 1.0)
    }
}
