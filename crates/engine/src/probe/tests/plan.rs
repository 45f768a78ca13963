//! What is probed when, and what results come to.

use std::time::Duration;

use paste_model::Check;

use super::world::{World, http, tcp};
use crate::probe::config::Config;

#[test]
fn three_failures_make_it_failing_and_two_passes_bring_it_back() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[http(80, "/health")]);
    world.run(40);
    assert!(world.log.is_empty(), "passing is nothing to write");
    let sent: Vec<_> = world.sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(sent, [5.0, 15.0, 25.0, 35.0]);
    world.down.insert("10.0.0.1:80".into());
    world.run(40);
    world.down.clear();
    world.run(40);
    let sent: Vec<_> = world.sent[4..].iter().map(|(at, _)| *at).collect();
    // Every 2 s while it is changing, else every 10 s.
    assert_eq!(
        sent,
        [45.0, 47.0, 49.0, 59.0, 69.0, 79.0, 89.0, 91.0, 101.0, 111.0]
    );
    assert_eq!(
        world.log,
        [
            "49.1 orders/a failing http :80/health: down",
            "91.1 orders/a passing"
        ]
    );
}

#[test]
fn one_bad_result_is_nothing() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[tcp(80)]);
    for turn in 0..20 {
        if turn % 3 == 2 {
            world.down.clear();
        } else {
            world.down.insert("10.0.0.1:80".into());
        }
        let sent = world.sent.len();
        while world.sent.len() == sent {
            world.step();
        }
    }
    assert!(world.log.is_empty(), "{:?}", world.log);
}

#[test]
fn intervals_are_spread_and_explicit_ones_kept() {
    for (dice, first, second) in [(0.0, 0.1, 7.6), (0.999_999, 10.0, 22.5)] {
        let mut world = World::new(Config::default(), dice);
        world.register("orders/a", "10.0.0.1", &[tcp(80)]);
        world.run(30);
        let (found_first, found_second) = (world.sent[0].0, world.sent[1].0);
        assert!((found_first - first).abs() < 0.11, "{found_first}");
        assert!((found_second - second).abs() < 0.11, "{found_second}");
    }
    let mut world = World::new(Config::default(), 0.9);
    let check = Check {
        interval: Some(Duration::from_secs(1)),
        ..tcp(80)
    };
    world.register("orders/a", "10.0.0.1", &[check]);
    world.down.insert("10.0.0.1:80".into());
    world.run(30);
    let gaps = world.sent.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(gaps.into_iter().all(|gap| (gap - 1.0).abs() < 0.01));
    assert_eq!(world.log.len(), 1);
}

#[test]
fn the_worst_of_several_checks_counts_and_is_named() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[tcp(80), http(81, "/ready")]);
    world.down.insert("10.0.0.1:81".into());
    world.run(20);
    world.down.insert("10.0.0.1:80".into());
    world.run(20);
    world.down.remove("10.0.0.1:81");
    world.run(30);
    world.down.clear();
    world.run(30);
    let said: Vec<_> = world
        .log
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, said)| said)
        .collect();
    assert_eq!(
        said,
        [
            "orders/a failing http :81/ready: down",
            "orders/a failing tcp :80: down",
            "orders/a passing"
        ]
    );
}

#[test]
fn a_refused_target_fails_at_once() {
    let mut world = World::new(Config::default(), 0.5);
    world.refused.insert("10.0.0.1:80".into());
    world.register("orders/a", "10.0.0.1", &[http(80, "/")]);
    world.run(6);
    assert_eq!(
        world.log,
        ["5.1 orders/a failing http :80/: refused: link-local"]
    );
}

#[test]
fn what_is_recorded_outlives_a_restart_and_a_new_registration() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[tcp(80), tcp(81)]);
    world.down.insert("10.0.0.1:80".into());
    world.run(20);
    assert_eq!(world.count("failing"), 1);
    world.restart(Config::default());
    world.run(60);
    assert_eq!(
        world.log.len(),
        1,
        "still failing, nothing to write: {:?}",
        world.log
    );
    // Other checks: failing until they pass.
    world.register("orders/a", "10.0.0.1", &[http(90, "/")]);
    world.run(4);
    assert_eq!(world.count("passing"), 0);
    world.run(20);
    assert_eq!(world.count("passing"), 1);
    // No checks any more: nothing to hold against it.
    world.down.insert("10.0.0.1:90".into());
    world.run(30);
    assert_eq!(world.count("failing"), 2);
    world.register("orders/a", "10.0.0.1", &[]);
    world.step();
    assert_eq!(world.count("passing"), 2);
    assert_eq!(world.schedule.status().failing, 0);
}

