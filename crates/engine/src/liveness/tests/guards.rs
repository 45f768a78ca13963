//! Scenarios of the guards: what each holds, and how its hold ends.

use std::fmt::Write;

use super::world::World;
use crate::liveness::config::{Config, FlappingConfig, PaceConfig, SilenceConfig, ZoneConfig};
use crate::liveness::holds::HoldKind;

/// Registers `count` sessions of one instance each, spread over `services`, all renewing until `until`.
fn crowd(name: &str, count: usize, services: usize, until: u64) -> String {
    let mut script = String::new();
    for i in 0..count {
        let service = i % services;
        writeln!(script, "0 register {name}{service}/i{i} {name}-{i}").expect("writes");
        writeln!(script, "0 beats {name}-{i} every 5 until {until}").expect("writes");
    }
    script
}

fn count(world: &World, what: &str) -> usize {
    world.log.iter().filter(|line| line.contains(what)).count()
}

/// Seconds of the lines that contain `what`.
fn times(world: &World, what: &str) -> Vec<f64> {
    let line = |line: &String| {
        line.split(' ')
            .next()
            .expect("second")
            .parse()
            .expect("number")
    };
    world
        .log
        .iter()
        .filter(|line| line.contains(what))
        .map(line)
        .collect()
}

#[test]
fn mass_silence_is_held_and_judged_after_five_minutes() {
    let mut world = World::new();
    let script = crowd("lost", 30, 3, 30) + &crowd("well", 70, 7, 1_000);
    world.play(&script, 100);
    // All are suspect after 10 s, and none of them fails.
    assert_eq!(count(&world, "suspect"), 30);
    assert_eq!(count(&world, "failing"), 0);
    assert_eq!(times(&world, "hold held: "), [40.0]);
    assert_eq!(
        count(&world, "30 of 100 sessions fell silent within 60s"),
        1
    );
    let status = world.liveness.status();
    assert_eq!(status.holds.len(), 1, "{:?}", status.holds);
    let hold = &status.holds[0];
    assert_eq!((hold.kind, hold.affected), (HoldKind::Silence, 30));
    assert_eq!(hold.ends_in.expect("known").as_secs(), 240);

    world.play("", 339);
    assert_eq!(count(&world, "failing") + count(&world, "removed"), 0);
    // After it: failing at once, at the pace of each service (10 in each, so all), and removed at the end of the rest.
    world.play("", 600);
    assert_eq!(times(&world, "resume resumed: the hold is over"), [340.0]);
    assert_eq!(times(&world, "failing"), [340.0; 30]);
    assert_eq!(times(&world, "removed"), [340.0 + 105.0; 30]);
    assert_eq!(
        world.liveness.status().holds_total[HoldKind::Silence as usize],
        1
    );
    assert_eq!(world.catalog.counts().instances, 70);
}

#[test]
fn mass_silence_ends_early_when_they_come_back() {
    let mut world = World::new();
    let mut script = crowd("lost", 30, 3, 30) + &crowd("well", 70, 7, 1_000);
    for i in 0..25 {
        writeln!(script, "70 beats lost-{i} every 5 until 1000").expect("writes");
    }
    world.play(&script, 300);
    assert_eq!(
        times(&world, "resume resumed: the silent sessions came back"),
        [75.0]
    );
    assert_eq!(count(&world, "passing"), 25);
    // Those who did not get a full grace.
    assert_eq!(times(&world, "failing"), [75.0 + 15.0; 5]);
    assert_eq!(times(&world, "removed"), [75.0 + 120.0; 5]);
}

#[test]
fn mass_silence_with_closed_streams_is_not_held() {
    let mut world = World::new();
    let mut script = crowd("lost", 30, 3, 30) + &crowd("well", 70, 7, 1_000);
    for i in 0..30 {
        writeln!(script, "1 open lost-{i}\n31 close lost-{i}").expect("writes");
    }
    world.play(&script, 200);
    assert_eq!(times(&world, "suspect"), [31.25; 30]);
    assert_eq!(times(&world, "failing"), [41.0; 30]);
    assert_eq!(times(&world, "removed"), [150.0; 30]);
    assert_eq!(count(&world, "hold"), 0, "{:?}", world.log);
}

#[test]
fn a_hold_spares_nobody_whose_stream_closed() {
    let mut world = World::new();
    let mut script = crowd("lost", 30, 3, 30) + &crowd("well", 70, 7, 1_000);
    script += "1 open well-69\n 50 close well-69\n 50 deregister well6/i69\n";
    script +=
        "1 register gone/x gone\n 1 beats gone every 5 until 50\n 1 open gone\n 51 close gone\n";
    world.play(&script, 200);
    assert_eq!(times(&world, "gone failing"), [61.0]);
    assert_eq!(times(&world, "gone removed"), [166.0]);
    assert_eq!(count(&world, "lost"), 30, "suspect, no more");
}

