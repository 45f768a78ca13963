//! Processes that die, and a network that looks as if they had.

use std::thread;
use std::time::Duration;

use paste_tests::cluster::Plan;

use super::{heard_again, shown, watched};

/// Their streams close, at whichever node, so they are gone for certain.
#[test]
fn a_fifth_of_all_processes_killed_at_once_is_gone_everywhere() {
    let cluster = Plan::default().start();
    let (mut crowd, mut vigil) = watched(&cluster, "fifth", 50);
    vigil.excuse(&crowd.ids(0..10));
    crowd.kill(0..10);
    shown(&cluster, "fifth", &crowd.ids(10..50));
    vigil.end();
}

/// Their streams stay open: that is a network that fails, and nobody may be judged by it.
#[test]
fn more_than_half_silent_at_once_is_held() {
    let cluster = Plan::default()
        .set("liveness.silence_sessions_min=5")
        .start();
    let (crowd, vigil) = watched(&cluster, "silent", 60);
    crowd.silence(0..36);
    // Twice what any of them may be silent before it is removed.
    thread::sleep(Duration::from_secs(24));
    shown(&cluster, "silent", &crowd.ids(0..60));
    crowd.wake(0..36);
    heard_again(&crowd);
    vigil.end();
}
