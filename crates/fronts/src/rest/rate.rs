//! How many requests one address may send: a token bucket for each, without a lock.
//!
//! The bucket is the generic cell rate algorithm (ITU-T I.371): one number, the time at which the bucket will be full
//! again. IPv6 addresses count by /64, which is what one host is given.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use paste_api::Code;

use super::failure::Failure;

/// Most addresses that have a bucket of their own; beyond, newcomers share one.
const ADDRESSES_MAX: usize = 65_536;

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests that may come at once.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            per_second: 5_000,
            burst: 10_000,
        }
    }
}

/// The buckets of all addresses.
pub(super) struct Limiter {
    began: Instant,
    /// Nanoseconds between two requests at the full rate.
    spacing: u64,
    /// Nanoseconds of requests that may come at once.
    depth: u64,
    buckets: papaya::HashMap<IpAddr, AtomicU64>,
    shared: AtomicU64,
    sweeping: AtomicBool,
}

impl Limiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        let spacing = 1_000_000_000 / u64::from(limit.per_second.max(1));
        Self {
            began: Instant::now(),
            spacing,
            depth: spacing * u64::from(limit.burst.max(1)),
            buckets: papaya::HashMap::new(),
            shared: AtomicU64::new(0),
            sweeping: AtomicBool::new(false),
        }
    }

    /// Takes a token for `address`, or says when there will be one.
    pub(super) fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.admit_at(address, now).map_err(|wait| {
            let detail = "this address has sent more requests than its share; slow down";
            Failure::later(Code::RateLimited, detail, wait)
        })
    }

    fn admit_at(&self, address: IpAddr, now: u64) -> Result<(), Duration> {
        let buckets = self.buckets.pin();
        let host = host(address);
        if let Some(bucket) = buckets.get(&host) {
            return self.take(bucket, now);
        }
        if buckets.len() >= ADDRESSES_MAX {
            self.sweep(now);
        }
        if buckets.len() >= ADDRESSES_MAX {
            return self.take(&self.shared, now);
        }
        self.take(buckets.get_or_insert_with(host, || AtomicU64::new(0)), now)
    }

    fn take(&self, bucket: &AtomicU64, now: u64) -> Result<(), Duration> {
        let taken = bucket.fetch_update(Relaxed, Relaxed, |full_at| {
            let next = full_at.max(now) + self.spacing;
            (next - now <= self.depth).then_some(next)
        });
        taken.map(drop).map_err(|full_at| {
            Duration::from_nanos((full_at + self.spacing).saturating_sub(now + self.depth))
        })
    }

    /// Forgets the buckets that are full; one thread at a time.
    fn sweep(&self, now: u64) {
        if !self.sweeping.swap(true, Relaxed) {
            self.buckets
                .pin()
                .retain(|_, full_at| full_at.load(Relaxed) > now);
            self.sweeping.store(false, Relaxed);
        }
    }
}

fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_burst_then_the_rate() {
        let limiter = Limiter::new(RateLimit {
            per_second: 10,
            burst: 3,
        });
        let address = IpAddr::from([192, 0, 2, 1]);
        let admitted = |now| limiter.admit_at(address, now).is_ok();
        assert_eq!(
            [admitted(0), admitted(0), admitted(0), admitted(0)],
            [true, true, true, false]
        );
        assert_eq!(
            limiter.admit_at(address, 0),
            Err(Duration::from_millis(100))
        );
        assert!(admitted(SECOND / 10) && !admitted(SECOND / 10));
        assert!(
            limiter.admit_at(IpAddr::from([192, 0, 2, 2]), 0).is_ok(),
            "others notice nothing"
        );
    }

    #[test]
    fn the_table_is_bounded() {
        let limiter = Limiter::new(RateLimit {
            per_second: 1,
            burst: 2,
        });
        let address = |n: usize| IpAddr::from(u32::try_from(n).expect("small").to_be_bytes());
        for n in 0..ADDRESSES_MAX {
            assert!(limiter.admit_at(address(n), 0).is_ok());
        }
        let newcomers: Vec<_> = (0..4)
            .map(|n| limiter.admit_at(address(ADDRESSES_MAX + n), 0).is_ok())
            .collect();
        assert_eq!(newcomers, [true, true, false, false], "they share a bucket");
        assert_eq!(limiter.buckets.pin().len(), ADDRESSES_MAX);
        assert!(
            limiter
                .admit_at(address(ADDRESSES_MAX), 10 * SECOND)
                .is_ok()
        );
        assert_eq!(limiter.buckets.pin().len(), 1, "full buckets are forgotten");
    }

    #[test]
    fn one_host_has_one_bucket() {
        let parse = |text: &str| host(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8::1"), parse("2001:db8::2"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
    }
}
