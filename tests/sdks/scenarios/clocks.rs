//! Wall clocks that are wrong.

use std::time::Duration;

use paste_tests::faketime::WallClock;
use paste_tests::gate::Mode;

use super::disk::{keeping, leave_copy};
use crate::stage::{SERVICE, Stage, holds};

const MINUTE: Duration = Duration::from_secs(60);
/// How long an agent may take to read what is on disk.
const READING: Duration = Duration::from_secs(20);
/// How long an agent waits that is bound to wait in vain.
const IN_VAIN: Duration = Duration::from_secs(1);
/// How long the agent is looked at after its clock jumped: longer than from one heartbeat to the next.
const AFTERMATH: Duration = Duration::from_secs(8);

/// The clock was set back or forward after the copy was written: it is as if the copy came from the future, or were old.
pub fn since_the_copy(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let options = keeping(stage, stage.watching());
    let copy = leave_copy(stage, &peers, &options);
    stage.gate.set(Mode::Shut);
    for (when, ages) in [
        ("+1 hour", Some(Duration::ZERO..10 * MINUTE)),
        ("-1 hour", Some(59 * MINUTE..80 * MINUTE)),
        ("-25 hours", None),
    ] {
        copy.date(when);
        let mut agent = stage.agent();
        agent.start(&options);
        let Some(ages) = ages else {
            let known = agent.instances(SERVICE, IN_VAIN);
            assert!(known.is_err(), "a copy of {when} was used: {known:?}");
            continue;
        };
        let known = agent
            .instances(SERVICE, READING)
            .unwrap_or_else(|error| panic!("a copy of {when} was not used: {error}"));
        assert_eq!(known.ids, peers, "{when}");
        assert!(ages.contains(&known.age), "{when}: {:?}", known.age);
    }
}

/// The clock jumps by an hour, and by two hours back, while the agent runs: nothing is older for it, and nobody is gone.
pub fn jumps(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let clock = WallClock::new(&stage.file("clock"), "+0s");
    let mut agent = stage.agent_with(&clock.variables());
    agent.start(&keeping(stage, stage.registering()));
    stage.settle(&mut agent, &peers);
    for offset in ["+3600s", "-3600s"] {
        clock.set(offset);
        let age = holds(&mut agent, &peers, AFTERMATH);
        assert!(age < MINUTE, "{offset}: the age is {age:?}");
        stage.settle(&mut agent, &peers);
    }
    // It isn't asked to close: faketime 0.9.10 refuses the sleeps of some languages.
}
