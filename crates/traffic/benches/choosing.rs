//! Picks a second on one core, by balancer: choosing alone, and choosing and reporting a latency. Beside
//! them, a bare random choice from a list.

#![expect(clippy::expect_used, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use paste_model::{
    Address, Balancer, BalancerKind, Instance, InstanceId, Member, Policy, Revision,
};
use paste_traffic::{Caller, Chooser, Outcome, Question};

const INSTANCES: usize = 10;
const MANY: usize = 10_000;

fn members(count: usize) -> Vec<Arc<Member>> {
    let member = |number: usize| {
        let (high, low) = (number / 250, number % 250);
        let address = Address::new(&format!("10.0.{high}.{low}")).expect("valid");
        Arc::new(Member {
            id: InstanceId::new(&format!("i{number:05}")).expect("valid"),
            instance: Arc::new(Instance::at(address, 80.try_into().expect("not 0"))),
            revision: Revision(1),
            overridden: None,
            session_health: None,
            check_health: None,
        })
    };
    (0..count).map(member).collect()
}

fn chooser(kind: BalancerKind, count: usize) -> Chooser {
    let chooser = Chooser::new(Caller::default());
    let policy = Policy {
        balancer: Balancer {
            kind,
            ..Balancer::default()
        },
        ..Policy::default()
    };
    chooser
        .set_policy(Arc::new(policy), Duration::ZERO)
        .expect("valid");
    chooser.update(members(count), false, Duration::ZERO);
    chooser
}

/// A small generator (xorshift64*), so that drawing costs next to nothing.
fn random(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

fn choosing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("choose");
    group.throughput(Throughput::Elements(1));
    let (list, mut draw) = (members(INSTANCES), random(1));
    group.bench_function("bare random choice", |bencher| {
        bencher.iter(|| {
            let index = (u128::from(draw()) * INSTANCES as u128) >> 64;
            black_box(Arc::clone(&list[usize::try_from(index).expect("below 10")]))
        });
    });
    for count in [INSTANCES, MANY] {
        for kind in BalancerKind::ALL {
            let slow = matches!(kind, BalancerKind::SmoothWrr | BalancerKind::Rendezvous);
            if slow && count == MANY {
                continue;
            }
            let (chooser, mut draw) = (chooser(kind, count), random(2));
            let question = Question {
                hash_key: Some("user-1"),
                ..Question::default()
            };
            let name = format!("{} of {count}", kind.as_str());
            group.bench_function(name, |bencher| {
                let now = Duration::from_secs(1);
                bencher.iter(|| black_box(chooser.choose(&question, now, &mut draw)));
            });
        }
    }
    group.finish();
}

fn calling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("choose and report");
    group.throughput(Throughput::Elements(1));
    for kind in [BalancerKind::LeastRequest, BalancerKind::PeakEwma] {
        let (chooser, mut draw) = (chooser(kind, INSTANCES), random(3));
        let mut now = Duration::from_secs(1);
        group.bench_function(kind.as_str(), |bencher| {
            bencher.iter(|| {
                now += Duration::from_micros(1);
                let pick = chooser.choose(&Question::default(), now, &mut draw);
                let latency = Duration::from_micros(500 + (draw() & 255));
                chooser.report(
                    pick.expect("somebody"),
                    Outcome::Success,
                    Some(latency),
                    now,
                );
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = choosing, calling
}
criterion_main!(benches);
