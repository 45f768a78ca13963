//! Which nodes there are, and what a node that may not be one any more can't do.

mod ends;
mod fence;
mod process;

use std::time::Duration;

use paste_model::{Key, NodeName, Revision, Timestamp};
use paste_store::etcd::{Config, EtcdError};
use paste_store::suite::{batch, commit, put, wait};
use paste_store::{Etcd, Membership, Store, StoreError};

use crate::eventually;
use crate::place::{config, open, shared};
use crate::server::Server;

/// A lease that doesn't run out while a test runs.
const LONG: Duration = Duration::from_secs(600);
/// The shortest that etcd grants.
const SHORT: Duration = Duration::from_secs(2);

/// Settings of a member of the registry that `config` says.
fn member(config: &Config, node: &str, lease_ttl: Duration) -> Config {
    Config {
        node: name(node),
        url: Some(format!("http://{node}.example:7750")),
        joined: Timestamp(7),
        version: "1.2.3".to_owned(),
        lease_ttl,
        ..config.clone()
    }
}

fn name(node: &str) -> NodeName {
    node.parse().expect("a valid name")
}

fn key(node: &str) -> Key {
    Key::Node(name(node))
}

fn seen(store: &Etcd) -> Membership {
    store.membership().expect("it is a member").borrow().clone()
}

fn own(store: &Etcd) -> Option<Revision> {
    seen(store).own
}

fn names(store: &Etcd) -> Vec<String> {
    let nodes = seen(store).nodes;
    nodes.iter().map(|node| node.name.to_string()).collect()
}

/// Waits until each of `stores` sees exactly `nodes`.
fn see(stores: &[&Etcd], nodes: &[&str]) {
    for store in stores {
        eventually("the nodes are seen", || names(store) == nodes);
    }
}

/// Waits until a node holds its record; tells the revision.
fn holds(store: &Etcd) -> Revision {
    eventually("the node is a member", || own(store).is_some());
    own(store).expect("it was a moment ago")
}

#[test]
fn nodes_see_each_other_and_share_a_secret() {
    let server = shared();
    let config = config(&server, "node-1");
    let first = open(&member(&config, "node-1", LONG));
    // Who has just opened is there.
    assert_eq!(names(&first), ["node-1"]);
    let second = open(&member(&config, "node-2", LONG));
    assert_eq!(names(&second), ["node-1", "node-2"]);
    let third = open(&member(&config, "node-3", LONG));
    let stores = [&first, &second, &third];
    see(&stores, &["node-1", "node-2", "node-3"]);
    let secret = seen(&first).secret;
    assert_eq!(secret.reveal().len(), 64);
    for (place, store) in stores.into_iter().enumerate() {
        let membership = seen(store);
        assert_eq!(membership.nodes, seen(&first).nodes);
        assert_eq!(membership.secret, secret);
        assert!(!format!("{membership:?}").contains(secret.reveal()));
        let node = &membership.nodes[place];
        assert_eq!(Some(node.revision), membership.own);
        assert_eq!(node.url, format!("http://{}.example:7750", node.name));
        assert_eq!(node.joined, Timestamp(7));
        assert_eq!(node.version, "1.2.3");
    }
    let elsewhere = open(&member(&self::config(&server, "x"), "node-1", LONG));
    assert_eq!(names(&elsewhere), ["node-1"], "another registry");
    assert_ne!(seen(&elsewhere).secret, secret);
}

#[test]
fn a_store_without_a_url_is_no_member_and_others_are_not_told() {
    let server = shared();
    let config = config(&server, "node-1");
    let outside = open(&config);
    assert!(outside.membership().is_none());
    outside.leave();
    let inside = open(&member(&config, "node-2", LONG));
    see(&[&inside], &["node-2"]);
    commit(&outside, [put("a", 1)]);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let server = shared();
    let sound = member(&config(&server, "node-1"), "node-1", LONG);
    let with_url = |url: &str| Config {
        url: Some(url.to_owned()),
        ..sound.clone()
    };
    let with_ttl = |lease_ttl| Config {
        lease_ttl,
        ..sound.clone()
    };
    for (config, named) in [
        (with_url("node-1:7750"), "url"),
        (with_url("http://node-1:7750/path"), "url"),
        (with_ttl(Duration::from_millis(999)), "lease_ttl"),
        (with_ttl(Duration::from_secs(3_601)), "lease_ttl"),
    ] {
        let error = Etcd::open(config).map(drop).expect_err("refused");
        assert!(
            matches!(&error, StoreError::Etcd(EtcdError::Setting { setting, .. }) if *setting == named),
            "{error:?}"
        );
    }
}

/// Neither loads nor change streams show the members, and a restore leaves them as they are.
#[test]
fn members_are_no_records() {
    let server = shared();
    let config = config(&server, "node-1");
    let store = open(&member(&config, "node-1", LONG));
    let begin = commit(&store, [put("a", 1)]);
    let mut stream = store.changes(begin).expect("streams");
    let other = open(&member(&config, "node-2", LONG));
    see(&[&store], &["node-1", "node-2"]);
    let last = commit(&store, [put("b", 1)]);
    let said = paste_store::suite::drain(&mut stream, last);
    assert_eq!(said.len(), 1, "{said:?}");
    let (before, picture) = (seen(&store), store.load().expect("loads"));
    assert_eq!(picture.entries.len(), 2);
    other.restore(picture).expect("restores");
    // Whatever would have changed is seen by now.
    let third = open(&member(&config, "node-3", LONG));
    see(&[&store, &other, &third], &["node-1", "node-2", "node-3"]);
    assert_eq!(seen(&store).own, before.own);
    assert_eq!(seen(&store).secret, before.secret);
    let fenced = batch(
        [(key("node-1"), paste_model::Expect::At(holds(&store)))],
        [],
    );
    wait(store.commit(fenced)).expect("it is a member");
}

/// Has every lease of `server` revoked behind the back of those who have them.
fn revoke_all(server: &Server) {
    let leases = server.ask("/v3/lease/leases", "{}");
    let ids = leases.split("\"ID\":\"").skip(1);
    for id in ids.filter_map(|rest| rest.split('"').next()) {
        server.ask("/v3/lease/revoke", &format!("{{\"ID\":\"{id}\"}}"));
    }
}
