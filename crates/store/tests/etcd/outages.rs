//! etcd is away, silent, full or restarted.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use paste_model::{Expect, Revision};
use paste_store::etcd::{Config, EtcdError};
use paste_store::suite::{batch, commit, drain, entries, key, put, record, wait};
use paste_store::{CommitError, Etcd, Store, StoreError};

use crate::eventually;
use crate::place::{config, open, shared};
use crate::proxy::Proxy;
use crate::server::{Server, field};

/// What the design promises: every write is answered in this time, etcd alive or not.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// Commits, and checks that the answer comes in time, which it must on the busiest machine: the rest is for its hiccups.
fn refused(store: &Etcd, name: &str) -> CommitError {
    let started = Instant::now();
    let answer = wait(store.commit(batch([], [put(name, 1)])));
    let took = started.elapsed();
    assert!(took < WRITE_LIMIT + Duration::from_secs(1), "{took:?}");
    answer.expect_err("etcd is away")
}

/// Commits until etcd takes it.
fn commit_at_last(store: &Etcd, name: &str, value: u64) -> Revision {
    let mut revision = None;
    eventually("etcd takes writes again", || {
        revision = wait(store.commit(batch([], [put(name, value)]))).ok();
        revision.is_some()
    });
    revision.expect("it took one")
}

#[test]
fn a_stopped_etcd_refuses_writes_in_time_and_serves_again_when_it_is_back() {
    let mut server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    let before = commit(&store, [put("a", 1)]);
    let mut stream = store.changes(before).expect("streams");
    server.stop();
    for _ in 0..2 {
        let error = refused(&store, "b");
        let CommitError::Unavailable(cause) = &error else {
            // The first may have been on its way when etcd died.
            assert!(matches!(error, CommitError::Unknown(_)), "{error:?}");
            continue;
        };
        assert!(matches!(&**cause, StoreError::Etcd(_)), "{cause:?}");
        assert!(error.retryable());
    }
    eventually("the status says why", || {
        let failed = store.status().failed;
        failed.is_some_and(|failed| {
            matches!(&*failed, StoreError::Etcd(EtcdError::Unreachable { .. }))
        })
    });
    server.resume();
    let after = commit_at_last(&store, "c", 1);
    let seen = drain(&mut stream, after);
    assert_eq!(seen.last().expect("some").changes, [put("c", 1)]);
    eventually("the status is well again", || {
        store.status().failed.is_none()
    });
    let epoch = store.epoch();
    drop(store);
    let mut config = config(&server, "node-1");
    config.endpoints.push("127.0.0.1:1".to_owned());
    assert_ne!(
        open(&config).epoch(),
        epoch,
        "another prefix, another history"
    );
}

#[test]
fn reads_without_etcd_end_with_its_name() {
    let mut server = Server::start(&[]);
    let mut config = config(&server, "node-1");
    config.read_timeout = Duration::from_secs(1);
    let store = open(&config);
    server.freeze();
    let error = store.load().expect_err("etcd is silent");
    assert!(matches!(error, StoreError::Etcd(EtcdError::TimedOut)));
    server.stop();
    let error = store.load().expect_err("etcd is away");
    assert!(error.to_string().contains(&server.endpoint()), "{error}");
    config.endpoints = vec![server.endpoint()];
    let error = Etcd::open(config).map(drop).expect_err("etcd is away");
    assert!(matches!(
        error,
        StoreError::Etcd(EtcdError::Unreachable { .. })
    ));
}

#[test]
fn the_next_endpoint_is_tried_when_one_is_dead() {
    let server = Server::start(&[]);
    let mut config = config(&server, "node-1");
    // Nothing listens on port 1.
    config.endpoints.insert(0, "127.0.0.1:1".to_owned());
    let store = open(&config);
    commit(&store, [put("a", 1)]);
}

