//! Nodes that die, and an etcd that does.

use std::time::{Duration, Instant};

use paste_model::Expect;
use paste_store::etcd::Config;
use paste_store::suite::{batch, commit, put, wait};
use paste_store::{Etcd, Store};

use super::process::Process;
use super::{LONG, SHORT, holds, key, member, names, own, see, seen};
use crate::eventually;
use crate::place::{config, open, shared};
use crate::proxy::Proxy;
use crate::server::Server;

/// The same way to etcd, through `proxy`.
fn through(proxy: &Proxy, config: &Config) -> Config {
    Config {
        endpoints: vec![proxy.address().to_owned()],
        ..config.clone()
    }
}

/// That its word counts, as soon as it is a member.
fn judges(store: &Etcd, node: &str) {
    eventually("its word counts", || {
        let at = holds(store);
        let fenced = batch([(key(node), Expect::At(at))], [put("verdict", 1)]);
        wait(store.commit(fenced)).is_ok()
    });
}

#[test]
fn a_store_that_is_closed_is_gone_at_once() {
    let server = shared();
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store], &["node-1", "node-2"]);
    drop(other);
    see(&[&store], &["node-1"]);
}

#[test]
fn a_killed_node_is_gone_when_its_lease_is() {
    let server = shared();
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let mut process = Process::start(&config, "node-2", SHORT);
    see(&[&store], &["node-1", "node-2"]);
    process.kill();
    see(&[&store], &["node-1"]);
}

#[test]
fn a_killed_node_has_its_name_back_before_its_lease_has_run_out() {
    let server = shared();
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let mut process = Process::start(&config, "node-2", LONG);
    see(&[&store], &["node-1", "node-2"]);
    let before = seen(&store).nodes[1].revision;
    process.kill();
    let again = open(&member(&config, "node-2", LONG));
    let after = holds(&again);
    assert!(after > before);
    eventually("others see it", || seen(&store).nodes[1].revision == after);
    judges(&again, "node-2");
}

#[test]
fn a_node_that_is_cut_off_knows_it_before_others_do_and_comes_back() {
    let server = shared();
    let config = config(&server, "node-1");
    let proxy = Proxy::start(server.endpoint());
    let ttl = Duration::from_secs(10);
    let store = open(&through(&proxy, &member(&config, "node-1", ttl)));
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store, &other], &["node-1", "node-2"]);
    let before = holds(&store);
    proxy.cut();
    eventually("it knows", || own(&store).is_none());
    assert_eq!(names(&other), ["node-1", "node-2"], "its lease still runs");
    see(&[&other], &["node-2"]);
    assert_eq!(names(&store), ["node-1", "node-2"], "as it was known last");
    let third = open(&member(&config, "node-3", LONG));
    proxy.mend();
    see(&[&store, &other, &third], &["node-1", "node-2", "node-3"]);
    assert!(holds(&store) > before);
    judges(&store, "node-1");
}

#[test]
fn a_node_whose_name_was_taken_while_it_was_cut_off_does_not_fight() {
    let server = shared();
    let config = config(&server, "node-1");
    let proxy = Proxy::start(server.endpoint());
    let loser = open(&through(&proxy, &member(&config, "node-1", SHORT)));
    proxy.cut();
    eventually("it knows", || own(&loser).is_none());
    let winner = open(&member(&config, "node-1", LONG));
    let at = holds(&winner);
    proxy.mend();
    // What it would do it does while it sees others come and go.
    for _ in 0..5 {
        let other = open(&member(&config, "node-2", LONG));
        see(&[&loser, &winner], &["node-1", "node-2"]);
        drop(other);
        see(&[&loser, &winner], &["node-1"]);
    }
    assert_eq!((own(&loser), own(&winner)), (None, Some(at)));
    judges(&winner, "node-1");
    assert_eq!(own(&winner), Some(at));
}

/// What happened while a node was away, however much, is read when it is back, whether etcd has forgotten it or not.
#[test]
fn a_short_cut_costs_nothing_even_if_etcd_forgets() {
    let server = Server::start(&[]);
    let config = config(&server, "node-1");
    let proxy = Proxy::start(server.endpoint());
    let store = open(&through(&proxy, &member(&config, "node-1", LONG)));
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store], &["node-1", "node-2"]);
    let before = own(&store);
    proxy.cut();
    drop(other);
    let third = open(&member(&config, "node-3", LONG));
    let last = commit(&third, (0..10).map(|number| put(&format!("k{number}"), 1)));
    let body = format!("{{\"revision\":\"{last}\",\"physical\":true}}");
    server.ask("/v3/kv/compaction", &body);
    proxy.mend();
    see(&[&store], &["node-1", "node-3"]);
    assert_eq!(own(&store), before, "its lease has run all the while");
    judges(&store, "node-1");
}

