//! An etcd that is slow, away, wiped, put back to an old copy, or has forgotten what a lagging node needs.

use std::thread;
use std::time::Duration;

use paste_tests::cluster::Plan;
use paste_tests::proxy::Way;
use paste_tests::until;
use serde_json::json;

use super::{heard_again, shown, watched};

const LONG: Duration = Duration::from_secs(15);

#[test]
fn an_etcd_that_is_away_costs_nobody_and_comes_back() {
    let mut cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "away", 20);
    cluster.etcd.kill();
    thread::sleep(LONG);
    heard_again(&crowd);
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    for node in cluster.nodes() {
        node.expect("PUT", "/api/v1/services/away/instances/x", Some(&body), 503);
        node.expect(
            "GET",
            "/api/v1/services/away/instances?consistent=true",
            None,
            503,
        );
    }
    cluster.etcd.resume();
    cluster.settle();
    heard_again(&crowd);
    shown(&cluster, "away", &crowd.ids(0..20));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

/// apisix#10422: what was deleted by nobody was gone everywhere once the store was read anew.
#[test]
fn a_wiped_etcd_gets_back_what_the_nodes_know_apisix_10422() {
    let mut cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "wiped", 20);
    cluster.etcd.wipe();
    cluster.etcd.resume();
    cluster.settle();
    heard_again(&crowd);
    shown(&cluster, "wiped", &crowd.ids(0..20));
    // A node that knows nothing reads it from etcd, where it is again.
    let mut cluster = cluster;
    cluster.node(0).stop();
    cluster.node(0).start_again();
    cluster.settle();
    shown(&cluster, "wiped", &crowd.ids(0..20));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

/// What was registered after the copy was made is written back; nobody's list is shorter meanwhile.
#[test]
fn an_etcd_put_back_to_an_old_copy_loses_nothing_that_is_alive() {
    let mut cluster = Plan::default().start();
    let (early, early_vigil) = watched(&cluster, "early", 10);
    cluster.etcd.kill();
    let copy = cluster.etcd.members()[0].copy();
    cluster.etcd.resume();
    cluster.settle();
    let (late, late_vigil) = watched(&cluster, "late", 10);
    cluster.etcd.kill();
    cluster.etcd.members()[0].put_back(&copy);
    cluster.etcd.resume();
    cluster.settle();
    heard_again(&early);
    heard_again(&late);
    shown(&cluster, "early", &early.ids(0..10));
    shown(&cluster, "late", &late.ids(0..10));
    early_vigil.end();
    late_vigil.end();
}

#[test]
fn the_death_of_the_leader_of_etcd_costs_nobody() {
    let mut cluster = Plan::default().members(3).start();
    let (crowd, vigil) = watched(&cluster, "leader", 20);
    let etcd = &cluster.etcd;
    let leader = until("etcd has a leader", String::new, || etcd.leader());
    cluster.etcd.member(leader).kill();
    let body = json!({ "address": "10.0.0.1", "port": 80 });
    for node in cluster.nodes() {
        let target = format!("/api/v1/services/after/instances/{}", node.name());
        let put = || node.ask("PUT", &target, Some(&body)).ok();
        until("it takes writes again", String::new, || {
            put().filter(|reply| reply.status < 300)
        });
    }
    heard_again(&crowd);
    cluster.etcd.member(leader).resume();
    cluster.settle();
    shown(&cluster, "leader", &crowd.ids(0..20));
    vigil.end();
}

#[test]
fn a_slow_etcd_costs_nobody() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "slow", 20);
    for node in cluster.nodes() {
        node.slow_etcd(Duration::from_millis(500));
    }
    thread::sleep(LONG);
    heard_again(&crowd);
    cluster.heal();
    cluster.settle();
    shown(&cluster, "slow", &crowd.ids(0..20));
    vigil.end();
}

#[test]
fn the_death_of_all_members_of_etcd_costs_nobody() {
    let mut cluster = Plan::default().members(3).start();
    let (crowd, vigil) = watched(&cluster, "members", 20);
    cluster.etcd.kill();
    thread::sleep(LONG);
    heard_again(&crowd);
    cluster.etcd.resume();
    cluster.settle();
    heard_again(&crowd);
    shown(&cluster, "members", &crowd.ids(0..20));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

/// apisix#11144: a follower that lagged behind what the store still had was stuck with what it knew until its restart.
#[test]
fn an_etcd_that_has_forgotten_what_a_lagging_node_needs_is_read_anew_apisix_11144() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "lagging", 10);
    cluster[2].cut_from_etcd(Way::Both);
    let body = json!({ "address": "10.0.0.1", "port": 80, "ephemeral": false });
    for number in 0..50 {
        let target = format!("/api/v1/services/missed/instances/i{number:02}");
        cluster[0].expect("PUT", &target, Some(&body), 201);
    }
    cluster.etcd.compact();
    cluster.heal();
    cluster.settle();
    let expected: Vec<String> = (0..50).map(|number| format!("i{number:02}")).collect();
    shown(&cluster, "missed", &expected);
    heard_again(&crowd);
    shown(&cluster, "lagging", &crowd.ids(0..10));
    vigil.end();
}
