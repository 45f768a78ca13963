//! A subscriber is woken by what it asked for, and by nothing else; who waits for a revision is woken when it is there.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use paste_catalog::{Limits, Topic, catalog};
use paste_model::*;

use crate::universe;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn registration(revision: u64, service: usize, port: u16) -> Committed {
    let instance = universe::instance(port, Status::Up, None);
    let record = Record::Instance(universe::key(service, 0), Arc::new(instance));
    universe::committed(Revision(revision), vec![Change::Put(record)])
}

#[test]
fn others_changes_wake_nobody() {
    let (mut writer, catalog) = catalog(Limits::default());
    let now = Instant::now();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    let mut quiet = catalog.subscribe(vec![Topic::Service(universe::service(0))], None);
    assert!(
        quiet.poll_next(&mut context).is_ready(),
        "the first snapshot"
    );
    assert!(quiet.poll_next(&mut context).is_pending());

    writer.apply(&registration(1, 1, 1), now);
    writer.flush(now + Duration::from_secs(1));
    assert_eq!(count.get(), 0);
    assert_eq!(
        quiet.settled().revision,
        Revision(1),
        "it still owes nothing"
    );

    writer.apply(&registration(2, 0, 1), now);
    assert_eq!(count.get(), 1);
    assert!(quiet.poll_next(&mut context).is_ready());
    assert!(quiet.poll_next(&mut context).is_pending());

    writer.apply(&registration(3, 0, 2), now);
    assert_eq!(count.get(), 1, "merged");
    let due = writer.flush(now).expect("pending");
    assert_eq!(due, now + Limits::default().merge_quiet);
    assert_eq!(quiet.settled().revision, Revision(2), "not yet emitted");
    assert_eq!(writer.flush(due), None);
    assert_eq!(count.get(), 2);
}

/// A revision may be that of several batches. It is reached when all of them are applied, and settled when all are told.
#[test]
fn batches_that_share_a_revision_reach_it_together() {
    let (mut writer, catalog) = catalog(Limits::default());
    let now = Instant::now();
    let mut context = Context::from_waker(Waker::noop());
    let mut quiet = catalog.subscribe(vec![Topic::Service(universe::service(2))], None);
    assert!(quiet.poll_next(&mut context).is_ready());
    writer.apply(&registration(1, 0, 1), now);
    assert!(quiet.poll_next(&mut context).is_pending());
    assert_eq!(quiet.settled().revision, Revision(1));

    let together = [registration(2, 1, 1), registration(2, 0, 2)];
    let transitions = writer.apply_group(&together, now);
    assert_eq!(transitions.len(), 2);
    assert!(transitions.iter().all(|of_one| !of_one.is_empty()));
    assert_eq!(catalog.revision(), Revision(2));
    assert!(quiet.poll_next(&mut context).is_pending());
    assert_eq!(
        quiet.settled().revision,
        Revision(1),
        "the second waits for the storm to pass"
    );
    let due = writer.flush(now).expect("pending");
    assert_eq!(writer.flush(due), None);
    assert!(quiet.poll_next(&mut context).is_pending());
    assert_eq!(quiet.settled().revision, Revision(2));
}

#[test]
fn a_storm_is_merged_but_not_for_ever_envoy_gateway_5344() {
    let limits = Limits::default();
    let (mut writer, catalog) = catalog(limits.clone());
    let start = Instant::now();
    let mut watcher = catalog.subscribe(vec![Topic::Service(universe::service(0))], None);
    let mut context = Context::from_waker(Waker::noop());
    assert!(watcher.poll_next(&mut context).is_ready());
    let mut heard_at = Vec::new();
    for millis in 0..1_200_u16 {
        let now = start + Duration::from_millis(u64::from(millis));
        writer.apply(&registration(u64::from(millis) + 1, 0, millis % 2), now);
        writer.flush(now);
        if watcher.poll_next(&mut context).is_ready() {
            heard_at.push(millis);
        }
    }
    // At once; then 500 ms after the first change that waited.
    assert_eq!(heard_at, [0, 501, 1_002]);
}

#[test]
fn whoever_waits_for_a_revision_is_woken_when_it_is_there() {
    let (mut writer, catalog) = catalog(Limits::default());
    let now = Instant::now();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut context = Context::from_waker(&waker);
    let mut second = pin!(catalog.wait_for(Revision(2)));
    assert_eq!(second.as_mut().poll(&mut context), Poll::Pending);
    drop(catalog.wait_for(Revision(2)));
    writer.apply(&registration(1, 0, 1), now);
    assert_eq!(count.get(), 0);
    writer.apply(&registration(2, 0, 2), now);
    assert_eq!(count.get(), 1);
    assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(()));
    assert_eq!(
        pin!(catalog.wait_for(Revision(1))).poll(&mut context),
        Poll::Ready(())
    );
    let mut never = pin!(catalog.wait_for(Revision(9)));
    assert_eq!(never.as_mut().poll(&mut context), Poll::Pending);
    writer.load(Epoch(7), Revision(1), Vec::new(), now);
    assert_eq!(count.get(), 2, "another history");
    assert_eq!(never.as_mut().poll(&mut context), Poll::Ready(()));
}

#[test]
fn topics_of_unknown_services_leave_nothing_behind() {
    let (mut writer, catalog) = catalog(Limits::default());
    writer.load(Epoch(1), Revision(5), Vec::new(), Instant::now());
    let topics = (0..3).map(universe::service).map(Topic::Service).collect();
    let subscription = catalog.subscribe(topics, None);
    assert_eq!(catalog.counts().subscribers, 1);
    assert!(catalog.service("east", "orders").is_none());
    drop(subscription);
    assert_eq!(catalog.counts().subscribers, 0);
}
