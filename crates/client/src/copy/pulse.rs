//! The life signs of a stream, from which the age of what it told follows.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// While a stream is open, silence up to this long is normal: the registry says something every 15 s.
const QUIET_MAX: Duration = Duration::from_secs(20);

/// Whether a stream is open, and when it last told something.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    open: AtomicBool,
    last: AtomicU64,
}

impl Pulse {
    /// Bytes came.
    pub(crate) fn beat(&self, now: Duration) {
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.last.store(nanos, Ordering::Relaxed);
    }

    /// The stream was opened or ended.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// How old what it told is.
    pub(crate) fn age(&self, now: Duration) -> Duration {
        let last = Duration::from_nanos(self.last.load(Ordering::Relaxed));
        let silence = now.saturating_sub(last);
        let open = self.open.load(Ordering::Relaxed);
        if open && silence <= QUIET_MAX {
            Duration::ZERO
        } else {
            silence
        }
    }
}
