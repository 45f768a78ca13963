//! A configuration item, followed.

use std::thread;
use std::time::{Duration, Instant};

use paste_tests::gate::Mode;
use paste_tests::until;
use serde_json::json;

use crate::agent::Agent;
use crate::stage::{OWN, Stage};

const NAME: &str = "shop/app.yaml";
const PATH: &str = "/api/v1/configs/shop/app.yaml";

/// It is loaded, changes, is acknowledged, outlasts an outage, and goes.
pub fn followed(stage: &mut Stage<'_>) {
    release(stage, "port: 1\n", 201);
    let mut agent = stage.agent();
    let mut options = stage.registering();
    options["configs"] = json!([NAME]);
    agent.start(&options);
    let first = agent.config(NAME, Duration::from_secs(20));
    assert_eq!(first, Ok(Some(("port: 1\n".to_owned(), 1))));
    stage.settle(&mut agent, &[]);
    until_acknowledged(stage, 1);
    release(stage, "port: 2\n", 200);
    until_content(&mut agent, Some(("port: 2\n", 2)));
    until_acknowledged(stage, 2);

    stage.gate.set(Mode::Shut);
    release(stage, "port: 3\n", 200);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let kept = agent.config(NAME, Duration::ZERO);
        assert_eq!(kept, Ok(Some(("port: 2\n".to_owned(), 2))));
        thread::sleep(Duration::from_millis(100));
    }
    stage.gate.set(Mode::Open);
    until_content(&mut agent, Some(("port: 3\n", 3)));
    until_acknowledged(stage, 3);
    stage.registry.expect("DELETE", PATH, None, 200);
    until_content(&mut agent, None);
    agent.close();
}

/// Releases `content`.
pub fn release(stage: &Stage<'_>, content: &str, status: u16) {
    let body = json!({ "content": content });
    stage.registry.expect("PUT", PATH, Some(&body), status);
}

fn until_content(agent: &mut Agent, wanted: Option<(&str, u64)>) {
    let wanted = wanted.map(|(content, release)| (content.to_owned(), release));
    let mut seen = Ok(None);
    let begun = Instant::now();
    while begun.elapsed() < paste_tests::PATIENCE {
        seen = agent.config(NAME, Duration::ZERO);
        if seen.as_ref() == Ok(&wanted) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("waited in vain for {wanted:?}; the agent has {seen:?}");
}

fn until_acknowledged(stage: &Stage<'_>, release: u64) {
    let subscribers = || {
        let path = format!("{PATH}/subscribers");
        stage.registry.expect("GET", &path, None, 200).json()
    };
    until(
        &format!("release {release} is acknowledged"),
        || subscribers().to_string(),
        || {
            let subscribers = subscribers();
            let mut all = subscribers["subscribers"].as_array()?.iter();
            let found = all.any(|subscriber| {
                let said = &subscriber["acknowledged"];
                subscriber["instances"].to_string().contains(OWN)
                    && said["release"] == release
                    && said["applied"] == true
            });
            found.then_some(())
        },
    );
}
