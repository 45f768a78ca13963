//! How long to wait before trying again, with full jitter: whoever failed together must not come again together.

use std::time::Duration;

use paste_model::Retries;

use crate::chance::mulhi;
use crate::nanos::{duration, nanos};

const RECONNECT_BASE: Duration = Duration::from_millis(500);
const RECONNECT_MAX: Duration = Duration::from_secs(30);

/// The wait before retry `n`, counted from 0: at most `backoff_base·2^n`, and at most `backoff_max`. Draws once.
pub fn backoff<R: FnMut() -> u64>(retries: &Retries, n: u32, random: &mut R) -> Duration {
    let most = doubled(retries.backoff_base, n, retries.backoff_max);
    duration(mulhi(random(), most.saturating_add(1)))
}

/// The wait before connecting to the registry again after failure `n`, counted from 0: less than `0.5 s·2^n` and 30 s.
/// Draws once.
pub fn reconnect_delay<R: FnMut() -> u64>(n: u32, random: &mut R) -> Duration {
    duration(mulhi(random(), doubled(RECONNECT_BASE, n, RECONNECT_MAX)))
}

/// `base·2^n`, at most `max`, in nanoseconds.
fn doubled(base: Duration, n: u32, max: Duration) -> u64 {
    let factor = 1_u64.checked_shl(n).unwrap_or(u64::MAX);
    nanos(base).saturating_mul(factor).min(nanos(max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit() {
        let retries = Retries::default();
        let longest = |n| backoff(&retries, n, &mut || u64::MAX);
        assert_eq!(longest(0), Duration::from_millis(25));
        assert_eq!(longest(3), Duration::from_millis(200));
        let nanosecond = Duration::from_nanos(1);
        for n in [6, 10, 63, 64, u32::MAX] {
            assert_eq!(longest(n), Duration::from_millis(250), "{n}");
            let wait = reconnect_delay(n, &mut || u64::MAX);
            assert_eq!(wait, RECONNECT_MAX - nanosecond, "{n}");
        }
        assert_eq!(backoff(&retries, 0, &mut || 0), Duration::ZERO);
        assert_eq!(reconnect_delay(0, &mut || 1 << 63), RECONNECT_BASE / 2);
    }
}
