//! Nodes that die, freeze, come back, and are stopped in order.

use std::thread;
use std::time::Duration;

use paste_tests::cluster::Plan;

use super::{heard_again, shown, watched};

/// Longer than any session of the crowd may be silent: what would be wrongly removed is by then.
const LONG: Duration = Duration::from_secs(15);
/// Many leases, and many times what a session may be silent.
const FROZEN: Duration = Duration::from_secs(60);

/// nacos#7697: the nodes that took over judged by time stamps that had stood still, and removed who was alive.
#[test]
fn a_node_that_is_killed_costs_nobody_nacos_7697() {
    let mut cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "killed", 30);
    cluster.node(1).kill();
    thread::sleep(LONG);
    cluster.settle();
    heard_again(&crowd);
    cluster.node(1).start_again();
    cluster.settle();
    shown(&cluster, "killed", &crowd.ids(0..30));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

/// A node that was frozen for longer than its lease wakes up with old knowledge, and must judge nobody by it.
#[test]
fn a_node_that_was_frozen_judges_nobody_when_it_wakes() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "frozen", 30);
    cluster[2].freeze();
    thread::sleep(FROZEN);
    cluster[2].thaw();
    cluster.settle();
    heard_again(&crowd);
    shown(&cluster, "frozen", &crowd.ids(0..30));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

#[test]
fn all_nodes_can_be_restarted_one_after_the_other_and_nobody_notices() {
    let mut cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "rolling", 30);
    for index in 0..3 {
        cluster.node(index).stop();
        heard_again(&crowd);
        cluster.node(index).start_again();
        cluster.settle();
        heard_again(&crowd);
    }
    shown(&cluster, "rolling", &crowd.ids(0..30));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}

#[test]
fn a_session_that_another_node_owns_is_kept_alive_through_any() {
    let cluster = Plan::default().start();
    let (crowd, vigil) = watched(&cluster, "through", 12);
    for node in 0..3 {
        crowd.send(0..12, node);
        crowd.until("all have moved", |life| life.home == node && life.streaming);
        thread::sleep(LONG / 2);
    }
    let told: u64 = cluster
        .nodes()
        .iter()
        .filter_map(|node| node.status()["told_total"].as_u64())
        .sum();
    assert!(
        told > 0,
        "most are owned by another node than they speak to"
    );
    shown(&cluster, "through", &crowd.ids(0..12));
    vigil.end();
}
