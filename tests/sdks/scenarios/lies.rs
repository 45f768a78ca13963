//! The registry, or what stands before it, answers with something else than answers.

use std::time::Duration;

use paste_tests::gate::Mode;

use crate::stage::{SERVICE, Stage, holds};

/// How long it lasts: the length of time is the subject.
const LASTS: Duration = Duration::from_secs(15);
/// How long an agent waits that is bound to wait in vain.
const IN_VAIN: Duration = Duration::from_secs(2);

/// 500, 503 and 429.
pub fn errors(stage: &mut Stage<'_>) {
    borne(stage, Mode::Failing);
}

/// Answers that come after seconds, and answers whose bytes come after seconds each.
pub fn slowness(stage: &mut Stage<'_>) {
    borne(stage, Mode::Slow);
}

/// Noise, pages for people, half events.
pub fn garbage(stage: &mut Stage<'_>) {
    borne(stage, Mode::Garbage);
}

/// At the start nothing is known and nothing breaks; later nothing that is known is lost; both end when the lies do.
fn borne(stage: &mut Stage<'_>, mode: Mode) {
    let peers = stage.peers();
    stage.gate.set(mode);
    let mut agent = stage.agent();
    agent.start(&stage.registering());
    let unknown = agent.instances(SERVICE, IN_VAIN);
    assert!(unknown.is_err(), "it can't know anything: {unknown:?}");
    assert!(!agent.registered());
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    stage.gate.set(mode);
    holds(&mut agent, &peers, LASTS);
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    agent.close();
}