/// Whichever of the answers that it takes to join gets lost, with the connection.
#[test]
fn lost_answers_cost_no_membership() {
    let server = shared();
    let config = config(&server, "node-1");
    let proxy = Proxy::start(server.endpoint());
    let config = through(&proxy, &config);
    for passed in 0..16 {
        proxy.lose_an_answer(passed);
        let node = format!("node-{passed}");
        let store = open(&member(&config, &node, LONG));
        judges(&store, &node);
        see(&[&store], &[&node]);
    }
}

#[test]
fn an_etcd_that_is_killed_and_comes_back_costs_no_membership() {
    let mut server = Server::start(&[]);
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let other = open(&member(&config, "node-2", LONG));
    let before = (holds(&store), holds(&other));
    for _ in 0..2 {
        server.stop();
        server.resume();
    }
    let third = open(&member(&config, "node-3", LONG));
    let stores = [&store, &other, &third];
    see(&stores, &["node-1", "node-2", "node-3"]);
    assert_eq!((holds(&store), holds(&other)), before);
    judges(&store, "node-1");
}

#[test]
fn an_etcd_that_is_frozen_for_longer_than_the_lease_costs_it_and_no_more() {
    let server = Server::start(&[]);
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", SHORT));
    let other = open(&member(&config, "node-2", SHORT));
    see(&[&store, &other], &["node-1", "node-2"]);
    let secret = seen(&store).secret;
    server.freeze();
    let frozen = Instant::now();
    for store in [&store, &other] {
        eventually("it knows", || own(store).is_none());
        assert_eq!(names(store), ["node-1", "node-2"], "as it was known last");
    }
    eventually("the leases are over", || frozen.elapsed() > 2 * SHORT);
    server.thaw();
    judges(&store, "node-1");
    judges(&other, "node-2");
    see(&[&store, &other], &["node-1", "node-2"]);
    assert_eq!(seen(&other).secret, secret);
}

#[test]
fn a_wiped_etcd_gets_its_members_back_and_another_secret() {
    let mut server = Server::start(&[]);
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", SHORT));
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store, &other], &["node-1", "node-2"]);
    let (epoch, secret) = (store.epoch(), seen(&store).secret);
    server.wipe();
    server.resume();
    judges(&store, "node-1");
    judges(&other, "node-2");
    see(&[&store, &other], &["node-1", "node-2"]);
    assert_ne!(store.epoch(), epoch);
    for store in [&store, &other] {
        eventually("another secret", || seen(store).secret != secret);
    }
    assert_eq!(seen(&store).secret, seen(&other).secret);
}

/// What an earlier process of a name wrote comes back with it, its lease included, and is taken over again.
#[test]
fn an_etcd_that_went_back_gives_no_name_to_the_dead() {
    let mut server = Server::start(&[]);
    let config = config(&server, "node-1");
    let other = open(&member(&config, "node-2", LONG));
    let mut process = Process::start(&config, "node-1", LONG);
    see(&[&other], &["node-1", "node-2"]);
    process.kill();
    server.stop();
    let copy = server.copy();
    server.resume();
    let store = open(&member(&config, "node-1", LONG));
    // So far that nothing that is written afterwards makes up for it.
    for number in 0..20 {
        commit(&store, [put("a", number)]);
    }
    let epoch = store.epoch();
    server.stop();
    server.put_back(&copy);
    server.resume();
    eventually("it went back", || store.epoch() != epoch);
    let third = open(&member(&config, "node-3", LONG));
    let stores = [&store, &other, &third];
    see(&stores, &["node-1", "node-2", "node-3"]);
    for (store, node) in stores.into_iter().zip(["node-1", "node-2", "node-3"]) {
        judges(store, node);
    }
    let at = own(&store);
    eventually("others see it", || {
        Some(seen(&third).nodes[0].revision) == at
    });
}

#[test]
fn a_cluster_of_etcd_that_loses_a_member_costs_no_membership() {
    let mut servers = Server::start_three();
    let mut config = config(&servers[0], "node-1");
    config.endpoints = servers.iter().map(Server::endpoint).collect();
    let store = open(&member(&config, "node-1", LONG));
    let before = own(&store);
    servers[0].stop();
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store, &other], &["node-1", "node-2"]);
    servers[0].resume();
    servers[1].freeze();
    judges(&store, "node-1");
    other.leave();
    see(&[&store], &["node-1"]);
    assert_eq!(own(&store), before);
    servers[1].thaw();
}

/// The lease runs out by itself; the exit isn't held up by what would end it sooner.
#[test]
fn a_silent_etcd_does_not_hold_a_close_up() {
    let server = Server::start(&[]);
    let store = open(&member(&config(&server, "node-1"), "node-1", LONG));
    server.freeze();
    store.leave();
    let begun = Instant::now();
    drop(store);
    let took = begun.elapsed();
    // What is promised is a little; what is looked for is a wait without end.
    assert!(took < Duration::from_secs(30), "{took:?}");
}
