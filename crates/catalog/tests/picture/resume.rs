//! Coming back: what may be resumed by deltas, what needs snapshots, and what a reset. Chance seldom leads there.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use paste_catalog::{Catalog, Event, Limits, Subscription, Topic, Writer, catalog};
use paste_model::*;

use crate::universe;

const EPOCH: Epoch = Epoch(1);

/// A node whose ring keeps `ring_changes`, in the hands of a test.
struct Node {
    writer: Writer,
    catalog: Catalog,
    now: Instant,
}

impl Node {
    fn new(ring_changes: usize) -> Self {
        let limits = Limits {
            ring_changes,
            ..Limits::default()
        };
        let (mut writer, catalog) = catalog(limits);
        let now = Instant::now();
        writer.load(EPOCH, Revision::ZERO, Vec::new(), now);
        Self {
            writer,
            catalog,
            now,
        }
    }

    /// Applies a batch after such a pause.
    fn apply(&mut self, revision: u64, pause_millis: u64, changes: Vec<Change>) {
        self.now += Duration::from_millis(pause_millis);
        let batch = universe::committed(Revision(revision), changes);
        self.writer.apply(&batch, self.now);
    }

    fn register(&mut self, revision: u64, pause_millis: u64, service: usize) {
        let port = u16::try_from(revision).expect("small");
        let instance = Arc::new(universe::instance(port, Status::Up, None));
        let record = Record::Instance(universe::key(service, 0), instance);
        self.apply(revision, pause_millis, vec![Change::Put(record)]);
    }

    fn resume(&self, topics: Vec<Topic>, epoch: Epoch, revision: u64) -> Subscription {
        let revision = Revision(revision);
        let from = Position { epoch, revision };
        self.catalog.subscribe(topics, Some(from))
    }
}

fn service(index: usize) -> Topic {
    Topic::Service(universe::service(index))
}

fn namespace(index: usize) -> Topic {
    Topic::Namespace(universe::service(index).namespace)
}

/// Everything owed now, in words.
fn owed(mut subscription: Subscription) -> String {
    let mut context = Context::from_waker(Waker::noop());
    let mut words = Vec::new();
    while let Poll::Ready(event) = subscription.poll_next(&mut context) {
        words.push(match event {
            Event::Reset => "reset".to_owned(),
            Event::Snapshot { snapshot, last } => {
                let last = if last { " last" } else { "" };
                format!("{}@{}{last}", snapshot.key(), snapshot.revision())
            }
            Event::Delta(emission) => format!("{}+{}", emission.service, emission.revision),
        });
    }
    words.join(", ")
}

#[test]
fn deltas_inside_the_ring_snapshots_beyond_a_reset_from_elsewhere() {
    let mut node = Node::new(2);
    for revision in 1..=4 {
        node.register(revision, 1_000, usize::from(revision == 4));
    }
    let cases = [
        (service(0), EPOCH, 4, ""),
        (service(0), EPOCH, 3, ""),
        (service(0), EPOCH, 2, "east/orders+3"),
        (service(0), EPOCH, 1, "east/orders@3 last"),
        (namespace(0), EPOCH, 2, "east/orders+3, east/payments+4"),
        (
            namespace(0),
            EPOCH,
            1,
            "east/orders@3, east/payments@4 last",
        ),
        (service(0), EPOCH, 5, "reset, east/orders@3 last"),
        (service(0), Epoch(2), 4, "reset, east/orders@3 last"),
        // Never seen: nothing was lost, or it can't be known.
        (service(2), EPOCH, 2, ""),
        (service(2), EPOCH, 1, "west/orders@4 last"),
    ];
    for (topic, epoch, revision, expected) in cases {
        let subscription = node.resume(vec![topic.clone()], epoch, revision);
        assert_eq!(owed(subscription), expected, "{topic:?} after {revision}");
    }
}

#[test]
fn a_topic_made_after_an_eviction_knows_of_it() {
    let mut node = Node::new(1);
    node.register(1, 1_000, 0);
    node.register(2, 1_000, 2);
    // The topic of the first service is gone with its only emission.
    let subscription = node.resume(vec![service(0)], EPOCH, 0);
    assert_eq!(owed(subscription), "east/orders@1 last");
}

#[test]
fn what_was_settled_late_elsewhere_is_still_owed() {
    let mut node = Node::new(100);
    node.register(1, 1_000, 0);
    node.register(2, 1, 0); // merged
    node.register(3, 1, 1); // at once, while 2 waits
    // Another node settled 2 before it told of 3.
    let subscription = node.resume(vec![namespace(0)], EPOCH, 2);
    assert_eq!(owed(subscription), "east/payments+3");
}

#[test]
fn a_service_that_vanished_from_a_namespace_is_not_kept() {
    let mut node = Node::new(1);
    let record = Record::Service(universe::service(0), Arc::default());
    node.apply(1, 1_000, vec![Change::Put(record)]);
    node.register(2, 1_000, 0);
    let mut live = node.catalog.subscribe(vec![namespace(0)], None);
    let mut context = Context::from_waker(Waker::noop());
    while live.poll_next(&mut context).is_ready() {}
    let deletes = [
        Key::Instance(universe::key(0, 0)),
        Key::Service(universe::service(0)),
    ];
    node.apply(3, 1_000, deletes.map(Change::Delete).to_vec());
    assert!(node.catalog.service("east", "orders").is_none());
    node.register(4, 1_000, 1);
    // Snapshots alone could not say that it is gone.
    assert_eq!(owed(live), "reset, east/payments@4 last");
    let resumed = node.resume(vec![namespace(0)], EPOCH, 2);
    assert_eq!(owed(resumed), "reset, east/payments@4 last");
    let resumed = node.resume(vec![service(0)], EPOCH, 2);
    assert_eq!(owed(resumed), "east/orders@4 last", "empty, as of now");
}

#[test]
fn a_slow_reader_gets_the_newest_picture_once() {
    let mut node = Node::new(2);
    let mut slow = node.catalog.subscribe(vec![service(0), service(1)], None);
    let mut context = Context::from_waker(Waker::noop());
    while slow.poll_next(&mut context).is_ready() {}
    for revision in 1..=9 {
        node.register(revision, 1_000, 0);
    }
    assert_eq!(slow.settled().revision, Revision(0), "it still owes them");
    assert_eq!(owed(slow), "east/orders@9 last");
}
