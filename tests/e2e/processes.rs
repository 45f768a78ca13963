//! Twenty real services, some killed, some stopped, one paused, the registry restarted in between: what the watchers
//! saw is compared with the truth.

use std::collections::BTreeMap;

use paste_tests::registry::Registry;
use paste_tests::service::{Liveness, Service};
use paste_tests::until;
use paste_tests::watch::Watcher;

use crate::{ids, instances, service_program};

const SERVICES: [&str; 4] = ["carts", "orders", "payments", "stock"];
const INSTANCES_PER_SERVICE: usize = 5;

/// The processes of the scenario, and what must be true of them.
struct World {
    registry: Registry,
    liveness: Liveness,
    services: BTreeMap<(String, String), Service>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            registry: Registry::start(),
            liveness: Liveness::seconds(3, 6),
            services: BTreeMap::new(),
        };
        for service in SERVICES {
            for number in 0..INSTANCES_PER_SERVICE {
                world.launch(service, &format!("{service}-{number}"));
            }
        }
        world
    }

    fn launch(&mut self, service: &str, id: &str) {
        let address = self.registry.address();
        let process = Service::start(service_program(), address, service, id, &self.liveness);
        self.services
            .insert((service.to_owned(), id.to_owned()), process);
    }

    fn take(&mut self, service: &str, number: usize) -> Service {
        let key = (service.to_owned(), format!("{service}-{number}"));
        self.services.remove(&key).expect("it was launched")
    }

    /// Who is alive and not paused.
    fn alive(&self, service: &str) -> Vec<String> {
        let keys = self.services.keys().filter(|(name, _)| name == service);
        keys.map(|(_, id)| id.clone()).collect()
    }

    /// Waits until every watcher and the registry's own answer show exactly who is alive.
    fn settle(&self, watchers: &[Watcher]) {
        for service in SERVICES {
            let mut alive = self.alive(service);
            alive.sort();
            for watcher in watchers {
                watcher.until_healthy(service, &alive);
            }
            let answer = || {
                self.registry
                    .expect("GET", &instances(service), None, 200)
                    .json()
            };
            until(
                &format!("the registry lists {alive:?}"),
                || answer().to_string(),
                || (ids(&answer()) == alive).then_some(()),
            );
        }
    }
}

#[test]
fn watchers_see_what_happened_and_nothing_else() {
    let mut world = World::new();
    let everything = SERVICES
        .map(|service| format!("service={service}"))
        .join("&");
    let watchers = [
        Watcher::start(world.registry.address(), &everything),
        Watcher::start(world.registry.address(), "service=*"),
    ];
    world.settle(&watchers);

    let mut ended = vec![
        world.take("carts", 0),
        world.take("orders", 0),
        world.take("payments", 0),
    ];
    ended.iter_mut().for_each(Service::kill);
    let mut stopped = vec![
        world.take("carts", 1),
        world.take("orders", 1),
        world.take("stock", 0),
    ];
    stopped.iter_mut().for_each(Service::stop);
    ended.append(&mut stopped);
    let paused = world.take("payments", 1);
    paused.pause();
    world.settle(&watchers);

    // A crash of the registry, during which two services die and one is born.
    world.registry.kill();
    for (service, number) in [("stock", 1), ("orders", 2)] {
        let mut service = world.take(service, number);
        service.kill();
        ended.push(service);
    }
    world.launch("stock", "stock-late");
    world.registry.start_again();
    world.settle(&watchers);

    // The paused one wakes, finds itself forgotten, and comes back by itself.
    paused.resume();
    world
        .services
        .insert(("payments".to_owned(), "payments-1".to_owned()), paused);
    world.settle(&watchers);

    // An orderly restart.
    assert!(world.registry.terminate().success());
    let mut last = world.take("carts", 2);
    last.kill();
    ended.push(last);
    world.registry.start_again();
    world.settle(&watchers);

    for watcher in &watchers {
        never_wrong(&world, watcher);
    }
}

/// Who lived through the whole scenario was never gone and never failing, whatever else happened.
fn never_wrong(world: &World, watcher: &Watcher) {
    let picture = watcher.picture();
    assert_eq!(picture.complaints, Vec::<String>::new());
    assert!(picture.connections >= 3, "it followed through two restarts");
    assert_eq!(
        picture.count("reset"),
        0,
        "the history is the same after a restart"
    );
    let steady: Vec<&String> = world
        .services
        .keys()
        .map(|(_, id)| id)
        .filter(|id| *id != "payments-1" && *id != "stock-late")
        .collect();
    assert!(steady.len() >= 10);
    for (event, data) in &picture.events {
        let removed = data["removed"].as_array().into_iter().flatten();
        for id in removed.filter_map(|id| id.as_str()) {
            assert!(
                !steady.iter().any(|steady| *steady == id),
                "{id} was removed: {event} {data}"
            );
        }
        let shown = ["instances", "upserted"].map(|field| data[field].as_array());
        for instance in shown.into_iter().flatten().flatten() {
            let id = instance["id"].as_str().unwrap_or_default();
            let wrongly =
                instance["health"] == "failing" && steady.iter().any(|steady| *steady == id);
            assert!(!wrongly, "{id} was failing: {event} {data}");
        }
    }
}
