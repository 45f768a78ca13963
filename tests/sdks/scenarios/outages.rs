//! The registry can't be reached: at the start, for a while, and without anybody being told.

use std::env;
use std::time::Duration;

use paste_tests::gate::Mode;

use crate::stage::{SERVICE, Stage, holds};

/// How long the registry is away, unless `PASTE_SDKS_OUTAGE_SECONDS` says otherwise.
const OUTAGE: Duration = Duration::from_secs(15);
/// Longer than a stream may be silent before its age counts, and than a session may be before it fails.
const SILENCE: Duration = Duration::from_secs(25);
/// How long an agent waits that is bound to wait in vain.
const IN_VAIN: Duration = Duration::from_secs(1);

/// How long the registry is away.
fn outage() -> Duration {
    let said = env::var("PASTE_SDKS_OUTAGE_SECONDS").ok();
    let said = said.map(|text| text.parse().expect("a number of seconds"));
    said.map_or(OUTAGE, Duration::from_secs)
}

/// Starting goes well, asking says that nothing is known, and everything is there once the registry is.
pub fn at_the_start(stage: &mut Stage<'_>) {
    stage.gate.set(Mode::Shut);
    let peers = stage.peers();
    let mut agent = stage.agent();
    agent.start(&stage.registering());
    let unknown = agent.instances(SERVICE, IN_VAIN);
    assert!(unknown.is_err(), "it can't know anything: {unknown:?}");
    assert!(!agent.registered());
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    agent.close();
}

/// The process of the registry is gone for a while, and comes back with what it knew.
pub fn for_a_while(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let mut agent = stage.settled_agent(&peers);
    stage.registry.kill();
    stage.gate.set(Mode::Shut);
    let age = holds(&mut agent, &peers, outage());
    assert!(
        age + Duration::from_secs(2) > outage(),
        "the age is {age:?}"
    );
    stage.registry.start_again();
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    for event in ["registered", "connected", "disconnected", "retrying"] {
        agent.has_lived(event);
    }
    agent.close();
}

/// Nothing passes, and no connection is closed: only the silence itself can be noticed.
pub fn silence(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let mut agent = stage.settled_agent(&peers);
    stage.gate.set(Mode::Silent);
    let age = holds(&mut agent, &peers, SILENCE);
    assert!(age > Duration::from_secs(15), "the age is {age:?}");
    assert!(!agent.registered(), "no heartbeat can have been taken");
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    agent.close();
}
