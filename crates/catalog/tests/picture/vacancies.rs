//! Services that are known and empty: kept up to a number, then unknown again; and how a service begins.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::task::noop_waker_ref;
use paste_catalog::{Catalog, Event, Limits, Subscription, Topic, Writer, catalog};
use paste_model::*;

use crate::universe;

struct World {
    writer: Writer,
    catalog: Catalog,
    now: Instant,
    revision: u64,
}

impl World {
    fn new(empty_services_max: usize) -> Self {
        let (mut writer, catalog) = catalog(Limits {
            empty_services_max,
            ..Limits::default()
        });
        let now = Instant::now();
        writer.load(Epoch(1), Revision(1), Vec::new(), now);
        Self {
            writer,
            catalog,
            now,
            revision: 1,
        }
    }

    /// One batch, and everything emitted.
    fn commit(&mut self, changes: Vec<Change>) {
        self.apply(changes);
        self.settle();
    }

    fn apply(&mut self, changes: Vec<Change>) {
        self.revision += 1;
        let batch = universe::committed(Revision(self.revision), changes);
        self.writer.apply(&batch, self.now);
    }

    fn settle(&mut self) {
        self.now += Duration::from_secs(1);
        while self.writer.flush(self.now).is_some() {
            self.now += Duration::from_secs(1);
        }
    }

    fn known(&self, service: usize) -> bool {
        let key = universe::key(service, 0).service;
        self.catalog
            .service(key.namespace.as_str(), key.name.as_str())
            .is_some()
    }
}

fn register(service: usize, instance: usize) -> Change {
    let value = universe::instance(1, Status::Up, None);
    let key = universe::key(service, instance);
    Change::Put(Record::Instance(key, std::sync::Arc::new(value)))
}

fn deregister(service: usize, instance: usize) -> Change {
    Change::Delete(Key::Instance(universe::key(service, instance)))
}

fn next(subscription: &mut Subscription) -> Option<Event> {
    match subscription.poll_next(&mut Context::from_waker(noop_waker_ref())) {
        Poll::Ready(event) => Some(event),
        Poll::Pending => None,
    }
}

#[test]
fn the_service_that_was_empty_for_longest_becomes_unknown() {
    let mut world = World::new(1);
    for service in [0, 1] {
        world.commit(vec![register(service, 0)]);
    }
    world.commit(vec![deregister(0, 0)]);
    assert!(world.known(0), "known and empty");
    // Whoever changes is counted from then on, and only once.
    world.commit(vec![register(0, 0)]);
    world.commit(vec![deregister(0, 0)]);
    assert!(world.known(0) && world.known(1));
    world.commit(vec![deregister(1, 0)]);
    assert!(!world.known(0), "beyond the number");
    assert!(world.known(1));
    assert_eq!(world.catalog.counts().services, 1);
    world.commit(vec![register(0, 0)]);
    assert!(world.known(0) && world.known(1));
    assert_eq!(world.catalog.counts().services, 2);
}

#[test]
fn a_service_with_settings_stays() {
    let mut world = World::new(0);
    let key = universe::key(0, 0).service;
    let settings = std::sync::Arc::new(ServiceSettings::default());
    world.commit(vec![Change::Put(Record::Service(key, settings))]);
    assert!(world.known(0));
}

#[test]
fn nothing_is_forgotten_before_it_is_told() {
    let mut world = World::new(0);
    let topic = Topic::Service(universe::key(0, 0).service);
    let mut subscription = world.catalog.subscribe(vec![topic], None);
    assert!(matches!(
        next(&mut subscription),
        Some(Event::Snapshot { .. })
    ));
    world.apply(vec![register(0, 0)]);
    world.apply(vec![deregister(0, 0)]);
    assert!(world.known(0), "its end is not emitted yet");
    world.settle();
    world.commit(vec![register(1, 0)]);
    assert!(!world.known(0));
    world.commit(vec![register(0, 1)]);
    let (mut shown, mut last) = (std::collections::BTreeSet::new(), Revision::ZERO);
    while let Some(event) = next(&mut subscription) {
        if let Event::Delta(emission) = event {
            assert!(emission.revision > last);
            last = emission.revision;
            shown.extend(emission.upserted.iter().map(|member| member.id.clone()));
            emission.removed.iter().for_each(|id| {
                shown.remove(id);
            });
        }
    }
    assert!(shown.iter().eq([&universe::key(0, 1).id]));
}

#[test]
fn the_first_news_of_a_service_says_that_it_begins() {
    let mut world = World::new(10);
    let namespace = universe::key(0, 0).service.namespace;
    let mut subscription = world
        .catalog
        .subscribe(vec![Topic::Namespace(namespace)], None);
    assert!(next(&mut subscription).is_none());
    let mut news = |world: &mut World, changes| {
        world.commit(changes);
        match next(&mut subscription) {
            Some(Event::Delta(emission)) => (emission.begins, emission.upserted.len()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        news(&mut world, vec![register(0, 0), register(0, 1)]),
        (true, 2)
    );
    assert_eq!(news(&mut world, vec![register(0, 2)]), (false, 1));
}
