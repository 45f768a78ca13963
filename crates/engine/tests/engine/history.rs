//! What outlives a restart: the state, the timeline, backups.

use paste_engine::{Caller, EventKind};
use paste_model::Status;

use crate::harness::{House, key, registration, service};

async fn kinds(house: &House, name: &str) -> Vec<EventKind> {
    let events = house
        .engine
        .events(&Caller::anonymous(), &service(name), None, 100)
        .await;
    events
        .expect("readable")
        .iter()
        .map(|event| event.kind)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_what_happened() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let it = key("a", "1");
    engine
        .register(&caller, it.clone(), registration(80, None), None)
        .await
        .expect("new");
    engine
        .register(&caller, it.clone(), registration(81, None), None)
        .await
        .expect("changed");
    engine
        .register(&caller, key("b", "1"), registration(80, None), None)
        .await
        .expect("another service");
    engine
        .put_override(&caller, &it, Status::Down, "disk".into(), None)
        .await
        .expect("set");
    engine
        .delete_override(&caller, &it, None)
        .await
        .expect("cleared");
    engine.deregister(&caller, &it, None).await.expect("there");
    let told = [
        EventKind::Registered,
        EventKind::Updated,
        EventKind::OverrideSet,
        EventKind::OverrideCleared,
        EventKind::Deregistered,
    ];
    assert_eq!(kinds(&house, "a").await, told);
    let events = engine
        .events(&caller, &service("a"), None, 100)
        .await
        .expect("readable");
    assert_eq!(
        (events[2].reason.as_str(), events[2].by.as_str()),
        ("disk", "anonymous")
    );
    let later = engine
        .events(&caller, &service("a"), Some(events[2].cursor), 1)
        .await
        .expect("readable");
    assert_eq!(later, events[3..4]);

    let house = house.restart().await;
    assert_eq!(kinds(&house, "a").await, told, "after a restart, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_serves_what_there_was() {
    let house = House::new().await;
    let caller = Caller::anonymous();
    for n in 0..50 {
        house
            .engine
            .register(
                &caller,
                key("a", &format!("i{n}")),
                registration(80, None),
                None,
            )
            .await
            .expect("new");
    }
    let before = house.engine.catalog().position();
    let house = house.restart().await;
    assert_eq!(house.engine.catalog().position(), before);
    assert_eq!(
        house
            .engine
            .catalog()
            .service("default", "a")
            .expect("known")
            .up_healthy(),
        50
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_new_epoch() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    engine
        .register(&caller, key("a", "1"), registration(80, None), None)
        .await
        .expect("new");
    let path = house.dir.path().join("backup");
    let mut file = std::fs::File::create(&path).expect("creates");
    let taken = engine.backup(&caller, &mut file).expect("written");
    engine
        .register(&caller, key("a", "2"), registration(80, None), None)
        .await
        .expect("new");

    let file = std::fs::File::open(&path).expect("opens");
    let restored = engine.restore(&caller, file).await.expect("restored");
    assert_ne!(restored.epoch, taken.epoch);
    assert!(restored.revision > taken.revision);
    assert_eq!(
        engine
            .catalog()
            .service("default", "a")
            .expect("known")
            .len(),
        1
    );
    engine
        .register(&caller, key("a", "3"), registration(80, None), None)
        .await
        .expect("goes on");

    std::fs::write(&path, b"not a backup").expect("writes");
    let file = std::fs::File::open(&path).expect("opens");
    assert_eq!(
        engine
            .restore(&caller, file)
            .await
            .expect_err("garbage")
            .code(),
        "invalid-field"
    );
    assert_eq!(
        engine
            .catalog()
            .service("default", "a")
            .expect("known")
            .len(),
        2,
        "nothing changed"
    );
}
