//! With a writer and watchers on threads of their own, no wake is lost: who misses one waits for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use paste_catalog::{Catalog, Event, Limits, Topic, catalog};
use paste_model::*;

use crate::universe;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const BATCHES: u16 = 3_000;

/// Follows until the last port of all these services has come.
fn follow(catalog: &Catalog, services: &[ServiceKey], topics: Vec<Topic>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut ports = BTreeMap::new();
    let mut subscription = catalog.subscribe(topics, None);
    loop {
        match subscription.poll_next(&mut context) {
            Poll::Ready(Event::Reset) => ports.clear(),
            Poll::Ready(Event::Snapshot { snapshot, .. }) => {
                for member in snapshot.members() {
                    ports.insert(snapshot.key().clone(), member.instance.port.get());
                }
            }
            Poll::Ready(Event::Delta(emission)) => {
                for member in &emission.upserted {
                    ports.insert(emission.service.clone(), member.instance.port.get());
                }
            }
            Poll::Pending => {
                let last = |service| ports.get(service) == Some(&(BATCHES + 1));
                if services.iter().all(last) {
                    return;
                }
                thread::park();
            }
        }
    }
}

/// A registration with that port in each of `services`.
fn batch(revision: u16, services: impl Iterator<Item = usize>) -> Committed {
    let instance = Arc::new(universe::instance(revision, Status::Up, None));
    let put = |service| Record::Instance(universe::key(service, 0), Arc::clone(&instance));
    let changes = services.map(put).map(Change::Put).collect();
    universe::committed(Revision(u64::from(revision)), changes)
}

#[test]
fn no_wake_is_lost() {
    let limits = Limits {
        ring_changes: 16,
        ..Limits::default()
    };
    let (mut writer, catalog) = catalog(limits);
    thread::scope(|scope| {
        for index in 0..4 {
            let catalog = catalog.clone();
            scope.spawn(move || match index {
                0 => {
                    let namespace = universe::service(0).namespace;
                    let services = [universe::service(0), universe::service(1)];
                    follow(&catalog, &services, vec![Topic::Namespace(namespace)]);
                }
                _ => {
                    let services: Vec<_> = (0..index).map(universe::service).collect();
                    let topics = services.iter().cloned().map(Topic::Service).collect();
                    follow(&catalog, &services, topics);
                }
            });
        }
        let mut now = Instant::now();
        for revision in 1..BATCHES {
            now += Duration::from_millis(20);
            let service = usize::from(revision % 3);
            writer.apply(&batch(revision, service..service + 1), now);
        }
        writer.apply(&batch(BATCHES, 0..3), now);
        while writer.flush(now).is_some() {
            now += Duration::from_millis(50);
        }
    });
}
