//! The tail of latencies, simulated: ten instances, of which one is ten times slower and one fails fast, called by one
//! client, with balancers side by side. Outlier detection is off and on. Time and chance are the simulation's own, so that
//! every run prints the same.

#![expect(clippy::expect_used, reason = "a bench may fail loudly")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Address, Balancer, BalancerKind, Instance, InstanceId, Member, OutlierDetection, Policy,
    Revision,
};
use paste_traffic::{Caller, Chooser, Outcome, Pick, Question};

const INSTANCES: usize = 10;
/// Calls that an instance serves at once; more wait in line.
const WORKERS: usize = 8;
const CALLS: usize = 200_000;
/// Mean time that a call is served.
const SERVICE: f64 = 0.010;
/// Mean time between two calls: somewhat over half of what the eight that are well can bear.
const ARRIVAL: f64 = SERVICE / (8.0 * WORKERS as f64) / 0.55;
const SLOW: usize = 0;
const FAILING: usize = 1;
/// So long it takes to fail.
const FAILURE: f64 = 0.000_5;

/// A generator of random numbers (splitmix64).
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Exponentially distributed seconds.
    fn wait(&mut self, mean: f64) -> Duration {
        let unit = ((self.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-mean * unit.ln())
    }
}

/// An instance: when each of its workers is free again.
struct Server {
    free: BinaryHeap<Reverse<Duration>>,
    number: usize,
}

impl Server {
    /// When a call that arrives now is answered, and how.
    fn serve(&mut self, now: Duration, chance: &mut Chance) -> (Duration, Outcome) {
        if self.number == FAILING {
            return (now + Duration::from_secs_f64(FAILURE), Outcome::Failure);
        }
        let mean = if self.number == SLOW {
            SERVICE * 10.0
        } else {
            SERVICE
        };
        let Reverse(free) = self.free.pop().expect("there are workers");
        let done = free.max(now) + chance.wait(mean);
        self.free.push(Reverse(done));
        (done, Outcome::Success)
    }
}

fn member(number: usize) -> Arc<Member> {
    let address = Address::new(&format!("10.0.0.{number}")).expect("valid");
    Arc::new(Member {
        id: InstanceId::new(&format!("i{number}")).expect("valid"),
        instance: Arc::new(Instance::at(address, 80.try_into().expect("not 0"))),
        revision: Revision(1),
        overridden: None,
        session_health: None,
        check_health: None,
    })
}

fn chooser(kind: BalancerKind, detects: bool) -> Chooser {
    let chooser = Chooser::new(Caller::default());
    let policy = Policy {
        balancer: Balancer {
            kind,
            ..Balancer::default()
        },
        outlier_detection: OutlierDetection {
            max_ejected: if detects { 30 } else { 0 },
            ..OutlierDetection::default()
        },
        ..Policy::default()
    };
    let policy = Arc::new(policy);
    chooser.set_policy(policy, Duration::ZERO).expect("valid");
    let members = (0..INSTANCES).map(member).collect();
    chooser.update(members, false, Duration::ZERO);
    chooser
}

/// The latencies of calls that succeeded, in order, and how many failed.
fn simulate(chooser: &Chooser) -> (Vec<Duration>, usize) {
    let mut chance = Chance(1);
    let server = |number| Server {
        free: (0..WORKERS).map(|_| Reverse(Duration::ZERO)).collect(),
        number,
    };
    let mut servers: Vec<_> = (0..INSTANCES).map(server).collect();
    let mut under_way: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
    let mut calls: Vec<Option<(Pick, Outcome, Duration)>> = Vec::with_capacity(CALLS);
    let (mut latencies, mut failed, mut now) = (Vec::with_capacity(CALLS), 0, Duration::ZERO);
    for number in 0..CALLS {
        now += chance.wait(ARRIVAL);
        while let Some(Reverse((answered, number))) = under_way.peek().copied() {
            if answered > now {
                break;
            }
            under_way.pop();
            let (pick, outcome, begun) = calls[number].take().expect("under way");
            let latency = answered - begun;
            chooser.report(pick, outcome, Some(latency), answered);
            match outcome {
                Outcome::Success => latencies.push(latency),
                _ => failed += 1,
            }
        }
        let pick = chooser.choose(&Question::default(), now, &mut || chance.draw());
        let pick = pick.expect("somebody");
        let server: usize = pick.id().as_str()[1..].parse().expect("a number");
        let (answered, outcome) = servers[server].serve(now, &mut chance);
        under_way.push(Reverse((answered, number)));
        calls.push(Some((pick, outcome, now)));
    }
    latencies.sort_unstable();
    (latencies, failed)
}

fn main() {
    println!("{INSTANCES} instances, one ten times slower, one failing fast; {CALLS} calls");
    println!(
        "{:<18}{:<12}{:>10}{:>10}{:>10}{:>10}",
        "balancer", "outliers", "p50", "p99", "p99.9", "failed"
    );
    for detects in [false, true] {
        for kind in [
            BalancerKind::SmoothWrr,
            BalancerKind::WeightedRandom,
            BalancerKind::LeastRequest,
            BalancerKind::PeakEwma,
        ] {
            let (latencies, failed) = simulate(&chooser(kind, detects));
            let at = |share: usize| latencies[(latencies.len() - 1) * share / 1000];
            let ms = |share| format!("{:.1} ms", at(share).as_secs_f64() * 1e3);
            let failed = format!("{:.2} %", failed as f64 * 100.0 / CALLS as f64);
            let outliers = if detects { "ejected" } else { "left in" };
            println!(
                "{:<18}{outliers:<12}{:>10}{:>10}{:>10}{failed:>10}",
                kind.as_str(),
                ms(500),
                ms(990),
                ms(999)
            );
        }
    }
}
