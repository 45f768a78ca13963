//! Scope and namespaces.

use paste_engine::Caller;
use paste_model::{Namespace, NamespaceSettings, ProtectThreshold, ServiceSettings};

use crate::harness::{House, key, registration, service};

fn settings(percent: u8) -> ServiceSettings {
    ServiceSettings {
        protect_threshold: ProtectThreshold::new(percent).expect("valid"),
        ..ServiceSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_exists_by_settings_or_instances() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    assert!(engine.catalog().service("default", "a").is_none());
    let stored = engine
        .put_service(&caller, &service("a"), settings(20), None)
        .await
        .expect("new");
    assert!(stored.created);
    let again = engine
        .put_service(&caller, &service("a"), settings(20), None)
        .await
        .expect("same");
    assert!(
        !again.created && again.value.revision() == stored.value.revision(),
        "nothing was written"
    );

    engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    let full = engine.delete_service(&caller, &service("a"), None).await;
    assert_eq!(
        full.expect_err("has an instance").code(),
        "service-not-empty"
    );
    engine
        .deregister(&caller, &key("a", "1"), None)
        .await
        .expect("there");
    engine
        .delete_service(&caller, &service("a"), None)
        .await
        .expect("empty");
    assert!(engine.catalog().service("default", "a").is_none());
    let unknown = engine.delete_service(&caller, &service("a"), None).await;
    assert_eq!(unknown.expect_err("gone").code(), "unknown-service");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_bounded() {
    let house = House::new().await;
    let long = ServiceSettings {
        description: "x".repeat(1_025).into(),
        ..ServiceSettings::default()
    };
    let error = house
        .engine
        .put_service(&Caller::anonymous(), &service("a"), long, None)
        .await;
    let error = error.expect_err("too long");
    assert!(
        error.code() == "invalid-field" && error.to_string().contains("text_bytes_max"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_goes_only_when_empty() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let blue = Namespace::new("blue").expect("valid");
    let put = engine
        .put_namespace(&caller, &blue, NamespaceSettings::default())
        .await;
    assert!(put.expect("new"));
    let inside = paste_model::InstanceKey {
        service: paste_model::ServiceKey {
            namespace: blue.clone(),
            ..service("a")
        },
        ..key("a", "1")
    };
    engine
        .register(&caller, inside.clone(), registration(80, None), None)
        .await
        .expect("new");
    assert!(
        engine.catalog().service("default", "a").is_none(),
        "isolated"
    );
    let full = engine.delete_namespace(&caller, &blue).await;
    assert_eq!(
        full.expect_err("has an instance").code(),
        "namespace-not-empty"
    );
    engine
        .deregister(&caller, &inside, None)
        .await
        .expect("there");
    engine
        .delete_namespace(&caller, &blue)
        .await
        .expect("empty");
    let unknown = engine.delete_namespace(&caller, &blue).await;
    assert_eq!(unknown.expect_err("gone").code(), "unknown-namespace");
    let default = engine
        .delete_namespace(&caller, &Namespace::default())
        .await;
    assert_eq!(
        default.expect_err("always there").code(),
        "namespace-permanent"
    );
}
