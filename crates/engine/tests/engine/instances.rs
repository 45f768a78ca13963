//! Registering, changing and deregistering instances; overrides.

use futures_util::future::join_all;
use paste_engine::{Caller, Registration};
use paste_model::{HealthState, Metadata, Revision, Status};

use crate::harness::{House, key, registration};

#[tokio::test(flavor = "multi_thread")]
async fn registering_is_idempotent() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let first = engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    assert!(first.created);
    assert_eq!(first.value.health(), HealthState::Passing);
    let again = engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("same");
    assert!(!again.created);
    assert_eq!(
        again.value.revision, first.value.revision,
        "nothing was written"
    );
    let other = engine
        .register(&caller, key("a", "1"), registration(81, None), None)
        .await
        .expect("changed");
    assert!(!other.created && other.value.revision > first.value.revision);
    let snapshot = engine.catalog().service("default", "a").expect("known");
    assert_eq!(snapshot.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_makes_any_write_conditional() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let stored = engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    let stale = Some(Revision(stored.value.revision.0 + 7));
    let register = engine
        .register(&caller, key("a", "1"), registration(81, None), stale)
        .await;
    assert_eq!(register.expect_err("moved").code(), "revision-mismatch");
    let modify = engine
        .modify(&caller, key("a", "1"), stale, |i| {
            Ok(Registration::of(i.clone()))
        })
        .await;
    assert_eq!(modify.expect_err("moved").code(), "revision-mismatch");
    let deregister = engine.deregister(&caller, &key("a", "1"), stale).await;
    assert_eq!(deregister.expect_err("moved").code(), "revision-mismatch");
    let absent = engine
        .register(&caller, key("a", "2"), registration(81, None), stale)
        .await;
    assert_eq!(absent.expect_err("absent").code(), "revision-mismatch");
    let current = Some(stored.value.revision);
    engine
        .register(&caller, key("a", "1"), registration(82, None), current)
        .await
        .expect("current");
    let none = Some(Revision(0));
    let there = engine
        .register(&caller, key("a", "1"), registration(83, None), none)
        .await;
    assert_eq!(there.expect_err("there").code(), "revision-mismatch");
    engine
        .register(&caller, key("a", "new"), registration(84, None), none)
        .await
        .expect("it isn't there");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_edits_all_count() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    let edits = (0..6).map(|n| {
        let caller = &caller;
        engine.modify(caller, key("a", "1"), None, move |instance| {
            let mut pairs: Vec<_> = instance
                .metadata
                .iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect();
            pairs.push((format!("k{n}").into(), "v".into()));
            let metadata = Metadata::new(pairs).expect("few keys");
            Ok(Registration::of(paste_model::Instance {
                metadata,
                ..instance.clone()
            }))
        })
    });
    for edit in join_all(edits).await {
        edit.expect("retried until it fits");
    }
    let member = engine.catalog().member(&key("a", "1")).expect("there");
    assert_eq!(member.instance.metadata.iter().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cant_be_changed() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let modify = engine
        .modify(&caller, key("a", "1"), None, |i| {
            Ok(Registration::of(i.clone()))
        })
        .await;
    assert_eq!(modify.expect_err("absent").code(), "not-registered");
    let deregister = engine.deregister(&caller, &key("a", "1"), None).await;
    assert_eq!(deregister.expect_err("absent").code(), "not-registered");
    let heartbeat = engine.heartbeat_instance(&caller, "default", "a", "1");
    assert_eq!(heartbeat.expect_err("absent").code(), "not-registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_wins_and_outlives_the_instance() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let set = |status: Status| {
        engine.put_override(&caller, &OVERRIDDEN, status, "disk swap".into(), None)
    };
    static OVERRIDDEN: std::sync::LazyLock<paste_model::InstanceKey> =
        std::sync::LazyLock::new(|| key("a", "1"));
    assert!(
        set(Status::Maintenance)
            .await
            .expect("absent instances can be overridden")
            .created
    );
    assert!(!set(Status::Down).await.expect("replaced").created);

    let stored = engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    assert_eq!(
        stored.value.status(),
        Status::Down,
        "nacos#3934, #8653: it doesn't come back by registering"
    );
    engine
        .deregister(&caller, &key("a", "1"), None)
        .await
        .expect("there");
    engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    let member = engine.catalog().member(&key("a", "1")).expect("there");
    assert_eq!(member.status(), Status::Down);

    engine
        .delete_override(&caller, &key("a", "1"), None)
        .await
        .expect("there");
    assert_eq!(
        engine
            .catalog()
            .member(&key("a", "1"))
            .expect("there")
            .status(),
        Status::Up
    );
    let gone = engine.delete_override(&caller, &key("a", "1"), None).await;
    assert_eq!(gone.expect_err("gone").code(), "unknown-override");
}
