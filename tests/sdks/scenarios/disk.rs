//! The copy on disk: what a start without the registry begins with, if it can be trusted.

use std::time::Duration;

use paste_tests::gate::Mode;
use serde_json::{Value, json};

use super::configs;
use crate::copies::Copy;
use crate::stage::{SERVICE, Stage, holds, until_current};

/// How long an agent may take to read what is on disk.
const READING: Duration = Duration::from_secs(20);
/// How long an agent waits that is bound to wait in vain.
const IN_VAIN: Duration = Duration::from_secs(1);
const CONFIG: &str = "shop/app.yaml";

/// What agents are started with that keep a copy.
pub fn keeping(stage: &Stage<'_>, mut options: Value) -> Value {
    options["snapshot_folder"] = stage.copies().display().to_string().into();
    options
}

/// An agent knows `peers`, and ends; what it leaves on disk is read.
pub fn leave_copy(stage: &mut Stage<'_>, peers: &[String], options: &Value) -> Copy {
    let mut agent = stage.agent();
    agent.start(options);
    until_current(&mut agent, peers);
    agent.close();
    Copy::read(&stage.copies())
}

/// Everything is there from disk, with its age, although the registry isn't; then from the registry.
pub fn start(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    configs::release(stage, "port: 1\n", 201);
    let with_config = |mut options: Value| {
        options["configs"] = json!([CONFIG]);
        options
    };
    let watching = with_config(keeping(stage, stage.watching()));
    leave_copy(stage, &peers, &watching);
    stage.gate.set(Mode::Shut);
    let mut agent = stage.agent();
    agent.start(&with_config(keeping(stage, stage.registering())));
    let known = agent
        .instances(SERVICE, READING)
        .unwrap_or_else(|error| panic!("nothing came from disk: {error}"));
    assert_eq!(known.ids, peers);
    assert!(known.age > Duration::ZERO, "it was written before");
    let content = agent.config(CONFIG, READING);
    assert_eq!(content, Ok(Some(("port: 1\n".to_owned(), 1))));
    let age = holds(&mut agent, &peers, Duration::from_secs(3));
    assert!(age > known.age, "the age grows: {age:?}");
    agent.has_lived("snapshot-loaded");
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    agent.close();
}

/// Copies that were cut off, emptied or changed are as good as none.
pub fn torn(stage: &mut Stage<'_>) {
    let peers = stage.peers();
    let options = keeping(stage, stage.watching());
    let copy = leave_copy(stage, &peers, &options);
    stage.gate.set(Mode::Shut);
    let damages: [(&str, &dyn Fn()); 3] = [
        ("cut in half", &|| copy.cut_at(50)),
        ("empty", &|| copy.cut_at(0)),
        ("changed", &|| copy.falsify("peer-1", "peer-7")),
    ];
    for (name, damage) in damages {
        damage();
        let mut agent = stage.agent();
        agent.start(&options);
        let known = agent.instances(SERVICE, IN_VAIN);
        assert!(known.is_err(), "{name}, it was used: {known:?}");
    }
    let mut agent = stage.agent();
    agent.start(&keeping(stage, stage.registering()));
    stage.gate.set(Mode::Open);
    stage.settle(&mut agent, &peers);
    agent.close();
}
