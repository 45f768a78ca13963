//! The scenarios that every SDK has to pass, in the order of the table.

mod calls;
mod clocks;
mod configs;
mod disk;
mod ends;
mod lies;
mod losses;
mod nodes;
mod numbers;
mod outages;
mod policies;

use std::env;

use crate::languages::Language;
use crate::stage::Stage;

/// One scenario: it panics when something isn't as it has to be.
pub struct Scenario {
    /// The row of the table.
    pub name: &'static str,
    /// What happens.
    pub play: fn(&mut Stage<'_>),
    /// Whether it takes much longer than others by design.
    pub long: bool,
    /// Whether the agent has to go by a wall clock that is wrong.
    needs_wall_clock: bool,
}

impl Scenario {
    const fn new(name: &'static str, play: fn(&mut Stage<'_>)) -> Self {
        Self {
            name,
            play,
            long: false,
            needs_wall_clock: false,
        }
    }

    const fn long(self) -> Self {
        Self { long: true, ..self }
    }

    const fn with_wall_clock(self) -> Self {
        Self {
            needs_wall_clock: true,
            ..self
        }
    }

    /// Whether it can be played in this language.
    pub fn suits(&self, language: &Language) -> bool {
        language.clock_can_be_wrong || !self.needs_wall_clock
    }
}

/// All of them.
pub const SCENARIOS: [Scenario; 23] = [
    Scenario::new("no registry at the start", outages::at_the_start),
    Scenario::new("no registry, but a copy on disk", disk::start),
    Scenario::new("registry away", outages::for_a_while).long(),
    Scenario::new("network silent", outages::silence).long(),
    Scenario::new("answers errors", lies::errors).long(),
    Scenario::new("answers slowly", lies::slowness).long(),
    Scenario::new("answers garbage", lies::garbage).long(),
    Scenario::new("data lost", losses::data_lost).long(),
    Scenario::new("instances gone on purpose", losses::on_purpose),
    Scenario::new("copy torn", disk::torn),
    Scenario::new("clock wrong since the copy", clocks::since_the_copy),
    Scenario::new("clock jumps", clocks::jumps).with_wall_clock(),
    Scenario::new("event loop blocked for 20 s", ends::blocked).long(),
    Scenario::new("10,000 instances", numbers::ten_thousand),
    Scenario::new("close", ends::closed),
    Scenario::new("close while reconnecting", ends::closed_while_reconnecting).long(),
    Scenario::new("process killed", ends::killed),
    Scenario::new("several addresses", nodes::one_is_away),
    Scenario::new("isolated node", nodes::one_is_isolated).long(),
    Scenario::new("configuration", configs::followed),
    Scenario::new("policy", policies::followed),
    Scenario::new("calls, with instances that fail", calls::with_failures),
    Scenario::new("calls told with heartbeats", calls::told),
];

/// Those whose names contain one of the words in `PASTE_SDKS_SCENARIOS`, or all.
pub fn chosen() -> Vec<&'static Scenario> {
    let words = env::var("PASTE_SDKS_SCENARIOS").ok();
    let is_chosen = |name: &str| {
        let words = words.as_deref();
        words.is_none_or(|words| words.split(',').any(|word| name.contains(word)))
    };
    SCENARIOS
        .iter()
        .filter(|scenario| is_chosen(scenario.name))
        .collect()
}
