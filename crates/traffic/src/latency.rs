//! The buckets in which latencies are counted: two for each doubling, from 0.1 ms to 52 s, the same in every language, so
//! that the registry can add up what clients say.

use std::time::Duration;

use crate::nanos::nanos;

/// How many buckets there are.
pub const LATENCY_BUCKETS: usize = 40;

/// Upper bounds of all buckets but the last, which has none: `⌊100,000·2^(i/2)⌋` ns, that bound included.
const BOUNDS: [u64; LATENCY_BUCKETS - 1] = bounds();

#[expect(
    clippy::cast_possible_truncation,
    reason = "the largest bound is below 2^36"
)]
const fn bounds() -> [u64; LATENCY_BUCKETS - 1] {
    let mut bounds = [0; LATENCY_BUCKETS - 1];
    let mut bucket = 0;
    while bucket < bounds.len() {
        // In integers, so that no rounding of √2 has a say: ⌊√(10^10·2^i)⌋.
        bounds[bucket] = (10_000_000_000_u128 << bucket).isqrt() as u64;
        bucket += 1;
    }
    bounds
}

/// The bucket of `latency`, from 0 to 39.
pub fn latency_bucket(latency: Duration) -> usize {
    let latency = nanos(latency);
    BOUNDS.partition_point(|bound| *bound < latency)
}

/// The longest latency that `bucket` holds; `None` for the last one, which holds all that is slower.
pub fn latency_bound(bucket: usize) -> Option<Duration> {
    BOUNDS.get(bucket).copied().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_ends_with_its_bound() {
        assert_eq!(latency_bucket(Duration::ZERO), 0);
        for bucket in 0..LATENCY_BUCKETS - 1 {
            let bound = latency_bound(bucket).expect("all but the last have one");
            assert_eq!(latency_bucket(bound), bucket);
            assert_eq!(latency_bucket(bound + Duration::from_nanos(1)), bucket + 1);
        }
        assert_eq!(latency_bound(LATENCY_BUCKETS - 1), None);
        assert_eq!(latency_bucket(Duration::MAX), LATENCY_BUCKETS - 1);
    }

    #[test]
    fn bounds_double_every_two_buckets() {
        assert_eq!(&BOUNDS[..5], &[100_000, 141_421, 200_000, 282_842, 400_000]);
        assert_eq!(BOUNDS[38], 100_000 << 19);
    }
}
