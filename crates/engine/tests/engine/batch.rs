//! Many items in one request.

use std::time::Duration;

use paste_engine::{BatchItem, Caller, Outcome, Registration};
use paste_model::{Role, Scope};

use crate::harness::{House, key, registration};

fn register(name: &str, id: &str, session: Option<&str>) -> BatchItem {
    BatchItem::Register {
        key: key(name, id),
        registration: Box::new(registration(80, session)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_has_an_outcome_of_its_own() {
    let house = House::new().await;
    let caller = house
        .holder("a", Role::Register, Scope::Prefix("a".into()))
        .await;
    let items = vec![
        register("a", "1", None),
        register("b", "1", None),
        BatchItem::Deregister { key: key("a", "9") },
        register("a", "2", None),
    ];
    let outcomes = house
        .engine
        .batch(&caller, items, false)
        .await
        .expect("within limits");
    assert!(matches!(&outcomes[0], Ok(Outcome::Registered(stored)) if stored.created));
    assert_eq!(
        outcomes[1].as_ref().expect_err("out of scope").code(),
        "forbidden"
    );
    assert_eq!(
        outcomes[2].as_ref().expect_err("absent").code(),
        "not-registered"
    );
    assert!(outcomes[3].is_ok());
}

/// Each item writes the session's record anew, and expects it as the item before left it.
#[tokio::test(flavor = "multi_thread")]
async fn items_may_dispute_a_session() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let items = (1..=40)
        .map(|number: u64| BatchItem::Register {
            key: key("a", &number.to_string()),
            registration: Box::new(Registration {
                ttl: Some(Duration::from_secs(number)),
                ..registration(80, Some("p"))
            }),
        })
        .collect();
    let outcomes = engine
        .batch(&caller, items, false)
        .await
        .expect("within limits");
    for (place, outcome) in outcomes.iter().enumerate() {
        assert!(
            matches!(outcome, Ok(Outcome::Registered(stored)) if stored.created),
            "{place}: {outcome:?}"
        );
    }
    let session = engine.catalog().session("p").expect("there");
    assert_eq!(session.members().len(), 40);
    assert_eq!(session.record().0.ttl, Duration::from_secs(40));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_batch_is_one_revision_or_nothing() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let items = vec![register("a", "1", Some("p")), register("b", "1", Some("p"))];
    let outcomes = engine.batch(&caller, items, true).await.expect("committed");
    let revisions: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(Outcome::Registered(stored)) => stored.value.revision,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(revisions[0], revisions[1]);

    let items = vec![
        register("a", "2", None),
        BatchItem::Deregister { key: key("a", "9") },
    ];
    assert_eq!(
        engine
            .batch(&caller, items, true)
            .await
            .expect_err("absent")
            .code(),
        "not-registered"
    );
    assert!(
        engine.catalog().member(&key("a", "2")).is_none(),
        "nothing of it happened"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_batch_can_share_a_session_of_its_own_terms() {
    let house = House::new().await;
    let caller = house
        .holder("a", Role::Register, Scope::Prefix(String::new()))
        .await;
    let items = vec![register("a", "1", Some("p")), register("b", "1", Some("p"))];
    house
        .engine
        .batch(&caller, items, true)
        .await
        .expect("the session is written once");
    let items = vec![
        BatchItem::Deregister { key: key("a", "1") },
        register("a", "2", Some("p")),
    ];
    house
        .engine
        .batch(&caller, items, true)
        .await
        .expect("the session stays");
    assert_eq!(
        house
            .engine
            .catalog()
            .session("p")
            .expect("there")
            .members()
            .len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_bounded() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let items = |count: usize| {
        (0..count)
            .map(|n| register("a", &format!("{n}"), None))
            .collect()
    };
    for (count, atomic, limit) in [
        (1_001, false, "batch_items_max"),
        (33, true, "atomic_items_max"),
    ] {
        let error = engine
            .batch(&caller, items(count), atomic)
            .await
            .expect_err("too many");
        assert!(error.to_string().contains(limit), "{error}");
    }
    let twice = vec![register("a", "1", None), register("a", "1", None)];
    assert_eq!(
        engine
            .batch(&caller, twice, true)
            .await
            .expect_err("twice")
            .code(),
        "invalid-field"
    );
}
