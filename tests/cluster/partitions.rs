//! Nodes that are cut off: from etcd, from each other, from their clients, in one direction or both.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::cluster::Plan;
use paste_tests::proxy::Way;
use paste_tests::until;
use serde_json::json;

use super::{heard_again, shown, watched};

const LONG: Duration = Duration::from_secs(15);

#[test]
fn a_node_cut_off_from_etcd_says_so_and_goes_on() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "islet", 20);
    cluster[0].cut_from_etcd(Way::Both);
    let target = "/api/v1/services/islet/instances";
    let reply = || cluster[0].get(target).expect("it answers");
    let seen = || format!("{:?}", reply().headers);
    until("it says that it is isolated", seen, || {
        let reply = reply();
        (reply.header("x-registry-isolated") == Some("true")
            && reply.header("x-registry-stale").is_some())
        .then_some(())
    });
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    let refused = cluster[0].expect("PUT", &format!("{target}/new"), Some(&body), 503);
    assert!(refused.header("retry-after").is_some());
    thread::sleep(LONG);
    heard_again(&crowd);
    cluster[0].heal();
    cluster.settle();
    // A write that was on its way when the cut came may have got through since; nobody could say, and the answer said so.
    let arrived = cluster[2]
        .get(&format!("{target}/new"))
        .expect("it answers");
    let status = match refused.json()["code"] == "outcome-unknown" && arrived.status == 200 {
        true => 200,
        false => 201,
    };
    let created = cluster[0].expect("PUT", &format!("{target}/new"), Some(&body), status);
    let revision = created.json()["revision"].clone();
    // Whoever knows the revision reads it anywhere.
    for node in cluster.nodes() {
        let target = format!("{target}?after={revision}&wait=0s");
        assert!(
            node.expect("GET", &target, None, 200)
                .text()
                .contains("\"new\"")
        );
    }
    vigil.end();
}

#[test]
fn a_node_cut_off_from_etcd_in_one_direction_judges_nobody() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "oneway", 20);
    for way in [Way::To, Way::From] {
        cluster[1].cut_from_etcd(way);
        thread::sleep(LONG);
        heard_again(&crowd);
        cluster.heal();
        cluster.settle();
        heard_again(&crowd);
    }
    shown(&cluster, "oneway", &crowd.ids(0..20));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

/// nacos#13955: a partition among the registry's own nodes had a batch of healthy instances removed.
#[test]
fn nodes_that_cannot_hear_each_other_remove_nobody_nacos_13955() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "deaf", 30);
    for way in [Way::Both, Way::To, Way::From] {
        cluster.cut_from_peers(1, way);
        thread::sleep(LONG);
        cluster.heal();
        cluster.settle();
        heard_again(&crowd);
    }
    shown(&cluster, "deaf", &crowd.ids(0..30));
    vigil.end();
}

#[test]
fn a_node_cut_off_from_its_clients_loses_them_to_others() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "door", 20);
    let before = Instant::now();
    cluster[2].door().cut(Way::Both);
    crowd.until("all are at another node", |life| {
        life.home != 2 && life.heard.is_some_and(|heard| heard > before)
    });
    thread::sleep(LONG);
    cluster[2].door().heal();
    shown(&cluster, "door", &crowd.ids(0..20));
    vigil.end();
}
