//! Registering and discovering, with the registry there, away, and back without its data.

use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paste_registry_client::{
    Ask, ChooseError, Client, HealthState, NewRegistration, Options, Outcome, RegisterError,
    Service,
};

use crate::registry::Registry;
use crate::{PATIENCE, options, until};

fn port(port: u16) -> NonZeroU16 {
    NonZeroU16::new(port).expect("not zero")
}

fn ids(service: &Service) -> Vec<String> {
    let instances = service.instances_now().unwrap_or_default();
    instances
        .iter()
        .map(|instance| instance.id().to_owned())
        .collect()
}

async fn until_ids(service: &Service, expected: &[&str]) {
    until(&format!("{expected:?}"), || {
        (ids(service) == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_one_process_registers_another_finds_until_it_closes() {
    let registry = Registry::start();
    let server = Client::connect(options(registry.address())).expect("a client");
    let caller = Client::connect(options(registry.address())).expect("a client");
    let new = NewRegistration::new("orders", port(8080))
        .address("10.0.0.7")
        .version("1.4.2")
        .zone("eu-1a")
        .tag("fast")
        .metadata("tier", "gold")
        .weight(7);
    let registration = server.register(new).expect("open");
    registration.wait(PATIENCE).await.expect("registered");
    assert!(server.is_registered());
    let orders = caller.service("orders").expect("a name");
    let found = orders.instances().await.expect("known");
    let [instance] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(instance.id(), format!("{}-8080", server.session()));
    assert_eq!(instance.authority(), "10.0.0.7:8080");
    assert_eq!((instance.zone(), instance.weight()), (Some("eu-1a"), 7));
    assert_eq!(instance.health(), HealthState::Passing);
    let ask = |range| Ask::any().version(range).expect("a range");
    let pick = orders.choose(&ask("^1.2")).await.expect("one");
    pick.done(Outcome::Success, Duration::from_millis(3));
    let none = orders.choose(&ask("^2")).await;
    assert!(
        matches!(none, Err(ChooseError::NoInstance { .. })),
        "{none:?}"
    );
    let seen: Arc<Mutex<Vec<usize>>> = Arc::default();
    let told = Arc::clone(&seen);
    orders.on_change(move |instances| told.lock().expect("nobody panics").push(instances.len()));
    server.close().await.expect("closed");
    until_ids(&orders, &[]).await;
    until("word of it", || {
        (seen.lock().expect("nobody panics").last() == Some(&0)).then_some(())
    })
    .await;
    assert!(matches!(
        server.register(NewRegistration::new("a", port(1))),
        Err(RegisterError::Ended)
    ));
    server.close().await.expect("again");
    caller.close().await.expect("closed");
}

#[tokio::test]
async fn an_address_that_is_not_given_is_this_machines() {
    let registry = Registry::start();
    let client = Client::connect(options(registry.address())).expect("a client");
    let registration = client
        .register(NewRegistration::new("orders", port(9)))
        .expect("open");
    registration.wait(PATIENCE).await.expect("registered");
    let service = client.service("orders").expect("a name");
    let instances = service.instances().await.expect("known");
    assert_eq!(instances[0].address(), "127.0.0.1");
    client.close().await.expect("closed");
}

#[tokio::test]
async fn a_registration_that_is_wrong_is_refused_with_the_reason() {
    let registry = Registry::start();
    let client = Client::connect(options(registry.address())).expect("a client");
    let new = NewRegistration::new("orders", port(9))
        .address("10.0.0.1")
        .version("one");
    let refused = client.register(new).expect("open").wait(PATIENCE).await;
    match refused {
        Err(RegisterError::Refused(refused)) => {
            assert_eq!(refused.code, "invalid-field");
            assert!(refused.detail.contains("version"), "{}", refused.detail);
        }
        other => panic!("{other:?}"),
    }
    client.close().await.expect("closed");
}

#[tokio::test]
async fn a_registry_that_comes_back_without_its_data_is_filled_again_and_nothing_is_missed() {
    let mut registry = Registry::start();
    let address = registry.address().to_owned();
    registry.put("orders", "stays", 80, "");
    let client = Client::connect(Options {
        heartbeat: Duration::from_millis(300),
        ..options(&address)
    })
    .expect("a client");
    let new = NewRegistration::new("orders", port(8080))
        .address("10.0.0.7")
        .id("own");
    client
        .register(new)
        .expect("open")
        .wait(PATIENCE)
        .await
        .expect("registered");
    let orders = client.service("orders").expect("a name");
    orders.known_within(PATIENCE).await.expect("known");
    until_ids(&orders, &["own", "stays"]).await;
    registry.kill();
    until("the registry is missed", || {
        (!client.is_registered()).then_some(())
    })
    .await;
    assert_eq!(ids(&orders), ["own", "stays"]);
    let registry = Registry::start_at(&address);
    until("registered again", || client.is_registered().then_some(())).await;
    until("the stream is back", || {
        // Another history counts from the beginning.
        orders.revision().filter(|revision| *revision < 5)
    })
    .await;
    assert_eq!(
        ids(&orders),
        ["own", "stays"],
        "one that nobody spoke of is kept for a while"
    );
    let listed = registry.ask("GET", "/api/v1/services/orders/instances", "");
    assert!(listed.contains("\"own\""), "{listed}");
    client.close().await.expect("closed");
}

#[tokio::test]
async fn a_start_without_the_registry_uses_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let with_disk = |address: &str| Options {
        snapshot_folder: Some(folder.path().to_owned()),
        request_timeout: Duration::from_millis(500),
        ..options(address)
    };
    let mut registry = Registry::start();
    let address = registry.address().to_owned();
    registry.put("orders", "a", 80, "");
    let client = Client::connect(with_disk(&address)).expect("a client");
    let orders = client.service("orders").expect("a name");
    orders.known_within(PATIENCE).await.expect("known");
    until_ids(&orders, &["a"]).await;
    client.close().await.expect("closed");
    registry.kill();
    let client = Client::connect(with_disk(&address)).expect("it starts all the same");
    let orders = client.service("orders").expect("a name");
    assert_eq!(ids(&orders), ["a"]);
    assert!(orders.age().is_some());
    let other = client.service("other").expect("a name");
    match other.choose(&Ask::any()).await {
        Err(error @ ChooseError::NotKnown { .. }) => {
            assert!(
                error.to_string().contains(&address),
                "it tells the reason: {error}"
            );
        }
        other => panic!("{other:?}"),
    }
    client.close().await.expect("nothing was registered");
}

#[tokio::test]
async fn a_closed_client_does_nothing_more() {
    let registry = Registry::start();
    let client = Client::connect(options(registry.address())).expect("a client");
    let (http, closed) = (client.http(), client.service("orders").expect("a name"));
    client.close().await.expect("closed");
    assert!(http.get("http://new/").await.is_err());
    assert!(client.service("other").is_err());
    assert!(matches!(
        closed.known().await,
        Err(ChooseError::NotKnown { .. }) | Ok(())
    ));
}

#[tokio::test]
async fn a_client_that_is_only_dropped_deregisters_all_the_same() {
    let registry = Registry::start();
    let reader = Client::connect(options(registry.address())).expect("a client");
    let orders = reader.service("orders").expect("a name");
    let client = Client::connect(options(registry.address())).expect("a client");
    let new = NewRegistration::new("orders", port(9))
        .address("10.0.0.1")
        .id("a");
    client.register(new).expect("open");
    until_ids(&orders, &["a"]).await;
    drop(client);
    until_ids(&orders, &[]).await;
    reader.close().await.expect("closed");
}

#[tokio::test]
async fn ten_thousand_instances_are_no_trouble() {
    let registry = Registry::start();
    for batch in 0..10 {
        let items: Vec<String> = (0..1_000)
            .map(|number| {
                let id = batch * 1_000 + number;
                format!(
                    r#"{{"action":"register","service":"big","id":"i{id:05}","instance":{{"address":"10.0.0.1","port":80,"ephemeral":false}}}}"#
                )
            })
            .collect();
        registry.ask(
            "POST",
            "/api/v1/batch",
            &format!(r#"{{"items":[{}]}}"#, items.join(",")),
        );
    }
    let client = Client::connect(options(registry.address())).expect("a client");
    let big = client.service("big").expect("a name");
    big.known_within(PATIENCE).await.expect("known");
    until("all of them", || (ids(&big).len() == 10_000).then_some(())).await;
    registry.put("big", "i99999", 80, "");
    until("one more", || (ids(&big).len() == 10_001).then_some(())).await;
    assert!(big.choose_now(&Ask::any()).is_ok());
    client.close().await.expect("closed");
}
