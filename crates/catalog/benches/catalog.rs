//! What the view costs: one change, one read, a load of a million instances, and a change told to 10,000 subscribers.

#![expect(clippy::expect_used, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use compact_str::format_compact;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use paste_catalog::{Catalog, Limits, Topic, Writer, catalog};
use paste_model::*;

fn key(service: usize, id: usize) -> InstanceKey {
    InstanceKey {
        service: service_key(service),
        id: InstanceId::new(&format_compact!("i{id:07}")).expect("valid"),
    }
}

fn service_key(service: usize) -> ServiceKey {
    ServiceKey {
        namespace: Namespace::default(),
        name: ServiceName::new(&format_compact!("service-{service}")).expect("valid"),
    }
}

fn registration(key: InstanceKey, port: u16) -> Record {
    let address = Address::new("10.0.0.1").expect("valid");
    let port = NonZeroU16::new(port).expect("not 0");
    let session = SessionId::new(&format_compact!("own-{}-{}", key.service.name, key.id));
    let instance = Instance {
        session: session.ok(),
        ephemeral: true,
        ..Instance::at(address, port)
    };
    Record::Instance(key, Arc::new(instance))
}

fn entries(services: usize, instances: usize) -> Vec<Entry> {
    let entry = |service, id| Entry {
        revision: Revision(1),
        record: registration(key(service, id), 80),
    };
    (0..services)
        .flat_map(|service| (0..instances).map(move |id| entry(service, id)))
        .collect()
}

fn loaded(services: usize, instances: usize) -> (Writer, Catalog) {
    let (mut writer, catalog) = catalog(Limits::default());
    writer.load(
        Epoch(1),
        Revision(1),
        entries(services, instances),
        Instant::now(),
    );
    (writer, catalog)
}

fn batch(revision: u64, service: usize, id: usize) -> Committed {
    let port = u16::try_from(revision % 60_000).expect("small") + 1;
    Committed {
        revision: Revision(revision),
        changes: vec![Change::Put(registration(key(service, id), port))],
        cause: Cause {
            kind: CauseKind::Request,
            at: Timestamp(0),
            by: Principal::anonymous(),
            reason: "".into(),
            about: None,
        },
    }
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply one change");
    for instances in [10, 1_000, 50_000] {
        let (mut writer, _catalog) = loaded(10, instances);
        let mut revision = 1;
        let mut now = Instant::now();
        group.bench_function(BenchmarkId::new("instances", instances), |bencher| {
            bencher.iter_batched(
                || {
                    revision += 1;
                    let scattered = usize::try_from(revision * 7_919).expect("64 bits");
                    batch(revision, scattered % 10, scattered % instances)
                },
                |batch| {
                    now += Duration::from_millis(10);
                    writer.apply(&batch, now)
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let (_writer, catalog) = loaded(1_000, 10);
    let names: Vec<_> = (0..1_000).map(service_key).collect();
    let mut turn = 0;
    criterion.bench_function("read one of 1,000 services", |bencher| {
        bencher.iter(|| {
            turn = (turn + 7) % names.len();
            catalog.service(names[turn].namespace.as_str(), names[turn].name.as_str())
        });
    });
    criterion.bench_function("wait for a revision that is there", |bencher| {
        bencher.iter(|| {
            let mut wait = std::pin::pin!(catalog.wait_for(Revision(1)));
            wait.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        });
    });
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("1,000,000 instances", |bencher| {
        bencher.iter_batched(
            || (catalog(Limits::default()), entries(1_000, 1_000)),
            |((mut writer, catalog), entries)| {
                writer.load(Epoch(1), Revision(1), entries, Instant::now());
                (writer, catalog)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn fan_out(criterion: &mut Criterion) {
    let (mut writer, catalog) = loaded(1, 10);
    let mut context = Context::from_waker(Waker::noop());
    let mut subscriptions: Vec<_> = (0..10_000)
        .map(|_| catalog.subscribe(vec![Topic::Service(service_key(0))], None))
        .collect();
    for subscription in &mut subscriptions {
        while subscription.poll_next(&mut context).is_ready() {}
    }
    let mut revision = 1;
    let mut now = Instant::now();
    criterion.bench_function("tell 10,000 subscribers", |bencher| {
        bencher.iter(|| {
            revision += 1;
            now += Duration::from_secs(1);
            writer.apply(&batch(revision, 0, 0), now);
            for subscription in &mut subscriptions {
                while subscription.poll_next(&mut context).is_ready() {}
            }
            black_box(&subscriptions);
        });
    });
}

criterion_group!(benches, apply, read, load, fan_out);
criterion_main!(benches);
