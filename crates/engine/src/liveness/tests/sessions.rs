//! Scenarios of single sessions: silence, streams, restarts, pauses, and who owns what.

use super::check;
use super::world::World;

#[test]
fn silence_ends_in_removal() {
    check(
        "0   register orders/a s1
         0   beats s1 every 5 until 30
         39  expect orders/a passing
         41  expect orders/a suspect
         41  expect orders/a served
         46  expect orders/a failing
         46  expect orders/a served
         149 expect orders/a failing
         151 expect orders/a gone",
        200,
        "40 s1 suspect (no heartbeat for 10.0s (ttl 15s))
         45 s1 failing (no heartbeat for 15.0s (ttl 15s))
         150 s1 removed (no heartbeat for 120.0s (remove_after 120s))",
    );
}

#[test]
fn a_session_has_its_own_times() {
    check(
        "0   register orders/a s1 ttl=3 remove=6
         0   register orders/b s2 ttl=3600 remove=3600
         3599 expect orders/b suspect",
        3_601,
        "2 s1 suspect
         3 s1 failing
         6 s1 removed
         2400 s2 suspect
         3600 s2 failing
         3600.25 s2 removed",
    );
}

#[test]
fn a_shorter_ttl_holds_from_the_next_look_on() {
    check(
        "0  register orders/a s1 ttl=86400 remove=86400
         20 register orders/a s1 ttl=3 remove=6",
        40,
        "22 s1 suspect
         23 s1 failing
         26 s1 removed",
    );
}

#[test]
fn a_heartbeat_brings_it_back() {
    check(
        "0   register orders/a s1
         12  expect orders/a suspect
         12  beat s1
         12.25 expect orders/a passing
         30  beat s1
         30.25 expect orders/a passing
         30  beats s1 every 5 until 60",
        60,
        "10 s1 suspect
         12.25 s1 passing (a heartbeat came)
         22 s1 suspect
         27 s1 failing
         30.25 s1 passing",
    );
}

