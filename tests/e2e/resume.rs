//! Streams that end and go on: inside the ring, across a restart, and into another history.

use paste_tests::registry::Registry;
use paste_tests::watch::{Picture, Watcher};

use crate::{instance, registration};

/// Follows `service` until it shows `ids`; gives what was seen.
fn see(registry: &Registry, service: &str, ids: &[&str], last_id: Option<String>) -> Picture {
    let watcher = Watcher::resume(registry.address(), &format!("service={service}"), last_id);
    watcher.until(&format!("{service} shows {ids:?} and an id"), |picture| {
        (picture.healthy(service) == ids && picture.last_id.is_some()).then_some(())
    });
    watcher.picture()
}

/// Follows from `last_id` until the events alone (the picture begins empty) have brought `id`.
fn resume(registry: &Registry, service: &str, id: &str, last_id: Option<String>) -> Picture {
    let watcher = Watcher::resume(registry.address(), &format!("service={service}"), last_id);
    watcher.until(&format!("{id} comes"), |picture| {
        let comes = picture.events.iter().any(|(_, data)| {
            ["instances", "upserted"]
                .iter()
                .filter_map(|field| data[*field].as_array())
                .any(|shown| shown.iter().any(|instance| instance["id"] == id))
        });
        comes.then_some(())
    });
    watcher.picture()
}

#[test]
fn a_short_absence_costs_deltas_only() {
    let registry = Registry::start();
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let before = see(&registry, "a", &["one"], None);
    registry.expect("PUT", &instance("a", "two"), Some(&registration()), 201);
    let after = resume(&registry, "a", "two", before.last_id);
    assert_eq!(after.count("snapshot"), 0, "{:?}", after.events);
    assert_eq!(after.count("reset"), 0, "{:?}", after.events);
}

#[test]
fn a_restart_of_the_registry_loses_nothing_and_resets_nobody() {
    let mut registry = Registry::start();
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let before = see(&registry, "a", &["one"], None);
    registry.expect("PUT", &instance("a", "two"), Some(&registration()), 201);
    registry.kill();
    registry.start_again();
    registry.expect("PUT", &instance("a", "three"), Some(&registration()), 201);
    let after = resume(&registry, "a", "three", before.last_id);
    assert_eq!(after.count("reset"), 0, "{:?}", after.events);
    assert_eq!(
        see(&registry, "a", &["one", "three", "two"], None).complaints,
        Vec::<String>::new()
    );
}

#[test]
fn an_id_of_another_history_is_answered_with_a_reset() {
    let mut registry = Registry::start();
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let last_id = see(&registry, "a", &["one"], None).last_id;
    let foreign = Registry::start();
    foreign.expect("PUT", &instance("a", "other"), Some(&registration()), 201);
    let seen = resume(&foreign, "a", "other", last_id.clone());
    assert_eq!(seen.count("reset"), 1, "{:?}", seen.events);

    // The same history, but a revision that it hasn't reached.
    let last_id = last_id.expect("an id was waited for");
    let (epoch, _) = last_id.rsplit_once('-').expect("<epoch>-<revision>");
    let seen = resume(&registry, "a", "one", Some(format!("{epoch}-999999999")));
    assert_eq!(seen.count("reset"), 1, "{:?}", seen.events);
    assert!(registry.terminate().success());
}
