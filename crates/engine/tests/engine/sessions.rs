//! Sessions: who may use them, and what goes when they end.

use std::time::Duration;

use paste_engine::{Caller, Registration};
use paste_model::{Role, Scope, SessionId};

use crate::harness::{House, key, registration};

fn id(text: &str) -> SessionId {
    SessionId::new(text).expect("valid")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_removes_only_what_still_names_it() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    for (service, instance) in [("a", "1"), ("a", "2"), ("b", "1")] {
        engine
            .register(
                &caller,
                key(service, instance),
                registration(80, Some("p1")),
                None,
            )
            .await
            .expect("registered");
    }
    engine
        .register(&caller, key("a", "2"), registration(80, Some("p2")), None)
        .await
        .expect("moved");
    engine
        .heartbeat_session(&caller, "p1", None)
        .expect("known");
    assert_eq!(
        engine.end_session(&caller, &id("p1")).await.expect("known"),
        2
    );
    assert!(engine.catalog().member(&key("a", "1")).is_none());
    assert!(engine.catalog().member(&key("b", "1")).is_none());
    assert!(
        engine.catalog().member(&key("a", "2")).is_some(),
        "claimed by p2"
    );
    let gone = engine.heartbeat_session(&caller, "p1", None);
    assert_eq!(gone.expect_err("ended").code(), "not-registered");
    assert_eq!(
        engine
            .end_session(&caller, &id("p1"))
            .await
            .expect_err("ended")
            .code(),
        "not-registered"
    );
    let snapshot = engine
        .catalog()
        .service("default", "b")
        .expect("known and empty");
    assert_eq!(snapshot.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_session_ends_in_pieces() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    for n in 0..1_201 {
        engine
            .register(
                &caller,
                key("a", &format!("i{n}")),
                registration(80, Some("p1")),
                None,
            )
            .await
            .expect("registered");
    }
    assert_eq!(
        engine.end_session(&caller, &id("p1")).await.expect("known"),
        1_201
    );
    assert_eq!(
        engine
            .catalog()
            .service("default", "a")
            .expect("known")
            .len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_creator_may_use_a_session() {
    let house = House::new().await;
    let engine = &house.engine;
    let any = || Scope::Prefix(String::new());
    let ann = house.holder("ann", Role::Register, any()).await;
    let bob = house.holder("bob", Role::Register, any()).await;
    let boss = house.holder("boss", Role::Operate, any()).await;
    engine
        .register(&ann, key("a", "1"), registration(80, Some("p1")), None)
        .await
        .expect("new");

    let taken = engine
        .register(&bob, key("b", "1"), registration(80, Some("p1")), None)
        .await;
    assert_eq!(taken.expect_err("ann's").code(), "session-taken");
    assert_eq!(
        engine
            .heartbeat_session(&bob, "p1", None)
            .expect_err("ann's")
            .code(),
        "forbidden"
    );
    assert_eq!(
        engine
            .end_session(&bob, &id("p1"))
            .await
            .expect_err("ann's")
            .code(),
        "forbidden"
    );
    let over = engine
        .register(&bob, key("a", "1"), registration(81, Some("p2")), None)
        .await;
    assert_eq!(over.expect_err("ann's instance").code(), "forbidden");
    assert_eq!(
        engine
            .deregister(&bob, &key("a", "1"), None)
            .await
            .expect_err("ann's")
            .code(),
        "forbidden"
    );

    let weighed = engine.modify(&boss, key("a", "1"), None, |instance| {
        let weight = paste_model::Weight::new(7).expect("valid");
        Ok(Registration::of(paste_model::Instance {
            weight,
            ..instance.clone()
        }))
    });
    assert_eq!(
        weighed.await.expect("operators may").instance.weight.get(),
        7
    );
    engine
        .heartbeat_session(&ann, "p1", None)
        .expect("still ann's");
    engine
        .deregister(&boss, &key("a", "1"), None)
        .await
        .expect("operators may");
    assert!(
        engine.catalog().session("p1").is_none(),
        "its record went with its last instance"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_token_left_is_taken_over_by_who_may_register_it() {
    let house = House::new().await;
    let engine = &house.engine;
    let old = house
        .holder("old", Role::Register, Scope::Prefix("a".into()))
        .await;
    let new = house
        .holder("new", Role::Register, Scope::Prefix("a".into()))
        .await;
    let stranger = house
        .holder("stranger", Role::Register, Scope::Prefix("b".into()))
        .await;
    let register =
        |caller, port| engine.register(caller, key("a", "1"), registration(port, Some("p1")), None);
    register(&old, 80).await.expect("new");
    assert_eq!(
        register(&new, 81).await.expect_err("old's").code(),
        "forbidden"
    );

    let token = paste_model::TokenId::new("old").expect("valid");
    engine
        .delete_token(&Caller::anonymous(), &token)
        .await
        .expect("known");
    let squatting = engine.register(&stranger, key("b", "1"), registration(80, Some("p1")), None);
    assert_eq!(
        squatting.await.expect_err("not its").code(),
        "session-taken"
    );
    engine
        .heartbeat_session(&new, "p1", None)
        .expect("nobody else can");
    let taken = register(&new, 81).await.expect("nobody else can");
    assert_eq!(taken.value.instance.port.get(), 81);
    let owner = engine
        .catalog()
        .session("p1")
        .expect("known")
        .record()
        .0
        .principal
        .clone();
    assert_eq!(
        owner.as_str(),
        "token:new",
        "it is the new one's from now on"
    );

    let another = house
        .holder("another", Role::Register, Scope::Prefix("a".into()))
        .await;
    assert!(engine.heartbeat_session(&another, "p1", None).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_would_never_be_valid_is_not_made() {
    let house = House::new().await;
    let grant = paste_model::Grant {
        role: Role::Read,
        namespace: None,
        scope: Scope::Prefix(String::new()),
    };
    let token = paste_model::TokenId::new("late").expect("valid");
    let past = Some(paste_model::Timestamp(1));
    let made = house
        .engine
        .create_token(&Caller::anonymous(), token, vec![grant], past)
        .await;
    let refused = made.expect_err("in the past");
    assert!(refused.to_string().starts_with("expires: "), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_its_terms() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let slow = Registration {
        ttl: Some(Duration::from_secs(60)),
        ..registration(80, Some("p1"))
    };
    engine
        .register(&caller, key("a", "1"), slow, None)
        .await
        .expect("new");
    engine
        .register(&caller, key("a", "2"), registration(80, Some("p1")), None)
        .await
        .expect("new");
    let house = house.restart().await;
    let cell = house
        .engine
        .catalog()
        .session("p1")
        .expect("known after a restart");
    assert_eq!(cell.record().0.ttl, Duration::from_secs(60));
    assert_eq!(cell.members().len(), 2);
}
