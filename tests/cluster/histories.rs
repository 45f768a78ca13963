//! Conditional writes and consistent reads are linearizable, whatever befalls the nodes and etcd.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::cluster::{Cluster, Plan};
use paste_tests::dice::Dice;
use paste_tests::linear;
use paste_tests::proxy::Way;
use paste_tests::registers::{Registers, Rules};
use paste_tests::{until, until_within};

/// Operations after which a short run has seen enough. The long form is `cargo xtask chaos`.
const ENOUGH: usize = 3_000;
/// How long a fault lasts: longer than a lease.
const LASTS: Duration = Duration::from_secs(4);
/// How long a busy machine may take for all of them.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn conditional_writes_and_consistent_reads_are_linearizable_under_faults() {
    let mut cluster = Plan::default().members(3).start();
    let dice = Dice::new(3);
    let registers = Registers::begin(&cluster.doors(), Rules::default(), &dice);
    cluster.node(0).kill();
    thread::sleep(LASTS);
    cluster.node(0).start_again();
    cluster.settle();
    for way in [Way::Both, Way::To, Way::From] {
        cluster[1].cut_from_etcd(way);
        thread::sleep(LASTS);
        cluster.heal();
        cluster.settle();
    }
    cluster[2].freeze();
    thread::sleep(LASTS);
    cluster[2].thaw();
    cluster.settle();
    let etcd = &cluster.etcd;
    let leader = until("etcd has a leader", String::new, || etcd.leader());
    cluster.etcd.member(leader).kill();
    thread::sleep(LASTS);
    cluster.etcd.member(leader).resume();
    cluster.settle();
    let seen = || registers.done().to_string();
    until_within(PATIENCE, "enough is seen", seen, || {
        (registers.done() >= ENOUGH).then_some(())
    });
    let history = registers.end();
    let undecided = linear::check(&history).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(undecided, 0, "registers that were too hard to tell");
}

/// The same, with a fault made on purpose: reads that don't catch up, at a node that can't.
#[test]
fn reads_that_do_not_catch_up_are_found_out() {
    let cluster = Plan::default().start();
    let rules = Rules {
        consistent: false,
        ..Rules::default()
    };
    let registers = Registers::begin(&cluster.doors(), rules, &Dice::new(4));
    cluster[1].cut_from_etcd(Way::Both);
    played(&cluster, &registers, 500);
    let history = registers.end();
    assert!(
        linear::check(&history).is_err(),
        "what is old was taken for new in {} operations, and nobody noticed",
        history.len()
    );
}

/// Waits for so many more operations, and until the node that is cut off has missed some.
fn played(cluster: &Cluster, registers: &Registers, count: usize) {
    let (begun, before) = (Instant::now(), registers.done());
    let seen = || format!("{} {:#}", registers.done(), cluster[1].status());
    until("they have played for a while", seen, || {
        (registers.done() >= before + count && begun.elapsed() > LASTS).then_some(())
    });
}
