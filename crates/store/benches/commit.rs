//! How fast the embedded store commits, fsync included, and how fast it opens and loads.
//!
//! `cargo bench -p paste-store`. The directory is on the disk of `TMPDIR`: a memory file system would measure nothing.

#![expect(clippy::expect_used, reason = "a bench has nobody to tell")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use paste_model::{
    Address, Batch, Cause, CauseKind, Change, Instance, InstanceId, InstanceKey, Label, Metadata,
    Namespace, Port, Principal, Record, ServiceKey, ServiceName, SessionId, Timestamp,
};
use paste_store::embedded::Config;
use paste_store::{Embedded, Store};

/// Records that the store holds for opening and loading.
const RECORDS: usize = 1_000_000;

fn registration(number: usize) -> Change {
    let key = InstanceKey {
        service: ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new(&format!("service-{}", number % 1_000)).expect("valid"),
        },
        id: InstanceId::new(&format!("10.1.2.3:{number}")).expect("valid"),
    };
    let address = Address::new("10.1.2.3").expect("valid");
    let mut instance = Instance::at(address, Port::new(8080).expect("not zero"));
    instance.session = Some(SessionId::own(&key));
    instance.ephemeral = true;
    instance.zone = Some(Label::new("zone", "eu-west-1a").expect("valid"));
    instance.version = Instance::parse_version("1.4.2").ok().map(Box::new);
    instance.metadata = Metadata::new(vec![
        ("team".into(), "payments".into()),
        ("run".into(), "42".into()),
    ])
    .expect("valid");
    Change::Put(Record::Instance(key, instance.into()))
}

fn batch(changes: Vec<Change>) -> Batch {
    let cause = Cause {
        kind: CauseKind::Request,
        at: Timestamp(1),
        by: Principal::anonymous(),
        reason: "".into(),
        about: None,
    };
    Batch {
        expect: Vec::new(),
        changes,
        cause,
    }
}

fn open(directory: &Path) -> Arc<Embedded> {
    Arc::new(Embedded::open(directory, Config::default()).expect("opens"))
}

/// The time for `total` batches of `records` each, handed over by as many tasks as `committers`.
fn commit(store: &Arc<Embedded>, committers: usize, records: usize, total: usize) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let start = Instant::now();
    runtime.block_on(async {
        let task = |committer: usize| {
            let store = Arc::clone(store);
            async move {
                for round in 0..total.div_ceil(committers) {
                    let first = (round * committers + committer) * records;
                    let numbers = first..first + records;
                    let changes = numbers
                        .map(|number| registration(number % RECORDS))
                        .collect();
                    store.commit(batch(changes)).await.expect("commits");
                }
            }
        };
        let tasks: Vec<_> = (0..committers).map(|at| tokio::spawn(task(at))).collect();
        for task in tasks {
            task.await.expect("ends");
        }
    });
    start.elapsed()
}

fn commits(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    let mut group = criterion.benchmark_group("commit");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    for (committers, records) in [(1, 1), (64, 1), (256, 1), (2, 1_000)] {
        group.throughput(Throughput::Elements(records as u64));
        group.bench_function(
            format!("{committers} committers, {records} records a batch"),
            |bench| {
                bench.iter_custom(|rounds| {
                    let total = usize::try_from(rounds)
                        .expect("few")
                        .next_multiple_of(committers);
                    let elapsed = commit(&store, committers, records, total);
                    elapsed.mul_f64(rounds as f64 / total as f64)
                });
            },
        );
    }
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    commit(&store, 4, 1_000, RECORDS / 1_000);
    let mut group = criterion.benchmark_group("a million instances");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.bench_function("load", |bench| bench.iter(|| store.load().expect("loads")));
    drop(store);
    group.bench_function("open", |bench| bench.iter(|| open(directory.path())));
    group.finish();
}

criterion_group!(benches, commits, reading);
criterion_main!(benches);