#[test]
fn few_or_scattered_silent_sessions_are_not_held() {
    // 19 of 20: too few. 15 of 100: not more than 15 %. And many, but over a long time.
    for (lost, well) in [(19, 1), (15, 85), (20, 180)] {
        let mut world = World::new();
        world.play(
            &(crowd("lost", lost, 5, 30) + &crowd("well", well, 5, 1_000)),
            200,
        );
        assert_eq!(count(&world, "fell silent"), 0, "{lost} of {}", lost + well);
        assert_eq!(count(&world, "removed"), lost);
    }
    let mut world = World::new();
    let mut script = crowd("well", 60, 5, 1_000);
    for i in 0..40 {
        let until = 30 + i * 5;
        writeln!(
            script,
            "0 register slow/i{i} slow-{i}\n0 beats slow-{i} every 5 until {until}"
        )
        .expect("writes");
    }
    world.play(&script, 400);
    assert_eq!(count(&world, "fell silent"), 0);
    assert_eq!(count(&world, "removed"), 40);
}

#[test]
fn a_silence_is_held_once() {
    // A third falls silent for good, then another third while the first is held: one hold, and everybody is judged.
    let mut world = World::new();
    let script =
        crowd("first", 40, 4, 30) + &crowd("second", 40, 4, 300) + &crowd("well", 40, 4, 2_000);
    world.play(&script, 1_000);
    assert_eq!(times(&world, "fell silent"), [40.0]);
    assert_eq!(times(&world, "failing"), [340.0; 80]);
    assert_eq!(count(&world, "removed"), 80);
}

#[test]
fn every_service_has_its_pace() {
    let mut world = World::new();
    // 19 sessions of one service at once: too few to be held, more than 10 a second.
    let script = crowd("lost", 19, 1, 30) + &crowd("well", 81, 9, 1_000);
    world.play(&script, 200);
    let failing = times(&world, "failing");
    assert_eq!(failing.len(), 19);
    assert_eq!(failing.iter().filter(|at| **at == 45.0).count(), 10);
    assert!(failing.iter().all(|at| *at <= 46.0), "{failing:?}");
    assert_eq!(
        count(&world, "hold held: more instances of default/lost0"),
        2,
        "failing, and removal"
    );
    assert_eq!(count(&world, "resume resumed: nobody waits"), 2);
}

#[test]
fn a_large_service_may_go_at_half_a_percent_a_second() {
    let mut config = Config::default();
    config.silence.percent = 100;
    let mut world = World::with(config);
    world.play(
        &(crowd("lost", 200, 1, 30) + &crowd("lost0x", 3_800, 1, 10)),
        30,
    );
    // 4,000 in two services; 200 of one of 200: 10 a second.
    world.play("", 51);
    let failing = times(&world, " lost-");
    assert!(failing.iter().filter(|at| **at >= 45.0).count() <= 10 * 7 + 10);
    // 3,800 of one: 19 a second.
    let failing: Vec<_> = world
        .log
        .iter()
        .filter(|l| l.contains("lost0x-") && l.contains("failing"))
        .collect();
    let expected = 19 + (51 - 25) * 19;
    assert!(
        failing.len().abs_diff(expected) <= 19,
        "{} of {expected}",
        failing.len()
    );
}

#[test]
fn an_unhealthy_zone_is_judged_more_slowly() {
    let mut world = World::new();
    let mut script = crowd("well", 200, 10, 1_000);
    for i in 0..20 {
        let until = if i < 19 { 30 } else { 1_000 };
        writeln!(
            script,
            "0 register s{}/i{i} z-{i} zone=z1\n0 beats z-{i} every 5 until {until}",
            i % 2
        )
        .expect("writes");
    }
    world.play(&script, 44);
    world.play("", 60);
    let failing = times(&world, "failing");
    // The first 11 of 20 go unhindered; with them 55 % are unhealthy.
    let at_once = failing.iter().filter(|at| **at == 45.0).count();
    assert_eq!(failing.len(), 19);
    assert!(at_once >= 11, "{failing:?}");
    assert_eq!(
        count(&world, "instances in zone z1 are unhealthy"),
        usize::from(at_once < 19)
    );
}

