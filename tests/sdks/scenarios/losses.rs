//! What is lost, and what is gone because somebody said so.

use std::path::Path;
use std::time::Duration;

use paste_tests::gate::Mode;
use paste_tests::registry::Registry;
use paste_tests::service::{Liveness, Service};
use serde_json::json;

use crate::stage::{OWN, SERVICE, Stage, holds, until_current};

/// How long the first looks last after the loss.
const AFTERMATH: Duration = Duration::from_secs(15);
/// The minute for which those are kept who don't come back, and patience.
const MINUTE: Duration = Duration::from_secs(60 + 60);

/// The registry comes back with an empty folder. Nobody is missing at any time; everybody registers again; whoever doesn't is
/// gone a minute later.
pub fn data_lost(stage: &mut Stage<'_>) {
    let registry = stage.registry.address().to_owned();
    let program = Path::new(env!("CARGO_BIN_EXE_paste-test-service"));
    let peers = ["peer-0", "peer-1", "peer-2"].map(str::to_owned);
    let liveness = Liveness::seconds(4, 3600);
    let _services = peers
        .each_ref()
        .map(|id| Service::start(program, &registry, SERVICE, id, &liveness));
    let ghost = "peer-3".to_owned();
    stage.register(&ghost, json!({ "address": "127.0.0.1", "port": 9 }));
    let mut known = peers.to_vec();
    known.push(ghost);
    let mut agent = stage.settled_agent(&known);

    stage.gate.set(Mode::Shut);
    stage.registry.kill();
    stage.registry = Registry::start_at(&registry, &[], &[]);
    stage.gate.set(Mode::Open);
    holds(&mut agent, &known, AFTERMATH);
    agent.until_registered();
    stage.until_healthy();
    let mut back = peers.to_vec();
    back.insert(0, OWN.to_owned());
    let only = agent.until_known_within(MINUTE, "the ghost is gone", SERVICE, |known| {
        (known.ids.len() <= back.len()).then(|| known.ids.clone())
    });
    assert_eq!(only, back);
    agent.has_lived("reset");
    agent.close();
}

/// Instances that are deregistered go, the last one, too, and come back.
pub fn on_purpose(stage: &mut Stage<'_>) {
    let mut peers = stage.peers();
    let mut agent = stage.agent();
    agent.start(&stage.watching());
    until_current(&mut agent, &peers);
    while let Some(peer) = peers.pop() {
        stage.deregister(&peer);
        until_current(&mut agent, &peers);
    }
    let peers = stage.peers();
    until_current(&mut agent, &peers);
    agent.close();
}
