//! Liveness as scenarios: a script of what happens when, and the verdicts that must come of it, over a real view.

mod guards;
mod nodes;
mod others;
mod property;
mod sessions;
mod world;

use world::World;

/// Plays `script` to second `end`, and compares what was committed with `expected`, line by line: each line found has
/// to begin with the one expected.
#[track_caller]
fn check(script: &str, end: u64, expected: &str) {
    let mut world = World::new();
    world.play(script, end);
    let expected: Vec<_> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let found = world.log.join("\n");
    assert!(
        world.log.len() == expected.len()
            && world
                .log
                .iter()
                .zip(&expected)
                .all(|(found, line)| found.starts_with(line)),
        "expected:\n{}\nfound:\n{found}",
        expected.join("\n"),
    );
}
