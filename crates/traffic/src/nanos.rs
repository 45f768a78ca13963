//! Time as whole nanoseconds, which is what the definitions count in.

use std::time::Duration;

pub(crate) const SECOND: u64 = 1_000_000_000;

/// A duration in nanoseconds; beyond 584 years it stays there.
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(SECOND)
        .saturating_add(u64::from(duration.subsec_nanos()))
}

/// Nanoseconds as a duration.
pub(crate) fn duration(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}
