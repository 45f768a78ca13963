//! How a process ends, and how it seems to.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::gate::Mode;
use paste_tests::until;
use paste_tests::watch::{Picture, Watcher};
use serde_json::Value;

use crate::stage::{OWN, SERVICE, Stage};

/// Longer than a session may be silent.
const BLOCKED: Duration = Duration::from_secs(20);

/// A blocked event loop doesn't stop the heartbeats.
pub fn blocked(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let mut agent = stage.settled_agent(&peers);
    let begun = Instant::now();
    agent.block(BLOCKED);
    while begun.elapsed() < BLOCKED {
        assert_eq!(stage.health(OWN).as_deref(), Some("passing"));
        thread::sleep(Duration::from_millis(200));
    }
    agent.unblocked(BLOCKED);
    assert!(agent.registered());
    stage.settle(&mut agent, &peers);
    agent.close();
}

/// Whoever closes is first seen draining, then gone.
pub fn closed(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let mut agent = stage.settled_agent(&peers);
    let watcher = Watcher::start(stage.registry.address(), &format!("service={SERVICE}"));
    watcher.until_healthy(SERVICE, &[&peers[..], &[OWN.to_owned()]].concat());
    agent.close();
    watcher.until_healthy(SERVICE, &peers);
    assert_eq!(stage.health(OWN), None);
    let seen = watcher.picture();
    let draining = place(&seen, |data| {
        let upserted = data["upserted"].as_array().into_iter().flatten();
        let mut own = upserted.filter(|instance| instance["id"] == OWN);
        own.any(|own| own["status"] == "draining")
    });
    let removed = place(&seen, |data| {
        let removed = data["removed"].as_array().into_iter().flatten();
        removed.into_iter().any(|id| id == OWN)
    });
    assert!(
        draining.is_some() && draining < removed,
        "draining, then removed: {:#?}",
        seen.events
    );
}

/// Where the first event stands that is as wanted.
fn place(picture: &Picture, wanted: impl Fn(&Value) -> bool) -> Option<usize> {
    picture.events.iter().position(|(_, data)| wanted(data))
}

/// Closing takes no longer when nobody answers, whether connections are refused or nothing comes.
pub fn closed_while_reconnecting(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    for mode in [Mode::Shut, Mode::Silent] {
        let mut agent = stage.settled_agent(&peers);
        stage.gate.set(mode);
        until("a heartbeat failed", String::new, || {
            thread::sleep(Duration::from_millis(100));
            (!agent.registered()).then_some(())
        });
        agent.close();
        stage.gate.set(Mode::Open);
    }
}

/// Whoever is killed is no longer healthy, without having said so.
pub fn killed(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let mut agent = stage.settled_agent(&peers);
    agent.kill();
    let health = || stage.health(OWN);
    until(
        "the registry has noticed",
        || format!("{:?}", health()),
        || {
            health()
                .is_none_or(|health| health == "failing")
                .then_some(())
        },
    );
}