/// Of three members one dies, another falls silent: nothing is lost, no stream ends, and its readers need not know.
#[test]
fn a_cluster_outlives_a_member_that_dies_and_one_that_falls_silent() {
    let mut members = Server::start_three();
    let mut config = config(&members[0], "node-1");
    config.endpoints = members.iter().map(Server::endpoint).collect();
    let store = open(&config);
    let epoch = store.epoch();
    let begin = commit(&store, [put("a", 0)]);
    let mut stream = store.changes(begin).expect("streams");
    let mut last = begin;
    let mut write = |number| {
        last = commit_at_last(&store, "a", number);
        last
    };
    write(1);
    members[0].stop();
    let second = write(2);
    let seen = drain(&mut stream, second);
    assert_eq!(seen.last().expect("some").changes, [put("a", 2)]);
    members[0].resume();
    members[1].freeze();
    let third = write(3);
    let seen = drain(&mut stream, third);
    assert_eq!(seen.last().expect("some").changes, [put("a", 3)]);
    members[1].thaw();
    let fourth = write(4);
    let seen = drain(&mut stream, fourth);
    assert_eq!(seen.last().expect("some").changes, [put("a", 4)]);
    assert_eq!(store.epoch(), epoch, "it is the same history");
}

#[test]
fn a_silent_etcd_refuses_writes_in_time_and_none_is_overtaken_or_doubled() {
    let server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    let before = commit(&store, [put("a", 1), put("b", 1)]);
    let mut stream = store.changes(before).expect("streams");
    server.freeze();
    // It took the request and gives no answer: nobody can say.
    let error = refused(&store, "a");
    assert!(matches!(error, CommitError::Unknown(_)), "{error:?}");
    assert!(!error.retryable());
    let error = refused(&store, "b");
    assert!(matches!(
        error,
        CommitError::Unknown(_) | CommitError::Unavailable(_)
    ));
    server.thaw();
    let after = commit_at_last(&store, "a", 2);
    let seen = drain(&mut stream, after);
    let of_a = seen
        .iter()
        .filter(|batch| batch.changes.contains(&put("a", 1)));
    assert!(of_a.count() <= 1, "{seen:?}");
    assert_eq!(
        seen.last().expect("some").changes,
        [put("a", 2)],
        "{seen:?}"
    );
    let found = entries(store.load().expect("loads"));
    assert_eq!(found[0].record, record("a", 2));
}

