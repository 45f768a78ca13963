//! The shared vectors of `conformance/`, file by file: tests of this crate, and of whatever chooses through it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod balancers;
mod decide;
mod endpoints;
mod hashing;
mod numbers;
mod policy;
mod subsets;

use std::sync::Arc;

use compact_str::CompactString;
use paste_model::{
    Address, Health, HealthState, Instance, InstanceId, Label, Member, Metadata, Revision, Status,
    Timestamp, Weight,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::candidates::{Candidate, Candidates};
use crate::gauges::Gauges;
use crate::seat::Seat;
use crate::{Caller, Headers};

/// Checks every vector of every file that is made by the reference; panics at the first that fails, and says which.
pub fn check_all() {
    balancers::weighted_random();
    balancers::least_request();
    balancers::smooth_wrr();
    balancers::static_stride();
    decide::decide();
    endpoints::peak_ewma();
    endpoints::outlier_detection();
    hashing::rendezvous();
    hashing::ring_hash();
    hashing::maglev();
    hashing::bounded_load();
    numbers::xxh64();
    numbers::p2c_draw();
    numbers::waits();
    numbers::latency_buckets();
    numbers::retry_budget();
    numbers::locality();
    numbers::slow_start();
    numbers::throttle();
    numbers::success_rate();
    numbers::subsetting();
    subsets::subsets();
}

/// The vectors of a file; a key that isn't known is an error.
fn read<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let vectors: Vec<T> = serde_json::from_str(text).expect("vectors");
    assert!(vectors.len() >= 10, "a file has many vectors");
    vectors
}

macro_rules! vectors {
    ($file:literal) => {
        crate::vectors::read(include_str!(concat!("../../../../conformance/", $file)))
    };
}
use vectors;

/// Asserts that two numbers are equal but for rounding.
fn assert_close(found: f64, expected: f64, what: &str) {
    let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1e-300);
    assert!(close, "{what}: {found}, not {expected}");
}

/// A number as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Hex(u64);

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        assert_eq!(text.len(), 16, "{text}");
        u64::from_str_radix(&text, 16).map(Self)
    }
}

/// Random numbers from a list, and how many of them were drawn.
struct Drawing<'a> {
    numbers: &'a [Hex],
    drawn: usize,
}

impl<'a> Drawing<'a> {
    fn of(numbers: &'a [Hex]) -> Self {
        Self { numbers, drawn: 0 }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.numbers[self.drawn - 1].0
    }

    fn assert_all_drawn(&self, what: &str) {
        assert_eq!(self.drawn, self.numbers.len(), "{what}: numbers drawn");
    }
}

/// A member as on the wire.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMember {
    id: String,
    address: String,
    port: u16,
    weight: u16,
    #[serde(default = "up")]
    status: String,
    #[serde(default = "passing")]
    health: String,
    #[serde(default)]
    ephemeral: bool,
    #[serde(default)]
    revision: u64,
    version: Option<String>,
    zone: Option<String>,
    region: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    metadata: Pairs,
}

fn up() -> String {
    "up".to_owned()
}

fn passing() -> String {
    "passing".to_owned()
}

/// Pairs of an object, in its order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
struct Pairs(std::collections::BTreeMap<String, String>);

impl Pairs {
    fn list(&self) -> Vec<(CompactString, CompactString)> {
        let pairs = self.0.iter();
        pairs
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    }
}

impl Headers for Pairs {
    fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Where the caller runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCaller {
    zone: Option<String>,
    region: Option<String>,
}

impl WireCaller {
    fn caller(&self) -> Caller {
        Caller {
            zone: self.zone.as_deref().map(label),
            region: self.region.as_deref().map(label),
        }
    }
}

fn label(text: &str) -> Label {
    Label::new("label", text).expect("label")
}

fn labels(texts: &[String]) -> Vec<Label> {
    texts.iter().map(|text| label(text)).collect()
}

impl WireMember {
    fn member(&self) -> Arc<Member> {
        let address = Address::new(&self.address).expect("address");
        let mut instance = Instance::at(address, self.port.try_into().expect("port"));
        let version = self.version.as_deref().map(Instance::parse_version);
        instance.version = version.map(|version| Box::new(version.expect("version")));
        instance.zone = self.zone.as_deref().map(label);
        instance.region = self.region.as_deref().map(label);
        instance.tags = labels(&self.tags).into();
        instance.metadata = Metadata::new(self.metadata.list()).expect("metadata");
        instance.weight = Weight::new(self.weight).expect("weight");
        instance.status = Status::from_word(&self.status).expect("status");
        instance.ephemeral = self.ephemeral;
        let failing = Health {
            state: HealthState::Failing,
            reason: "".into(),
            observer: "".into(),
            since: Timestamp(0),
        };
        Arc::new(Member {
            id: InstanceId::new(&self.id).expect("id"),
            instance: Arc::new(instance),
            revision: Revision(self.revision),
            overridden: None,
            session_health: None,
            check_health: (self.health == "failing").then(|| Arc::new(failing)),
        })
    }

    fn at(id: &str, address: &str, port: u16, weight: u16) -> Self {
        Self {
            id: id.to_owned(),
            address: address.to_owned(),
            port,
            weight,
            status: up(),
            health: passing(),
            ephemeral: false,
            revision: 0,
            version: None,
            zone: None,
            region: None,
            tags: Vec::new(),
            metadata: Pairs::default(),
        }
    }

    fn candidate(&self) -> Candidate {
        let gauges = Arc::new(Gauges::default());
        Candidate {
            weight: f64::from(self.weight),
            began: None,
            capacity: None,
            seat: Arc::new(Seat::new(self.member(), Arc::clone(&gauges))),
            gauges,
        }
    }
}

/// A candidate of that id that is nowhere in particular.
fn somewhere(id: &str, weight: f64) -> Candidate {
    Candidate {
        weight,
        ..WireMember::at(id, "10.0.0.1", 80, 1).candidate()
    }
}

/// Candidates `i0`, `i1`, … of these weights.
fn weighing(weights: &[f64]) -> Candidates {
    let candidates = weights.iter().enumerate();
    let candidates = candidates.map(|(index, weight)| somewhere(&format!("i{index:03}"), *weight));
    Candidates::of(candidates.collect()).expect("candidates")
}

fn set_in_flight(gauges: &Gauges, count: u32) {
    (0..count).for_each(|_| gauges.begin());
}
