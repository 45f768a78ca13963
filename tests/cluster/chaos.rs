//! Traffic and faults by chance, for as long as one likes, with the promises checked along the way and at the end: nobody
//! who lives is missing anywhere, nobody who died stays, and what was read and written could have happened in one order.
//!
//! `cargo xtask chaos --seconds 600 --seed 1` is the long form.

use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::time::{Duration, Instant};
use std::{env, thread};

use paste_tests::cluster::{Cluster, Plan};
use paste_tests::crowd::{Crowd, Habits};
use paste_tests::dice::Dice;
use paste_tests::linear;
use paste_tests::proxy::Way;
use paste_tests::registers::{Registers, Rules};

use super::{heard_again, shown, watched};

/// Seconds of the short form.
const SECONDS: u64 = 45;
/// How long a fault lasts, in milliseconds.
const LASTS: std::ops::Range<u64> = 500..6_000;
/// How many may die.
const MORTALS: usize = 40;

/// A fault that can be undone.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed(usize),
    Stopped(usize),
    Frozen(usize),
    CutFromEtcd(usize, Way),
    CutFromPeers(usize, Way),
    CutFromClients(usize),
    SlowEtcd(Duration),
    MemberKilled(usize),
    MemberFrozen(usize),
    EtcdKilled,
}

impl Fault {
    fn by(dice: &mut Dice) -> Self {
        let node = dice.below(3);
        let way = [Way::Both, Way::To, Way::From][dice.below(3)];
        match dice.within(0..20) {
            0..4 => Self::Killed(node),
            4..6 => Self::Stopped(node),
            6..8 => Self::Frozen(node),
            8..11 => Self::CutFromEtcd(node, way),
            11..13 => Self::CutFromPeers(node, way),
            13 => Self::CutFromClients(node),
            14..16 => Self::SlowEtcd(dice.millis(50..300)),
            16..18 => Self::MemberKilled(node),
            18 => Self::MemberFrozen(node),
            _ => Self::EtcdKilled,
        }
    }

    fn begin(self, cluster: &mut Cluster) {
        match self {
            Self::Killed(node) => cluster.node(node).kill(),
            Self::Stopped(node) => cluster.node(node).stop(),
            Self::Frozen(node) => cluster[node].freeze(),
            Self::CutFromEtcd(node, way) => cluster[node].cut_from_etcd(way),
            Self::CutFromPeers(node, way) => cluster.cut_from_peers(node, way),
            Self::CutFromClients(node) => cluster[node].door().cut(Way::Both),
            Self::SlowEtcd(delay) => cluster
                .nodes()
                .iter()
                .for_each(|node| node.slow_etcd(delay)),
            Self::MemberKilled(member) => cluster.etcd.member(member).kill(),
            Self::MemberFrozen(member) => cluster.etcd.members()[member].freeze(),
            Self::EtcdKilled => cluster.etcd.kill(),
        }
    }

    fn end(self, cluster: &mut Cluster) {
        match self {
            Self::Killed(node) | Self::Stopped(node) => cluster.node(node).start_again(),
            Self::Frozen(node) => cluster[node].thaw(),
            Self::MemberKilled(member) => cluster.etcd.member(member).resume(),
            Self::MemberFrozen(member) => cluster.etcd.members()[member].thaw(),
            Self::EtcdKilled => cluster.etcd.resume(),
            Self::CutFromEtcd(..)
            | Self::CutFromPeers(..)
            | Self::CutFromClients(_)
            | Self::SlowEtcd(_) => cluster.heal(),
        }
    }
}

/// What the environment says, or this.
fn said<T: FromStr<Err: Debug>>(name: &str, otherwise: T) -> T {
    env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|error| panic!("{name}={text}: {error:?}"))
    })
}

#[test]
fn the_promises_hold_whatever_happens() {
    // Every hasher of the standard library begins with a secret drawn by chance.
    let chance = RandomState::new().build_hasher().finish() % 1_000_000;
    let seed: u64 = said("PASTE_CHAOS_SEED", chance);
    let time = Duration::from_secs(said("PASTE_CHAOS_SECONDS", SECONDS));
    println!("seed {seed}: `cargo xtask chaos --seed {seed}` throws the same");
    let dice = Dice::new(seed);
    let mut cluster = Plan::default().members(3).start();
    let (crowd, vigil) = watched(&cluster, "immortal", 30);
    let mut mortals = Crowd::gather(&cluster.doors(), &Habits::of("mortal"), MORTALS);
    let registers = Registers::begin(&cluster.doors(), Rules::default(), &dice);
    let begun = Instant::now();
    let mut fate = dice.of(1_000);
    let (mut faults, mut died) = (0, 0);
    while begun.elapsed() < time {
        let fault = Fault::by(&mut fate);
        println!("{:6.1} s: {fault:?}", begun.elapsed().as_secs_f64());
        fault.begin(&mut cluster);
        if died < MORTALS / 2 && fate.percent(30) {
            mortals.kill(died..=died);
            died += 1;
        }
        thread::sleep(fate.millis(LASTS));
        fault.end(&mut cluster);
        faults += 1;
        cluster.settle();
        heard_again(&crowd);
        shown(&cluster, "immortal", &crowd.ids(0..crowd.len()));
    }
    shown(&cluster, "mortal", &mortals.ids(died..MORTALS));
    vigil.end();
    let history = registers.end();
    let undecided = linear::check(&history).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(undecided, 0, "registers that were too hard to tell");
    println!(
        "{} operations are linearizable, {died} processes died and are gone, nobody else was missing, through {faults} faults",
        history.len()
    );
}
