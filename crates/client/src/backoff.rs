//! When to try again: full jitter, so that many clients which lost the same registry don't come back together.

use std::time::Duration;

use crate::clock::Random;

/// The count of failures begins anew after so long without one.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// What a server asks to wait longer is not heeded.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The failures of one thing that is tried again and again.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    good_since: Option<Duration>,
}

impl Backoff {
    /// It works now.
    pub(crate) fn worked(&mut self, now: Duration) {
        self.good_since.get_or_insert(now);
    }

    /// It failed: how long to wait. `retry_after` is the least, where the other side named it.
    pub(crate) fn failed(
        &mut self,
        now: Duration,
        retry_after: Option<Duration>,
        random: &dyn Random,
    ) -> Duration {
        let good_since = self.good_since.take();
        if good_since.is_some_and(|since| now.saturating_sub(since) >= GOOD_AFTER) {
            self.failures = 0;
        }
        let jitter = paste_traffic::reconnect_delay(self.failures, &mut || random.draw());
        self.failures = self.failures.saturating_add(1);
        let least = retry_after.filter(|wait| *wait <= RETRY_AFTER_MAX);
        jitter.max(least.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Highest;

    impl Random for Highest {
        fn draw(&self) -> u64 {
            u64::MAX
        }
    }

    fn seconds(delay: Duration) -> u64 {
        // The highest draw is a nanosecond short of the limit.
        u64::try_from((delay + Duration::from_nanos(1)).as_millis()).unwrap_or(u64::MAX)
    }

    #[test]
    fn waits_double_until_it_was_good_for_a_while() {
        let mut backoff = Backoff::default();
        let mut fail = |at| seconds(backoff.failed(Duration::from_secs(at), None, &Highest));
        assert_eq!([fail(0), fail(1), fail(2)], [500, 1_000, 2_000]);
        backoff.worked(Duration::from_secs(3));
        let short = backoff.failed(Duration::from_secs(12), None, &Highest);
        assert_eq!(seconds(short), 4_000, "nine seconds are not enough");
        backoff.worked(Duration::from_secs(20));
        backoff.worked(Duration::from_secs(29));
        let long = backoff.failed(Duration::from_secs(30), None, &Highest);
        assert_eq!(seconds(long), 500);
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        n: u32,
        random: Vec<String>,
        wait: u64,
    }

    /// The number of a vector.
    struct Drawn(u64);

    impl Random for Drawn {
        fn draw(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn reconnecting_waits_as_long_as_in_every_sdk() {
        let text = include_str!("../../../conformance/backoff.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).expect("vectors");
        let reconnects = vectors
            .iter()
            .filter(|vector| vector.name.starts_with("reconnect"));
        assert!(reconnects.clone().count() >= 10);
        for vector in reconnects {
            let drawn = u64::from_str_radix(&vector.random[0], 16).expect("hexadecimal");
            let mut backoff = Backoff {
                failures: vector.n,
                good_since: None,
            };
            let wait = backoff.failed(Duration::ZERO, None, &Drawn(drawn));
            assert_eq!(wait, Duration::from_nanos(vector.wait), "{}", vector.name);
        }
    }

    #[test]
    fn what_the_server_asks_is_the_least_within_reason() {
        let minute = Duration::from_secs(60);
        let ask = |wait| Backoff::default().failed(Duration::ZERO, Some(wait), &Highest);
        assert_eq!(ask(minute), minute);
        assert_eq!(seconds(ask(minute + Duration::from_secs(1))), 500);
    }
}