/// Commits counters while etcd is killed again and again. What was acknowledged is there; what was certainly not
/// committed is not; nothing is there twice.
#[test]
fn crashes_under_load_lose_nothing_and_double_nothing() {
    let mut server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    let begin = store.status().revision;
    let mut outcomes = HashMap::new();
    let mut number = 0_u64;
    for _ in 0..3 {
        let mut answers = Vec::new();
        for _ in 0..200 {
            number += 1;
            // An expectation makes a second application of the same batch a conflict with itself.
            let name = format!("n{number}");
            let new = batch([(key(&name), Expect::Absent)], [put(&name, number)]);
            answers.push((name, store.commit(new)));
        }
        server.stop();
        server.resume();
        for (name, answer) in answers {
            outcomes.insert(name, wait(answer));
        }
    }
    let last = commit_at_last(&store, "last", 1);
    let mut stream = store.changes(begin).expect("streams");
    let mut seen: HashMap<_, usize> = HashMap::new();
    for change in drain(&mut stream, last)
        .into_iter()
        .flat_map(|batch| batch.changes)
    {
        *seen.entry(change.key()).or_default() += 1;
    }
    for (name, outcome) in outcomes {
        let times = seen.get(&key(&name)).copied().unwrap_or_default();
        match outcome {
            Ok(_) => assert_eq!(times, 1, "{name} was acknowledged"),
            Err(CommitError::Unknown(_)) => assert!(times <= 1, "{name} was doubled"),
            Err(CommitError::Unavailable(_) | CommitError::Busy) => {
                assert_eq!(times, 0, "{name} was refused");
            }
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
}

/// The connection breaks after etcd got the writes and before they were answered. It is found out what became of them: all
/// are answered as if nothing had happened, and happen once.
#[test]
fn lost_answers_are_found_again() {
    let server = shared();
    let proxy = Proxy::start(server.endpoint());
    let config = Config {
        endpoints: vec![proxy.address().to_owned()],
        // The point is that they are found, however slow the machine.
        timeout: Duration::from_secs(30),
        ..config(&server, "node-1")
    };
    let store = open(&config);
    let begin = commit(&store, [put("there", 1)]);
    for round in 0..10 {
        let name = |what: &str| format!("{what}-{round}");
        proxy.lose_the_next_answer();
        let new = |name: &str| batch([(key(name), Expect::Absent)], [put(name, round)]);
        let answers: Vec<_> = [
            new(&name("a")),
            new("there"),
            new(&name("b")),
            batch(
                [(key(&name("a")), Expect::Present)],
                [put(&name("c"), round)],
            ),
        ]
        .map(|batch| store.commit(batch))
        .into();
        let answers: Vec<_> = answers.into_iter().map(wait).collect();
        assert!(
            matches!(
                answers.as_slice(),
                [Ok(_), Err(CommitError::Conflict { .. }), Ok(_), Ok(_)]
            ),
            "{answers:?}"
        );
        eventually("an answer is lost", || proxy.has_lost());
    }
    let last = commit(&store, [put("last", 1)]);
    let mut stream = store.changes(begin).expect("streams");
    assert_eq!(drain(&mut stream, last).len(), 31);
}

#[test]
fn a_restart_of_etcd_ends_no_stream() {
    let mut server = Server::start(&[]);
    let store = open(&config(&server, "node-1"));
    let begin = store.status().revision;
    let mut stream = store.changes(begin).expect("streams");
    let mut last = begin;
    for number in 0..3 {
        last = commit_at_last(&store, &format!("k{number}"), 1);
        server.stop();
        server.resume();
    }
    let seen = drain(&mut stream, last);
    assert_eq!(seen.len(), 3);
    let after = commit_at_last(&store, "k3", 1);
    assert_eq!(drain(&mut stream, after).len(), 1);
}

#[test]
fn a_full_etcd_refuses_writes_by_name_and_goes_on_reading() {
    let server = Server::start(&["--quota-backend-bytes", "2097152"]);
    let store = open(&config(&server, "node-1"));
    commit(&store, [put("a", 1)]);
    let mut refusal = None;
    eventually("the quota is used up", || {
        let bulk = paste_store::suite::blob(1, 500_000);
        refusal = wait(store.commit(batch([], [bulk]))).err();
        refusal.is_some()
    });
    let error = refusal.expect("refused");
    assert!(error.to_string().contains("disarm the alarm"), "{error}");
    assert!(matches!(&error, CommitError::Unavailable(cause)
        if matches!(&**cause, StoreError::Etcd(EtcdError::Full(_)))));
    eventually("the alarm shows in the status", || {
        let failed = store.status().failed;
        failed.is_some_and(|error| matches!(&*error, StoreError::Etcd(EtcdError::Full(_))))
    });
    assert_eq!(store.load().expect("loads").entries.len(), 1);
    eventually("its size shows in the status", || {
        store.status().disk_bytes > 2_000_000
    });
    let revision = field(&server.ask("/v3/maintenance/status", "{}"), "revision");
    let compaction = format!("{{\"revision\":\"{revision}\",\"physical\":true}}");
    server.ask("/v3/kv/compaction", &compaction);
    server.ask("/v3/maintenance/defragment", "{}");
    let alarms = server.ask("/v3/maintenance/alarm", "{\"action\":\"GET\"}");
    let alarms = alarms.split("alarms").nth(1).expect("an alarm");
    let member = field(alarms, "memberID");
    let disarm =
        format!("{{\"action\":\"DEACTIVATE\",\"alarm\":\"NOSPACE\",\"memberID\":\"{member}\"}}");
    server.ask("/v3/maintenance/alarm", &disarm);
    commit_at_last(&store, "b", 1);
}
