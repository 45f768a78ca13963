//! Nodes whose clocks are wrong: by an hour, and by an hour more while they run.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::{env, fs};

use paste_tests::cluster::Plan;

use super::{heard_again, shown, watched};

/// Longer than any session of the crowd may be silent.
const LONG: Duration = Duration::from_secs(15);

/// What makes a process see another time: Debian's `faketime`.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found
        .find(|library| library.exists())
        .expect("this test needs faketime: apt-get install faketime")
}

#[test]
fn a_clock_that_is_off_by_an_hour_costs_nobody() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = |node: usize| folder.path().join(node.to_string());
    let set = |node: usize, offset: &str| {
        // Renamed into place: a node never reads half of it.
        let written = folder.path().join("new");
        fs::write(&written, offset).expect("a new file");
        fs::rename(written, clock(node)).expect("in the same folder");
    };
    let mut plan = Plan::default();
    for (node, offset) in [(0, "+3600s"), (1, "-3600s")] {
        set(node, offset);
        for (name, value) in [
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", clock(node).display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Only the wall clock is wrong. The other one can't be.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ] {
            plan.variables.push((node, name.to_owned(), value));
        }
    }
    assert!(env::var_os("FAKETIME").is_none());
    let mut cluster = plan.start();
    let (crowd, vigil) = watched(&cluster, "clocks", 30);
    thread::sleep(LONG);
    // The one that was ahead is set back, and the other one ahead.
    set(0, "-3600s");
    set(1, "+3600s");
    thread::sleep(LONG);
    heard_again(&crowd);
    // What it owned goes to nodes whose clocks differ from its own by two hours and by one.
    cluster.node(0).kill();
    thread::sleep(LONG);
    cluster.node(0).start_again();
    cluster.settle();
    heard_again(&crowd);
    shown(&cluster, "clocks", &crowd.ids(0..30));
    assert!(crowd.lives().iter().all(|life| life.forgotten == 0));
    vigil.end();
}