#[test]
fn the_zone_guard_slows_a_long_queue_tenfold() {
    let mut config = Config::default();
    config.silence.percent = 100;
    let mut world = World::with(config);
    let mut script = String::new();
    for i in 0..100 {
        writeln!(script, "0 register s/i{i} z-{i} zone=z1").expect("writes");
    }
    world.play(&script, 60);
    // 10 at once, then 10 a second until 55 are unhealthy, then one a second.
    let failing = times(&world, "failing");
    let fast = failing.iter().filter(|at| **at <= 19.75).count();
    assert!((54..=57).contains(&fast), "{fast}");
    let slow = failing.len() - fast;
    assert!((37..=43).contains(&slow), "{slow} in 40 s");
    assert_eq!(
        count(&world, "hold held: 5"),
        1,
        "{:?}",
        world
            .log
            .iter()
            .filter(|l| l.contains("hold"))
            .collect::<Vec<_>>()
    );
    let status = world.liveness.status();
    assert!(
        status
            .holds
            .iter()
            .any(|hold| hold.kind == HoldKind::Zone && hold.affected > 0)
    );
    world.play("", 400);
    assert_eq!(world.catalog.counts().instances, 0);
    assert!(world.liveness.status().holds.is_empty());
}

#[test]
fn who_flaps_is_held_down() {
    let mut world = World::new();
    let mut script = String::from("0 register orders/a s1\n");
    // It fails at 15, 32 and 49, each time coming back two seconds later.
    writeln!(
        script,
        "17 beat s1\n34 beat s1\n51 beats s1 every 5 until 300"
    )
    .expect("writes");
    script +=
        "60 expect orders/a failing\n 78 expect orders/a failing\n 80 expect orders/a passing\n";
    world.play(&script, 200);
    assert_eq!(times(&world, "failing ("), [15.0, 32.0, 49.0]);
    assert_eq!(
        count(
            &world,
            "hold held: session s1 failed 3 times in 60s; it stays failing for 30s"
        ),
        1
    );
    assert_eq!(times(&world, "passing"), [17.25, 34.25, 79.0]);
    assert_eq!(
        count(&world, "resume resumed: the session is no longer held down"),
        1
    );
}

#[test]
fn protection_serves_what_is_left_while_half_a_service_drains() {
    let mut world = World::new();
    let mut script = String::new();
    for i in 0..10 {
        let until = if i < 4 { 1_000 } else { 20 };
        writeln!(
            script,
            "0 register s/i{i} s-{i}\n0 beats s-{i} every 5 until {until}"
        )
        .expect("writes");
    }
    script += "34 expect s/i9 served\n 36 expect s/i9 failing\n 36 expect s/i9 served\n 36 expect s/i0 served\n";
    script += "150 expect s/i9 gone\n 150 expect s/i0 served\n";
    world.play(&script, 150);
}

#[test]
fn each_guard_can_be_switched_off() {
    let config = Config {
        silence: SilenceConfig {
            percent: 100,
            ..SilenceConfig::default()
        },
        zone: ZoneConfig {
            percent: 101,
            ..ZoneConfig::default()
        },
        pace: PaceConfig {
            per_second: u32::MAX,
            ..PaceConfig::default()
        },
        flapping: FlappingConfig {
            times: 0,
            ..FlappingConfig::default()
        },
        ..Config::default()
    };
    let mut world = World::with(config);
    let mut script = String::new();
    for i in 0..100 {
        writeln!(script, "0 register s/i{i} s-{i} zone=z").expect("writes");
    }
    script += "0 register t/a t\n 17 beat t\n 34 beat t\n 51 beat t\n";
    world.play(&script, 130);
    let crowd = |line: &&String| line.contains(" s-") && line.contains("failing");
    assert_eq!(world.log.iter().filter(crowd).count(), 100);
    assert!(
        world
            .log
            .iter()
            .filter(crowd)
            .all(|line| line.starts_with("15 "))
    );
    assert_eq!(count(&world, "hold"), 0);
    assert_eq!(times(&world, "t passing"), [17.25, 34.25, 51.25]);
    assert_eq!(count(&world, "removed"), 100);
}

#[test]
fn holds_end_with_a_reload() {
    let mut world = World::new();
    world.play(
        &(crowd("lost", 30, 3, 30) + &crowd("well", 70, 7, 1_000)),
        50,
    );
    assert_eq!(world.liveness.status().holds.len(), 1);
    world.act("reload");
    world.step();
    let status = world.liveness.status();
    assert!(status.holds.is_empty());
    assert_eq!((status.sessions, status.suspect), (100, 30));
}
