//! Configuration: from the registry, with word of each release, and acknowledged.

use std::sync::mpsc;

use paste_registry_client::Client;

use crate::registry::Registry;
use crate::{PATIENCE, options, until};

#[tokio::test]
async fn releases_arrive_and_are_acknowledged() {
    let registry = Registry::start();
    let publish = |content: &str| {
        let body = format!(r#"{{"content":"{content}","format":"text"}}"#);
        registry.ask("PUT", "/api/v1/configs/shop/app", &body)
    };
    publish("one");
    let client = Client::connect(options(registry.address())).expect("a client");
    let app = client.config("shop/app").expect("a name");
    assert!(app.wait(PATIENCE).await);
    assert_eq!(
        app.value()
            .map(|value| value.content.to_string())
            .as_deref(),
        Some("one")
    );
    let (sender, releases) = mpsc::channel();
    app.on_change(move |value| {
        let content = value.map(|value| value.content.to_string());
        sender.send(content.clone())?;
        match content.as_deref() {
            Some("three") => Err("three is too many".into()),
            _ => Ok(()),
        }
    });
    publish("two");
    publish("three");
    let mut told = Vec::new();
    until("all three", || {
        told.extend(releases.try_iter().flatten());
        (told.last().map(String::as_str) == Some("three")).then_some(())
    })
    .await;
    assert_eq!(told[0], "one", "what is there is told, too");
    let subscribers = || registry.ask("GET", "/api/v1/configs/shop/app/subscribers", "");
    until("the acknowledgement", || {
        subscribers().contains("three is too many").then_some(())
    })
    .await;
    assert!(subscribers().contains(client.session()));
    registry.ask("DELETE", "/api/v1/configs/shop/app", "");
    until("it is gone", || app.value().is_none().then_some(())).await;
    client.close().await.expect("closed");
}
