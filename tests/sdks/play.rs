//! Plays scenarios for languages, several at a time: they mostly wait.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::languages::Language;
use crate::scenarios::Scenario;
use crate::stage::Stage;
use crate::table::Outcome;

/// How many scenarios are played at once. Two cores bear so many, because nearly all the time nearly all of them wait.
const STAGES: usize = 12;

/// Plays each scenario for each language; a failure ends nothing but itself.
pub fn perform(
    built: &[(&'static str, Result<Language, String>)],
    scenarios: &[&'static Scenario],
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut waiting = VecDeque::new();
    for scenario in scenarios {
        for (name, language) in built {
            match language {
                Ok(language) if scenario.suits(language) => {
                    waiting.push_back((language, *scenario))
                }
                Ok(_) => {}
                Err(reason) => outcomes.push(Outcome {
                    language: name,
                    scenario: scenario.name,
                    took: Duration::ZERO,
                    failure: Some(reason.clone()),
                }),
            }
        }
    }
    // The longest first, so that nothing long is left for the end.
    waiting
        .make_contiguous()
        .sort_by_key(|(_, scenario)| !scenario.long);
    let waiting = Mutex::new(waiting);
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    };
    let work = || {
        let mut played = Vec::new();
        while let Some((language, scenario)) = next() {
            played.push(play(language, scenario));
        }
        played
    };
    thread::scope(|scope| {
        let stages: Vec<_> = (0..STAGES).map(|_| scope.spawn(work)).collect();
        for stage in stages {
            outcomes.extend(stage.join().expect("failures are caught"));
        }
    });
    outcomes.sort_by_key(|outcome| (outcome.language, outcome.scenario));
    outcomes
}

/// Plays one, in a thread that has its name, so that whatever a failure prints says whose it is.
fn play(language: &Language, scenario: &'static Scenario) -> Outcome {
    let begun = Instant::now();
    let named = thread::Builder::new().name(format!("{}, {}", language.name, scenario.name));
    let failure = thread::scope(|scope| {
        let player = named.spawn_scoped(scope, || {
            let mut stage = Stage::new(language);
            catch_unwind(AssertUnwindSafe(|| (scenario.play)(&mut stage)))
                .err()
                .map(|panic| format!("{}\n{}", reason(&*panic), stage.logs()))
        });
        let player = player.expect("a thread");
        player.join().unwrap_or_else(|panic| Some(reason(&*panic)))
    });
    Outcome {
        language: language.name,
        scenario: scenario.name,
        took: begun.elapsed(),
        failure,
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
