//! 200 times `kill -9` under load: no acknowledged batch is lost, none is there by half.
//!
//! The test runs itself again as a child, which commits from several threads, checkpoints all the while, and says
//! through a pipe what was acknowledged. The parent kills it at a random moment, opens the store that is left, and
//! compares. Each worker overwrites the same records in every batch, so that a batch that is there by half shows: its
//! records would carry different numbers.

#![expect(clippy::expect_used, clippy::panic, reason = "a test, all of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use paste_model::{
    Batch, Cause, CauseKind, Change, Principal, Record, Revision, Session, SessionId, Timestamp,
};
use paste_store::embedded::Config;
use paste_store::{Embedded, Feed, Store};
use rand::RngExt;

const RUNS: u32 = 200;
const WORKERS: u64 = 4;
const RECORDS: u64 = 5;
/// Longest time from the child's first acknowledgement to its death.
const LIFE_MAX: Duration = Duration::from_millis(60);
/// Where the child finds its directory.
const DIRECTORY: &str = "PASTE_STORE_KILL_DIRECTORY";

fn open(directory: &Path) -> Embedded {
    // Small enough that every child writes checkpoints and drops log.
    let config = Config {
        log_bytes: 16 * 1024,
        batches_kept: 50,
        ..Config::default()
    };
    Embedded::open(directory, config).expect("opens")
}

fn name(worker: u64, record: u64) -> SessionId {
    SessionId::new(&format!("w{worker}-{record}")).expect("a valid name")
}

/// The `number`-th batch of `worker`: all of its records, each with that number.
fn batch(worker: u64, number: u64) -> Batch {
    let session = Session {
        ttl: Duration::from_nanos(number),
        ..Session::default()
    };
    let put = |record| Change::Put(Record::Session(name(worker, record), session.clone()));
    let cause = Cause {
        kind: CauseKind::Request,
        at: Timestamp(0),
        by: Principal::anonymous(),
        reason: "kill".into(),
        about: None,
    };
    Batch {
        expect: Vec::new(),
        changes: (0..RECORDS).map(put).collect(),
        cause,
    }
}

/// The child's part; nothing unless the parent asked for it.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let store = Arc::new(open(Path::new(&directory)));
    let first = numbers(&*store);
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (store, first) = (&store, first.get(&worker).copied().unwrap_or(0));
            scope.spawn(move || work(&**store, worker, first));
        }
    });
}

/// Commits without end, a few at a time, and says what was acknowledged.
fn work(store: &dyn Store, worker: u64, first: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for number in first + 1.. {
        let revision = runtime
            .block_on(store.commit(batch(worker, number)))
            .expect("commits");
        let line = format!("ack {worker} {number} {revision}\n");
        // One write each, so that lines of different threads don't mix.
        if std::io::stdout().write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

/// The number of each worker's batch that is there; fails where one is there by half.
fn numbers(store: &dyn Store) -> BTreeMap<u64, u64> {
    let mut found: BTreeMap<u64, Vec<(u64, Revision)>> = BTreeMap::new();
    for entry in store.load().expect("loads").entries {
        let Record::Session(id, session) = entry.record else {
            panic!("a foreign record")
        };
        let worker = id.as_str()[1..2].parse().expect("a worker");
        let number = u64::try_from(session.ttl.as_nanos()).expect("small");
        found
            .entry(worker)
            .or_default()
            .push((number, entry.revision));
    }
    let whole = |(worker, records): (u64, Vec<(u64, Revision)>)| {
        assert_eq!(records.len() as u64, RECORDS, "worker {worker}");
        assert!(
            records.iter().all(|record| *record == records[0]),
            "{worker}: {records:?}"
        );
        (worker, records[0].0)
    };
    found.into_iter().map(whole).collect()
}

/// Kills the child some time after its first acknowledgement; returns the last number and revision of each worker.
fn kill(mut child: Child) -> BTreeMap<u64, (u64, u64)> {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut last = BTreeMap::new();
    let mut note = |line: &str| {
        let mut words = line
            .split(' ')
            .skip_while(|word| !word.ends_with("ack"))
            .skip(1);
        let mut next = || words.next().and_then(|word| word.parse::<u64>().ok());
        if let (Some(worker), Some(number), Some(revision)) = (next(), next(), next()) {
            last.insert(worker, (number, revision));
            return true;
        }
        false
    };
    while let Some(Ok(line)) = lines.next() {
        if note(&line) {
            break;
        }
    }
    // A reader of its own, so that a full pipe doesn't hold the child back.
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(rand::rng().random_range(Duration::ZERO..LIFE_MAX));
    child.kill().expect("kills");
    child.wait().expect("is dead");
    for line in reader.join().expect("reads") {
        note(&line);
    }
    last
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_there_by_half() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut acknowledged, mut epoch) = (0, None);
    for run in 0..RUNS {
        let child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("runs");
        let last = kill(child);
        assert!(!last.is_empty(), "run {run}: the child never committed");
        let store = open(directory.path());
        let found = numbers(&store);
        for (worker, (number, revision)) in last {
            assert!(
                found.get(&worker).is_some_and(|found| *found >= number),
                "run {run}: worker {worker} was told {number}, found is {found:?}"
            );
            acknowledged = acknowledged.max(revision);
        }
        assert!(store.status().revision.0 >= acknowledged, "run {run}");
        assert_eq!(
            *epoch.get_or_insert(store.epoch()),
            store.epoch(),
            "run {run}: one history"
        );
        while !without_gaps(&store) {}
    }
    let store = open(directory.path());
    assert!(
        store.status().oldest > Revision::ZERO,
        "checkpoints took place"
    );
}

/// Checks that what is left of the log has every revision once, in order. `false` if some of it was dropped meanwhile,
/// as a store does when it has just been opened.
fn without_gaps(store: &Embedded) -> bool {
    let status = store.status();
    let Ok(mut changes) = store.changes(status.oldest) else {
        return false;
    };
    let mut next = status.oldest;
    while next < status.revision {
        match changes.blocking_recv() {
            Some(Feed::Batches(batches)) => {
                for batch in &*batches {
                    next = next.next();
                    assert_eq!(batch.revision, next);
                    assert_eq!(batch.changes.len() as u64, RECORDS, "whole in the log too");
                }
            }
            Some(Feed::Reload(_)) => panic!("nothing was restored"),
            None => return false,
        }
    }
    true
}
