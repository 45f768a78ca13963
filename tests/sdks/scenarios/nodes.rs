//! Several addresses of one registry.

use std::time::Duration;

use paste_tests::gate::{Gate, Mode};
use paste_tests::{until, until_within};

use crate::agent::Agent;
use crate::stage::{Stage, holds, url};

/// How long the agent is looked at after an address went away.
const AFTERMATH: Duration = Duration::from_secs(5);
/// An agent leaves an isolated node at most once in 30 s; and patience.
const MOVES_WITHIN: Duration = Duration::from_secs(30 + 60);

/// Another way to the registry of the stage, and what an agent is started with that knows both.
fn second_way(stage: &Stage<'_>, mode: Mode) -> (Gate, serde_json::Value) {
    let second = Gate::start(stage.registry.address(), mode);
    let mut options = stage.registering();
    options["urls"] = vec![url(&second), url(&stage.gate)].into();
    (second, options)
}

/// Waits until several requests have gone through this gate from now on.
fn until_used(gate: &Gate) {
    let before = gate.heard();
    until("the other address is used", String::new, || {
        (gate.heard() >= before + 3).then_some(())
    });
}

/// One address is dead at the start, and later the other one.
pub fn one_is_away(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let (second, options) = second_way(stage, Mode::Shut);
    let mut agent = stage.agent();
    agent.start(&options);
    stage.settle(&mut agent, &peers);
    move_over(&mut agent, &peers, &stage.gate, &second);
    stage.settle(&mut agent, &peers);
    move_over(&mut agent, &peers, &second, &stage.gate);
    stage.settle(&mut agent, &peers);
    agent.close();
}

fn move_over(agent: &mut Agent, peers: &[String], from: &Gate, to: &Gate) {
    to.set(Mode::Open);
    from.set(Mode::Shut);
    holds(agent, peers, AFTERMATH);
    until_used(to);
}

/// A node that says that it is isolated serves as long as there is no other, and is left when there is.
pub fn one_is_isolated(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    stage.gate.set(Mode::Isolated);
    let (second, options) = second_way(stage, Mode::Shut);
    let mut agent = stage.agent();
    agent.start(&options);
    stage.settle(&mut agent, &peers);
    second.set(Mode::Open);
    let isolated = &stage.gate;
    until_within(
        MOVES_WITHIN,
        "the isolated node is left",
        || format!("{} and {} connections", isolated.open(), second.open()),
        || (isolated.open() == 0 && second.open() > 0).then_some(()),
    );
    until_used(&second);
    stage.settle(&mut agent, &peers);
    agent.close();
}
