//! What a listener counts, to be read at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Failures to accept come in storms, twenty a second for each worker.
const LOGGED_ONE_IN: u64 = 200;

/// Why a connection was cut off by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutOff {
    /// Its head did not arrive in time.
    Head,
    /// It took nothing of an answer for too long.
    Write,
    /// Its TLS handshake failed or took too long.
    Handshake,
}

/// Counters of a listener. Relaxed throughout: each is a number of its own.
#[derive(Debug, Default)]
pub struct Counters {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    accept_errors: AtomicU64,
    head_timeouts: AtomicU64,
    write_timeouts: AtomicU64,
    handshake_failures: AtomicU64,
}

impl Counters {
    /// Connections open now.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections refused because too many were open.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Failures to accept, such as a lack of file descriptors.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Ordering::Relaxed)
    }

    /// Connections cut off because a request's head did not arrive in time.
    pub fn head_timeouts(&self) -> u64 {
        self.head_timeouts.load(Ordering::Relaxed)
    }

    /// Connections cut off because the peer took nothing of an answer.
    pub fn write_timeouts(&self) -> u64 {
        self.write_timeouts.load(Ordering::Relaxed)
    }

    /// TLS handshakes that failed or took too long.
    pub fn handshake_failures(&self) -> u64 {
        self.handshake_failures.load(Ordering::Relaxed)
    }

    /// Counts a failure to accept; true for one in [`LOGGED_ONE_IN`], to be logged.
    pub(super) fn failed_to_accept(&self) -> bool {
        self.accept_errors
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(LOGGED_ONE_IN)
    }

    pub(super) fn cut_off(&self, why: CutOff) {
        let counter = match why {
            CutOff::Head => &self.head_timeouts,
            CutOff::Write => &self.write_timeouts,
            CutOff::Handshake => &self.handshake_failures,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection for as long as the answer is kept, or `None` when `max` are open.
    pub(super) fn admit(self: &Arc<Self>, max: usize) -> Option<Admitted> {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let admitted = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
                (open < max).then_some(open + 1)
            });
        if admitted.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Admitted(Arc::clone(self)))
    }
}

/// A counted connection; dropping it counts it out.
#[derive(Debug)]
pub(super) struct Admitted(Arc<Counters>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
