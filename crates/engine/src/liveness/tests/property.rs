//! What holds of every sequence of renewals.

use proptest::prelude::*;

use super::world::World;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Who never lets two thirds of the ttl pass is never judged.
    #[test]
    fn no_verdict_on_who_renews_in_time(
        ttl in 2_u64..60,
        gaps in prop::collection::vec(1_u64..=100, 1..60),
    ) {
        let mut world = World::new();
        world.act(&format!("register orders/a s1 ttl={ttl} remove={ttl}"));
        let longest = ttl * 1_000 * 2 / 3;
        let mut next = 0;
        for gap in gaps {
            // Up to the whole of two thirds, less the tick by which a renewal is recorded early.
            next += (longest - 250) * gap / 100;
            while world.now + 250 <= next {
                world.step();
            }
            world.beat("s1");
        }
        prop_assert!(world.log.is_empty(), "{:?}", world.log);
    }

    /// Who falls silent alone is suspect, failing and removed, each within a tick of its time.
    #[test]
    fn a_silent_session_ends(
        ttl in 2_u64..60,
        rest in 0_u64..60,
        beats in 0_u64..20,
        services in 1_usize..4,
    ) {
        let mut world = World::new();
        for service in 0..services {
            world.act(&format!("register s{service}/a s1 ttl={ttl} remove={}", ttl + rest));
        }
        for _ in 0..beats * 4 {
            world.step();
            world.beat("s1");
        }
        let last = world.now;
        while world.now < last + (ttl + rest) * 1_000 + 500 {
            world.step();
        }
        let seconds = |at: &str| at.split(' ').next().map(str::parse::<f64>);
        let times: Vec<f64> = world.log.iter().filter_map(|line| seconds(line)?.ok()).collect();
        prop_assert_eq!(times.len(), 3, "{:?}", world.log);
        let due = [ttl as f64 * 2.0 / 3.0, ttl as f64, (ttl + rest) as f64];
        for (time, due) in times.iter().zip(due) {
            let late = time - last as f64 / 1e3 - due;
            prop_assert!((-0.01..=0.51).contains(&late), "{late} late: {:?}", world.log);
        }
        prop_assert_eq!(world.catalog.counts().instances, 0);
        prop_assert_eq!(world.catalog.counts().sessions, 0);
    }

    /// Whatever happens, nobody is removed who renewed within its ttl, and no track is left of who is gone.
    #[test]
    fn the_living_are_never_removed(
        acts in prop::collection::vec((0_usize..6, 0_u8..8, 1_u32..80), 1..80),
    ) {
        let mut world = World::new();
        let mut renewed = [None; 6];
        for (session, act, steps) in acts {
            let name = format!("s{session}");
            match act {
                0 => {
                    world.act(&format!("register orders/i{session} {name} ttl=6 remove=12"));
                    renewed[session] = Some(world.now);
                }
                1 if renewed[session].is_some() => {
                    world.act(&format!("open {name}"));
                    world.act(&format!("close {name}"));
                }
                2 => world.act("slow on"),
                3 => world.act("slow off"),
                4 => {
                    world.act("restart");
                    renewed.iter_mut().flatten().for_each(|at| *at = world.now);
                }
                5 => {
                    world.act(&format!("pause {steps}"));
                    let paused = u64::from(steps) * 1_000;
                    renewed.iter_mut().flatten().for_each(|at| *at += paused);
                }
                _ if world.catalog.session(&name).is_some() => {
                    world.beat(&name);
                    renewed[session] = Some(world.now);
                }
                _ => {}
            }
            for _ in 0..steps {
                world.step();
                for (session, renewed) in renewed.iter_mut().enumerate() {
                    let key = super::world::key(&format!("orders/i{session}"));
                    if world.catalog.member(&key).is_none() {
                        let gone = renewed.take().is_none_or(|at| world.now >= at + 6_000);
                        prop_assert!(gone, "i{session}: {:?}", world.log);
                    }
                }
            }
        }
        world.act("slow off");
        for _ in 0..4_000 {
            world.step();
        }
        prop_assert_eq!(world.catalog.counts().sessions, 0, "{:?}", world.log);
        prop_assert!(world.liveness.judge.lock().is_idle());
    }
}