#[test]
fn who_is_gone_is_not_probed() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[tcp(80)]);
    world.down.insert("10.0.0.1:80".into());
    world.run(8);
    world.deregister("orders/a");
    let sent = world.sent.len();
    world.run(60);
    assert_eq!(world.sent.len(), sent);
    assert!(world.log.is_empty());
    assert_eq!(world.schedule.status().targets, 0);
}

#[test]
fn a_verdict_that_was_not_written_is_written_later() {
    let mut world = World::new(Config::default(), 0.5);
    world.register("orders/a", "10.0.0.1", &[tcp(80)]);
    world.down.insert("10.0.0.1:80".into());
    world.store_down = true;
    world.run(60);
    world.store_down = false;
    world.run(2);
    assert_eq!(world.count("failing"), 1);
}

#[test]
fn probes_in_flight_and_their_rate_are_bounded() {
    let config = Config {
        in_flight_max: 50,
        per_second_max: 100,
        ..Config::default()
    };
    let mut world = World::new(config, 0.0);
    world.delay = Duration::from_millis(300);
    for i in 0..500 {
        world.register(&format!("orders/i{i}"), "10.0.0.1", &[tcp(80)]);
    }
    for _ in 0..40 {
        world.step();
        assert!(world.schedule.status().in_flight <= 50);
    }
    assert!(world.sent.len() <= 100 * 4 + 10, "{}", world.sent.len());
    world.run(10);
    assert!(
        world.sent.len() >= 500,
        "everybody's turn comes: {}",
        world.sent.len()
    );
}

/// Targets of `services`, of which those numbered below `down` fail from second 30 on.
fn crowd(services: usize, targets: usize, down: usize) -> World {
    crowd_with(Config::default(), services, targets, down)
}

fn crowd_with(config: Config, services: usize, targets: usize, down: usize) -> World {
    let mut world = World::new(config.clone(), 0.5);
    let mut throws = 0_u32;
    world.schedule = crate::probe::schedule::Schedule::new(
        config,
        Box::new(move || {
            throws = throws.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(throws) / f64::from(u32::MAX)
        }),
    );
    for i in 0..targets {
        let name = format!("s{}/i{i}", i % services);
        world.register(
            &name,
            &format!("10.0.{}.{}", i / 250, i % 250 + 1),
            &[tcp(80)],
        );
    }
    world.run(30);
    for i in 0..down {
        world
            .down
            .insert(format!("10.0.{}.{}:80", i / 250, i % 250 + 1));
    }
    world
}

#[test]
fn the_prober_suspects_itself_first() {
    let cases = [
        ("half of everything", 4, 400, 200, true),
        ("all of it", 4, 400, 400, true),
        ("two services", 2, 400, 400, false),
        ("not 20 targets", 4, 19, 19, false),
        ("no more than 30 %", 4, 400, 120, false),
    ];
    for (name, services, targets, down, silent) in cases {
        let mut world = crowd(services, targets, down);
        world.run(60);
        assert_eq!(world.schedule.status().silent.is_some(), silent, "{name}");
        assert_eq!(
            world.count("failing"),
            if silent { 0 } else { down },
            "{name}"
        );
        assert_eq!(world.count("held: "), usize::from(silent), "{name}");
    }
}

#[test]
fn each_bound_of_the_suspicion_can_be_set() {
    // All but the one that is set would have it begin.
    let default = Config::default;
    let cases = [
        (default(), true),
        (
            Config {
                suspicion_percent: 50,
                ..default()
            },
            false,
        ),
        (
            Config {
                suspicion_percent: 100,
                ..default()
            },
            false,
        ),
        (
            Config {
                suspicion_targets_min: 201,
                ..default()
            },
            false,
        ),
        (
            Config {
                suspicion_services_min: 5,
                ..default()
            },
            false,
        ),
    ];
    for (config, silent) in cases {
        let name = format!("{config:?}");
        let mut world = crowd_with(config, 4, 400, 200);
        world.run(60);
        assert_eq!(world.schedule.status().silent.is_some(), silent, "{name}");
    }
}

#[test]
fn silence_ends_when_they_pass_again() {
    let mut world = crowd(4, 400, 200);
    world.run(60);
    world.down.clear();
    world.run(20);
    assert_eq!(world.count("resumed: "), 1);
    assert!(
        world
            .log
            .iter()
            .any(|line| line.contains("they pass again"))
    );
    world.run(60);
    assert_eq!(world.count("failing"), 0);
    assert_eq!(world.schedule.status().suspicions_total, 1);
}

#[test]
fn failures_that_are_real_are_written_after_five_minutes() {
    let mut world = crowd(4, 400, 200);
    world.run(290);
    assert_eq!(world.count("failing"), 0);
    world.run(60);
    assert_eq!(
        world
            .log
            .iter()
            .filter(|line| line.contains(" failing tcp"))
            .count(),
        200
    );
    assert_eq!(
        (world.count("held: "), world.count("resumed: ")),
        (1, 1),
        "and no other silence"
    );
}
