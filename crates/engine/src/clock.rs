//! Where time enters the house.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use paste_model::Timestamp;

/// The two clocks: a monotonic one for decisions, wall time for people.
pub trait Clock: Send + Sync + 'static {
    /// Now, never going back.
    fn now(&self) -> Instant;

    /// Now, as people write it; may jump.
    fn wall(&self) -> Timestamp;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place where wall time is read"
        )]
        let now = SystemTime::now();
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
