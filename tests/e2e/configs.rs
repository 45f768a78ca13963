//! Configuration through the death of the registry.

use paste_tests::registry::Registry;
use paste_tests::watch::Watcher;
use serde_json::{Value, json};

const ITEM: &str = "/api/v1/configs/shop/app.yaml";

fn publish(registry: &Registry, number: u64, status: u16) {
    let body = json!({ "content": format!("number: {number}\n") });
    registry.expect("PUT", ITEM, Some(&body), status);
}

/// The number in the last configuration that a subscriber was sent.
fn last(events: &[(String, Value)]) -> Option<u64> {
    let configs = events.iter().filter(|(name, _)| name == "config");
    let content = configs
        .filter_map(|(_, data)| data["content"].as_str())
        .next_back()?;
    content.trim_start_matches("number: ").trim().parse().ok()
}

/// Killed right after the answer to a release, the registry may not have pushed it: whoever comes back gets it.
#[test]
fn a_release_that_was_acknowledged_reaches_subscribers_through_a_kill() {
    let mut registry = Registry::start();
    publish(&registry, 0, 201);
    let mut last_id = None;
    for number in 1..10 {
        let watcher = Watcher::resume(registry.address(), "config=shop/app.yaml", last_id.clone());
        let known = last_id.is_some();
        if !known {
            watcher.until("the first comes with an id", |picture| {
                (last(&picture.events) == Some(number - 1) && picture.last_id.is_some())
                    .then_some(())
            });
        }
        publish(&registry, number, 200);
        registry.kill();
        let before = watcher.picture();
        last_id = before.last_id.or(last_id);
        drop(watcher);
        registry.start_again();
        let back = Watcher::resume(registry.address(), "config=shop/app.yaml", last_id.clone());
        if last(&before.events) == Some(number) {
            // It may have been sent with its id, and then is owed no more: the next is.
            continue;
        }
        back.until("what was acknowledged comes", |picture| {
            (last(&picture.events) == Some(number)).then_some(())
        });
    }
    let read = registry.expect("GET", ITEM, None, 200).json();
    assert_eq!(
        (&read["content"], &read["release"]),
        (&json!("number: 9\n"), &json!(10))
    );
    let history = registry
        .expect("GET", &format!("{ITEM}/releases"), None, 200)
        .json();
    assert_eq!(
        history["releases"].as_array().map(Vec::len),
        Some(10),
        "none is missing"
    );
}