#[test]
fn streams_are_a_second_signal() {
    // Its closing: suspect at once, failing after 10 s.
    check(
        "0 register orders/a s1
         0 beats s1 every 5 until 20
         1 open s1
         21 close s1
         21.25 expect orders/a suspect",
        40,
        "21.25 s1 suspect (its watch stream closed 0.2s ago
         31 s1 failing (its watch stream closed 10.0s ago",
    );
    // A heartbeat makes it passing again; the closed stream counts no more.
    check(
        "0 register orders/a s1
         0 beats s1 every 5 until 60
         1 open s1
         21 close s1",
        60,
        "21.25 s1 suspect
         25 s1 passing",
    );
    // The ttl may come first.
    check(
        "0 register orders/a s1
         0 open s1
         9 close s1",
        20,
        "9.25 s1 suspect (its watch stream closed
         15 s1 failing",
    );
    // Several streams: the last one counts. Reopened within a tick: nothing happened.
    check(
        "0 register orders/a s1
         0 beats s1 every 5 until 60
         1 open s1
         1 open s1
         11 close s1
         20 close s1
         20 open s1",
        60,
        "",
    );
    // Our own doing.
    check(
        "0 register orders/a s1
         0 register orders/b s2
         0 beats s1 every 5 until 60
         0 beats s2 every 5 until 60
         1 open s1
         1 open s2
         11 cut s1
         20 drain
         21 close s2",
        60,
        "",
    );
}

#[test]
fn a_stream_may_come_before_the_session() {
    check(
        "0 open s1
         0.5 close s1
         1 open s1
         2 register orders/a s1
         3 close s1",
        10,
        "3.25 s1 suspect",
    );
}

#[test]
fn silence_never_counts_against_persistent_instances() {
    check(
        "0   register orders/a s1 persistent
         0   register orders/b s1
         130 expect orders/a passing
         130 expect orders/b gone
         400 expect orders/a passing",
        400,
        "10 s1 suspect
         15 s1 failing
         120 s1 removed",
    );
    check("0 register orders/a s1 persistent", 400, "");
}

#[test]
fn a_pause_moves_every_deadline() {
    // Of the 60 s only a tick counts: the beats that were missed meanwhile harm nobody.
    check(
        "0  register orders/a s1
         0  register orders/b s2
         0  beats s1 every 5 until 20
         0  beats s2 every 5 until 15
         20 pause 60
         84 beat s1",
        100,
        "85 s2 suspect
         90 s2 failing
         94 s1 suspect
         99 s1 failing",
    );
}

#[test]
fn the_wall_clock_does_not_matter() {
    for jump in ["-3600", "3600"] {
        check(
            &format!("0 register orders/a s1\n 0 beats s1 every 5 until 100\n 20 wall {jump}"),
            100,
            "",
        );
    }
}

#[test]
fn a_restart_gives_a_full_grace_and_keeps_what_was_known() {
    check(
        "0  register orders/a s1
         0  register orders/b s2
         0  register orders/c s3
         0  beats s1 every 5 until 30
         0  beats s2 every 5 until 100
         30 restart
         30 expect orders/c failing
         39.75 expect orders/a passing
         40 beat s3",
        60,
        "10 s3 suspect
         15 s3 failing
         40.25 s3 passing
         40.25 s1 suspect
         45.25 s1 failing
         50 s3 suspect
         55 s3 failing",
    );
    // Who stays silent is removed a full time after the restart.
    check(
        "0 register orders/a s1
         20 restart",
        141,
        "10 s1 suspect
         15 s1 failing
         140.25 s1 removed (no heartbeat for 120.0s",
    );
}

#[test]
fn a_store_that_refuses_stops_expiry() {
    let mut world = World::new();
    world.play(
        "0  register orders/a s1
         0  register orders/b s2
         9  store down
         60 expect orders/a passing
         60 store up
         60 beats s2 every 5 until 200
         200 expect orders/b passing",
        90,
    );
    let lines: Vec<_> = world
        .log
        .iter()
        .map(|line| line.split(" (").next().unwrap_or(""))
        .collect();
    let resumed = lines[0]
        .strip_suffix(" attempt")
        .expect("resumed")
        .parse::<f64>()
        .expect("time");
    assert!((60.0..63.0).contains(&resumed), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            format!("{} s1 suspect", resumed + 10.0),
            format!("{} s1 failing", resumed + 15.0)
        ]
    );
}

#[test]
fn one_session_with_instances_in_several_services() {
    check(
        "0   register orders/a s1
         0   register users/a s1
         0   register users/b s1
         16  expect orders/a failing
         16  expect users/b failing
         20  deregister users/b
         121 expect orders/a gone
         121 expect users/a gone",
        130,
        "10 s1 suspect
         15 s1 failing
         120 s1 removed",
    );
}

#[test]
fn two_processes_that_claim_one_session() {
    // The second takes the instance over into a session of its own; the end of the first leaves it alone.
    check(
        "0   register orders/a s1
         0   register orders/b s1
         50  register orders/a s2
         50  beats s2 every 5 until 200
         119 expect orders/a passing
         121 expect orders/a passing
         121 expect orders/b gone",
        200,
        "10 s1 suspect
         15 s1 failing
         120 s1 removed",
    );
}

#[test]
fn an_instance_that_moves_while_its_session_is_being_removed_stays() {
    // The removal reaches the store after the instance has moved on: it fails, and is thought over.
    check(
        "0     register orders/a s1
         0     register orders/b s1
         119   slow on
         120   register orders/a s2
         120   beats s2 every 5 until 200
         121   expect orders/a passing
         121   expect orders/b gone",
        130,
        "10 s1 suspect
         15 s1 failing
         120.25 s1 removed",
    );
}

#[test]
fn who_renews_before_the_verdict_is_committed_is_not_judged() {
    check(
        "0     register orders/a s1
         14    slow on
         15    beat s1
         15.25 slow off
         15    expect orders/a suspect",
        20,
        "10 s1 suspect
         15.5 s1 passing",
    );
}

#[test]
fn what_departs_from_nothing_is_not_kept() {
    let mut world = World::new();
    let has_record = |world: &World, session: &str| {
        world
            .catalog
            .session(session)
            .is_some_and(|cell| cell.record().1.is_some())
    };
    world.play("0 register orders/a s1\n 0 register orders/b s2 ttl=3", 11);
    assert!(has_record(&world, "s1") && has_record(&world, "s2"));
    world.act("beat s1");
    world.act("beat s2");
    world.step();
    assert!(!has_record(&world, "s1"), "passing, with the defaults");
    assert!(has_record(&world, "s2"), "its ttl is its own");
}

#[test]
fn a_removal_of_many_instances_goes_in_several_batches() {
    let mut world = World::new();
    for id in 0..1_200 {
        world.act(&format!("register orders/i{id} s1"));
    }
    world.play("0 register users/a s2", 119);
    assert!(
        world
            .catalog
            .member(&super::world::key("orders/i7"))
            .is_some()
    );
    // Its step to failing was more than the service's pace allows; the debt has to be paid back first.
    world.play("", 140);
    assert_eq!(world.catalog.counts().instances, 0);
    assert_eq!(world.catalog.counts().sessions, 0);
}

#[test]
fn nothing_is_remembered_of_who_is_gone() {
    let mut world = World::new();
    for id in 0..100 {
        world.act(&format!("register orders/i{id} s{id}"));
    }
    world.play("", 700);
    let status = world.liveness.status();
    assert_eq!((status.sessions, status.suspect, status.failing), (0, 0, 0));
    assert_eq!(status.removed_total, 100);
    assert!(status.holds.is_empty(), "{:?}", status.holds);
    assert!(world.liveness.judge.lock().is_idle());
}
