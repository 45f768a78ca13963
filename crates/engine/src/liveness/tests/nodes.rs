//! Scenarios of several nodes: who judges whom, and whom nobody judges. We are `n1`.

use super::world::World;
use crate::liveness::holds::HoldKind;

/// The node `n2` makes itself heard every second, from one second to another.
fn heard(from: u64, until: u64) -> String {
    (from..until)
        .map(|second| format!("{second} heard n2\n"))
        .collect()
}

/// A session that is ours (or not) among these nodes; another one for each `nth`.
fn session(world: &World, ours: bool, nth: usize) -> String {
    (0..)
        .map(|number| format!("s{number}"))
        .filter(|name| world.owns(name) == ours)
        .nth(nth)
        .expect("there are many")
}

fn lines(world: &World, what: &str) -> Vec<String> {
    let of = |line: &&String| line.contains(what);
    world.log.iter().filter(of).cloned().collect()
}

#[test]
fn each_node_judges_what_it_owns() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let (ours, theirs) = (session(&world, true, 0), session(&world, false, 0));
    let script = format!("0 register a/x {ours}\n0 register a/y {theirs}\n");
    world.play(&(script + &heard(0, 60)), 60);
    assert_eq!(lines(&world, &ours).len(), 2, "{:#?}", world.log);
    assert!(lines(&world, &theirs).is_empty(), "{:#?}", world.log);
}

/// nacos#7697: the new owner judged by time stamps that had stood still since it last was one.
#[test]
fn who_changes_hands_has_a_full_grace_nacos_7697() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let theirs = session(&world, false, 0);
    world.play(&format!("0 register a/x {theirs}"), 100);
    assert!(world.log.is_empty(), "it is not ours: {:#?}", world.log);
    // Its owner is gone. Nobody has heard of it here for 100 s.
    world.play("100 nodes n1", 125);
    assert!(world.log.is_empty(), "a full grace: {:#?}", world.log);
    world.play("", 150);
    let steps = lines(&world, &theirs);
    // 30 s, of which the last third of the ttl is spent as a suspect.
    assert!(
        steps[0].starts_with("125.") && steps[0].contains("suspect"),
        "{steps:#?}"
    );
    assert!(
        steps[1].starts_with("130.") && steps[1].contains("failing"),
        "{steps:#?}"
    );
}

#[test]
fn who_is_failing_when_it_changes_hands_needs_a_heartbeat_to_pass() {
    let mut world = World::of_nodes(&["n1"]);
    world.play("0 register a/x s", 20);
    assert_eq!(lines(&world, "failing").len(), 1);
    let mut elsewhere = (2..).map(|number| format!("n1,n{number}"));
    let nodes = elsewhere
        .find(|nodes| {
            world.act(&format!("nodes {nodes}"));
            !world.owns("s")
        })
        .expect("some node takes it");
    world.play(&format!("21 nodes {nodes}\n40 nodes n1"), 60);
    assert!(lines(&world, "passing").is_empty(), "{:#?}", world.log);
    world.play("60 beat s", 62);
    assert_eq!(lines(&world, "passing").len(), 1, "{:#?}", world.log);
}

/// nacos#13955: a network that was cut on one way only had a batch of healthy instances removed.
#[test]
fn nobody_is_judged_who_is_heard_through_a_node_that_cannot_be_heard_nacos_13955() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let (by_us, by_them) = (session(&world, true, 0), session(&world, true, 1));
    let script = format!("0 register a/x {by_us}\n0 register b/y {by_them}");
    world.play(&script, 1);
    // From second 10 on n2 is there, by its lease, and silent.
    let told = |second| format!("{second} told {by_them} by n2\n");
    world.play(&(1..10).map(told).collect::<String>(), 10);
    world.play("", 200);
    assert_eq!(
        lines(&world, &by_us).len(),
        3,
        "it is judged: {:#?}",
        world.log
    );
    assert!(lines(&world, &by_them).is_empty(), "{:#?}", world.log);
    assert_eq!(lines(&world, "hold held: another node").len(), 1);
    let holds = world.liveness.status().holds;
    assert!(
        holds
            .iter()
            .any(|hold| hold.kind == HoldKind::Deaf && hold.affected == 1),
        "{holds:?}"
    );
    // It can be heard again, and speaks of the session no more.
    world.play(&heard(200, 240), 240);
    assert_eq!(lines(&world, "resume resumed: all nodes").len(), 1);
    assert_eq!(lines(&world, &by_them).len(), 3, "{:#?}", world.log);
}

#[test]
fn a_node_that_is_gone_holds_nobody() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let ours = session(&world, true, 0);
    world.play(
        &format!("0 register a/x {ours}\n1 told {ours} by n2\n12 nodes n1"),
        40,
    );
    assert!(lines(&world, &ours).len() >= 2, "{:#?}", world.log);
}

#[test]
fn a_stream_that_closes_elsewhere_is_as_good_as_one_that_closes_here() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let ours = session(&world, true, 0);
    let script = format!("0 register a/x {ours}\n2 told {ours} by n2\n4 lost {ours} ago 0.5\n");
    world.play(&(script + &heard(0, 30)), 30);
    let steps = lines(&world, &ours);
    assert!(
        steps[0].starts_with("4.") && steps[0].contains("suspect"),
        "{steps:#?}"
    );
    assert!(
        steps[1].starts_with("13.") && steps[1].contains("failing"),
        "{steps:#?}"
    );
}

/// The news of the closing came later than that of a heartbeat that followed it.
#[test]
fn a_closing_that_is_older_than_a_heartbeat_counts_no_more() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let ours = session(&world, true, 0);
    world.play(
        &format!("0 register a/x {ours}\n4 told {ours} by n2\n4.5 lost {ours} ago 2"),
        10,
    );
    assert!(world.log.is_empty(), "{:#?}", world.log);
}

#[test]
fn the_pace_of_expiry_is_shared_by_those_who_judge() {
    let mut world = World::of_nodes(&["n1", "n2"]);
    let mut script = String::new();
    for nth in 0..40 {
        let ours = session(&world, true, nth);
        script += &format!("0 register a/i{nth} {ours}\n1 open {ours}\n2 close {ours}\n");
    }
    world.play(&(script + &heard(0, 16)), 16);
    // A service loses 10 a second at most, so half of that here, with a second's worth at first.
    let failing = lines(&world, "failing").len();
    assert!((15..=30).contains(&failing), "{failing}");
}

#[test]
fn without_a_lease_nobody_is_judged_and_with_it_again_there_is_a_grace() {
    let mut world = World::of_nodes(&["n1"]);
    world.play("0 register a/x s\n5 nodes n2", 200);
    assert!(world.log.is_empty(), "{:#?}", world.log);
    world.play("200 nodes n1", 224);
    assert!(world.log.is_empty(), "{:#?}", world.log);
    world.play("", 232);
    assert_eq!(lines(&world, "failing").len(), 1, "{:#?}", world.log);
}
