//! The policy of a service: how its consumers choose among its instances, and what they do when a call fails.
//!
//! What each number means, and how a choice is made of them, is defined in `conformance/README.md`; the defaults here are
//! those of that page.

mod history;
mod validate;

pub use history::{PolicyHistory, PolicyRelease};
pub use validate::InvalidPolicy;

use std::time::Duration;

use compact_str::CompactString;

use crate::{Label, Metadata, ProtectThreshold};

/// How the consumers of a service choose and call its instances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// For people; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub description: CompactString,
    /// How one of several is chosen.
    pub balancer: Balancer,
    /// Parts of the service that traffic is divided among.
    pub subsets: Vec<Subset>,
    /// Which requests go to which subset whatever the weights say; the first that applies decides.
    pub rules: Vec<Rule>,
    /// Near before far.
    pub locality: Locality,
    /// Who is left alone for a while because calls to it failed.
    pub outlier_detection: OutlierDetection,
    /// What is tried again.
    pub retries: Retries,
    /// How long a call may take.
    pub timeouts: Timeouts,
    /// How traffic of a newcomer grows.
    pub slow_start: SlowStart,
    /// In place of the service's own.
    pub protect_threshold: Option<ProtectThreshold>,
}

/// A number in thousandths: 1.25 is 1250.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thousandths(pub u32);

impl Thousandths {
    /// One.
    pub const ONE: Self = Self(1000);

    /// The number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// The algorithm that chooses one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BalancerKind {
    /// By chance, in proportion to the weights.
    WeightedRandom,
    /// In turn, in proportion to the weights, evenly spread.
    SmoothWrr,
    /// Of two drawn by chance the one with fewer calls in flight for its weight.
    LeastRequest,
    /// Of two drawn by chance the one with the lower latency times calls in flight, peaks remembered.
    #[default]
    PeakEwma,
    /// The same key to the same instance, by a ring of hashes.
    RingHash,
    /// The same key to the same instance, by the highest random weight.
    Rendezvous,
    /// The same key to the same instance, by Maglev's table.
    Maglev,
    /// In turn, in proportion to what the instances report of their load.
    StaticStride,
}

impl BalancerKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::WeightedRandom,
        Self::SmoothWrr,
        Self::LeastRequest,
        Self::PeakEwma,
        Self::RingHash,
        Self::Rendezvous,
        Self::Maglev,
        Self::StaticStride,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WeightedRandom => "weighted_random",
            Self::SmoothWrr => "smooth_wrr",
            Self::LeastRequest => "least_request",
            Self::PeakEwma => "peak_ewma",
            Self::RingHash => "ring_hash",
            Self::Rendezvous => "rendezvous",
            Self::Maglev => "maglev",
            Self::StaticStride => "static_stride",
        }
    }

    /// The algorithm of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An algorithm and its parameters; those of other algorithms are kept and have no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// The algorithm.
    pub kind: BalancerKind,
    /// peak_ewma: time in which what was observed loses weight by a factor of e.
    pub decay: Duration,
    /// Hashing: the header whose value is the key.
    pub hash_header: Option<CompactString>,
    /// ring_hash: least number of entries, 1 to 4096.
    pub ring_size: u16,
    /// Hashing: how much more than its share an instance may have in flight; 1 or more.
    pub bounded_load: Option<Thousandths>,
}

impl Default for Balancer {
    fn default() -> Self {
        Self {
            kind: BalancerKind::default(),
            decay: Duration::from_secs(10),
            hash_header: None,
            ring_size: 1024,
            bounded_load: None,
        }
    }
}

/// A part of a service. All that is said must hold; one that says nothing has all instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Its name, once in a policy.
    pub name: CompactString,
    /// A version range, as text.
    pub version: Option<CompactString>,
    /// All of these tags.
    pub tags: Vec<Label>,
    /// All of these pairs.
    pub metadata: Metadata,
    /// Its share of the traffic that no rule sends elsewhere; 0 for none.
    pub weight: u16,
}

/// Requests that go to a subset. All that is said must apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Headers with exactly these values.
    pub headers: Vec<(CompactString, CompactString)>,
    /// A share of the users.
    pub users: Option<Users>,
    /// The caller is in one of these zones.
    pub zones: Vec<Label>,
    /// The caller is in one of these regions.
    pub regions: Vec<Label>,
    /// The subset.
    pub subset: CompactString,
}

/// A stable share of those that a header names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    /// The header.
    pub header: CompactString,
    /// Hundredths of a percent, 1 to 10,000.
    pub share: u16,
}

/// Near before far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locality {
    /// Regions to go to when the caller's own can't, in this order; the others come after them.
    pub failover_regions: Vec<Label>,
    /// How many percent of what it has a place is taken to be able to carry.
    pub overprovision: u16,
    /// Percentage of healthy instances below which a place is served whole; 0 switches that off.
    pub panic_threshold: u8,
}

impl Default for Locality {
    fn default() -> Self {
        Self {
            failover_regions: Vec::new(),
            overprovision: 140,
            panic_threshold: 50,
        }
    }
}

/// Who is left alone for a while because calls to it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlierDetection {
    /// So many failures in a row; 0 switches that off.
    pub consecutive_failures: u16,
    /// So many percent of the calls of an interval; 0 switches that off.
    pub failure_percentage: u8,
    /// Calls that an instance must have had for that.
    pub failure_percentage_requests: u32,
    /// Instances that must have had as many for that.
    pub failure_percentage_hosts: u16,
    /// How often calls are counted up.
    pub interval: Duration,
    /// For how long, times how often before.
    pub base_ejection: Duration,
    /// For how long at most.
    pub max_ejection: Duration,
    /// Percentage of the instances that may be left alone at once; 0 switches all of it off.
    pub max_ejected: u8,
}

impl Default for OutlierDetection {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            failure_percentage: 60,
            failure_percentage_requests: 20,
            failure_percentage_hosts: 2,
            interval: Duration::from_secs(10),
            base_ejection: Duration::from_secs(30),
            max_ejection: Duration::from_secs(300),
            max_ejected: 30,
        }
    }
}

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// Most tries after the first; 0 switches retries off.
    pub max: u8,
    /// Statuses of HTTP that are tried again.
    pub statuses: Vec<u16>,
    /// Retries for a hundred calls.
    pub budget: u8,
    /// Retries a second that are always allowed.
    pub min_per_second: u16,
    /// Longest wait before the first retry; it doubles with each.
    pub backoff_base: Duration,
    /// Longest wait before any.
    pub backoff_max: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            max: 2,
            statuses: vec![502, 503, 504],
            budget: 20,
            min_per_second: 10,
            backoff_base: Duration::from_millis(25),
            backoff_max: Duration::from_millis(250),
        }
    }
}

/// How long a call may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection is open.
    pub connect: Duration,
    /// One try; only what is left of the whole unless given.
    pub per_try: Option<Duration>,
    /// The whole, retries included.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            per_try: None,
            request: Duration::from_secs(15),
        }
    }
}

/// How traffic of a newcomer grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowStart {
    /// Until it has its full share; at once unless given.
    pub window: Option<Duration>,
    /// How fast it grows: 1 evenly, above it faster at the beginning.
    pub aggression: Thousandths,
    /// Least percentage of its weight.
    pub min_weight: u8,
}

impl Default for SlowStart {
    fn default() -> Self {
        Self {
            window: None,
            aggression: Thousandths::ONE,
            min_weight: 10,
        }
    }
}
