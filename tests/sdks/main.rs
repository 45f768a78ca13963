//! The same scenarios for the SDK of every language: the real binary behind a gate that can be shut, slowed and made to lie,
//! and the language's scenario agent (docs/sdk.md) before it. What came of it is printed as one table.
//!
//! The test of all languages needs their toolchains, so only those run it who ask for it:
//! `cargo test -p paste-tests --test sdks -- --ignored --nocapture`, which `cargo xtask test` does. Variables:
//!
//! - `PASTE_SDKS=python,go`: these languages only.
//! - `PASTE_SDKS_SCENARIOS=copy,close`: only scenarios whose names contain one of these.
//! - `PASTE_SDKS_OUTAGE_SECONDS=60`: how long the registry is away where it is away for a while.
//!
//! Nothing here waits for a length of time in order to be in step with something: it waits for what it can see. Where
//! a length of time is itself the subject (how long the registry is away), the scenario says so.

mod agent;
mod backend;
mod copies;
mod languages;
mod play;
mod scenarios;
mod stage;
mod table;

use std::path::Path;

use languages::Language;
use play::perform;
use scenarios::SCENARIOS;

#[test]
#[ignore = "needs the toolchains of all SDKs: `cargo xtask test` runs it"]
fn every_language_plays_every_scenario() {
    let built = languages::build();
    let columns: Vec<&str> = built.iter().map(|(name, _)| *name).collect();
    let chosen = scenarios::chosen();
    let rows: Vec<&str> = chosen.iter().map(|scenario| scenario.name).collect();
    let outcomes = perform(&built, &chosen);
    println!("\n{}\n", table::render(&columns, &rows, &outcomes));
    let played = outcomes.len();
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some());
    let failed = failed.count();
    assert!(played > 0, "nothing was played");
    assert_eq!(failed, 0, "of {played} cells, {failed} failed");
}

/// What the scenarios are worth: an agent that asks the registry each time, and takes silence for an empty list, fails where
/// the registry is away, and nowhere else.
#[test]
fn an_agent_that_forgets_is_caught() {
    let program = Path::new(env!("CARGO_BIN_EXE_paste-test-forgetful"));
    let built = [("forgetful", Ok(Language::of("forgetful", program)))];
    let named = |name: &str| {
        let mut scenarios = SCENARIOS.iter();
        scenarios
            .find(|scenario| scenario.name == name)
            .expect("there is such a scenario")
    };
    let chosen = [named("instances gone on purpose"), named("registry away")];
    let outcomes = perform(&built, &chosen);
    let failure = |name: &str| {
        let mut outcomes = outcomes.iter();
        let outcome = outcomes.find(|outcome| outcome.scenario == name);
        outcome.expect("it was played").failure.as_deref()
    };
    assert_eq!(failure("instances gone on purpose"), None);
    let caught = failure("registry away").unwrap_or_default();
    assert!(caught.contains("are missing"), "{caught}");
}

#[test]
fn a_language_that_cannot_be_built_fails_everywhere() {
    let built = [("none", Err("no compiler".to_owned()))];
    let chosen: Vec<_> = SCENARIOS.iter().collect();
    let outcomes = perform(&built, &chosen);
    assert_eq!(outcomes.len(), SCENARIOS.len());
    for outcome in outcomes {
        assert_eq!(outcome.failure.as_deref(), Some("no compiler"));
    }
}
