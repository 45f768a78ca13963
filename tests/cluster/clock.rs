//! Nodes whose clocks are wrong: by an hour, and by an hour more while they run.

use std::time::Duration;
use std::{env, thread};

use paste_tests::cluster::Plan;
use paste_tests::faketime::WallClock;

use super::{heard_again, shown, watched};

/// Longer than any session of the crowd may be silent.
const LONG: Duration = Duration::from_secs(15);

#[test]
fn a_clock_that_is_off_by_an_hour_costs_nobody() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock =
        |node: usize, offset: &str| WallClock::new(&folder.path().join(node.to_string()), offset);
    let (ahead, behind) = (clock(0, "+3600s"), clock(1, "-3600s"));
    let mut plan = Plan::default();
    for (node, clock) in [(0, &ahead), (1, &behind)] {
        for (name, value) in clock.variables() {
            plan.variables.push((node, name.to_owned(), value));
        }
    }
    assert!(env::var_os("FAKETIME").is_none());
    let mut cluster = plan.start();
    let (crowd, vigil) = watched(&cluster, "clocks", 30);
    thread::sleep(LONG);
    // The one that was ahead is set back, and the other one ahead.
    ahead.set("-3600s");
    behind.set("+3600s");
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
