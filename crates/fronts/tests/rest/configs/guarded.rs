//! What is guarded: rights, secrets, quotas, and contents that went missing.

use http::{Method, StatusCode};
use paste_engine::{Vault, settings};
use serde_json::{Value, json};

use super::{ITEM, content, publish};
use crate::harness::House;
use crate::watch::Watcher;

fn vault(keys: &[&str]) -> settings::Configs {
    let lines: Vec<_> = (keys.iter())
        .map(|name| format!("{name}:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        .collect();
    settings::Configs {
        vault: Vault::parse(&lines.join("\n")).expect("valid"),
        ..settings::Configs::default()
    }
}

#[tokio::test]
async fn rights_are_separate_down_to_a_prefix() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let reader = house
        .token(
            "reader",
            json!({"role": "config-read", "namespace": "default", "configs": "shop/app"}),
        )
        .await;
    let writer = house
        .token(
            "writer",
            json!({"role": "config-write", "configs": "shop/"}),
        )
        .await;
    let publisher = house
        .token(
            "publisher",
            json!({"role": "config-publish", "configs": "shop/"}),
        )
        .await;
    let service = house.token("service", json!({"role": "read"})).await;
    let get = |secret: &str, path: &str| house.ask(Method::GET, path).token(secret).send();
    assert_eq!(get(&reader, ITEM).await.status, StatusCode::OK);
    assert_eq!(
        get(&reader, "/api/v1/configs/shop/other").await.code(),
        "forbidden"
    );
    assert_eq!(
        get(&service, ITEM).await.code(),
        "forbidden",
        "who reads services doesn't read configuration"
    );
    let put = |secret: &str, part: &str| {
        house
            .ask(Method::PUT, &format!("{ITEM}{part}"))
            .token(secret)
            .json(&json!({"content": "a: 2\n"}))
            .send()
    };
    assert_eq!(put(&reader, "").await.code(), "forbidden");
    assert_eq!(put(&writer, "").await.code(), "forbidden", "it takes both");
    assert_eq!(put(&writer, "/draft").await.status, StatusCode::OK);
    assert_eq!(content(&house).await, "a: 1\n");
    let approve = |secret: &str| {
        house
            .ask(Method::POST, &format!("{ITEM}/draft/approve"))
            .token(secret)
            .send()
    };
    assert_eq!(approve(&writer).await.code(), "forbidden");
    assert_eq!(approve(&publisher).await.status, StatusCode::OK);
    assert_eq!(content(&house).await, "a: 2\n");
    let newest = house.get(&format!("{ITEM}/releases")).await.json()["releases"][0].clone();
    assert_eq!(
        (&newest["by"], &newest["author"]),
        (&json!("token:publisher"), &json!("token:writer"))
    );
    let watch = house
        .ask(Method::GET, "/api/v1/watch?config=shop/*")
        .token(&reader)
        .send()
        .await;
    assert_eq!(watch.code(), "forbidden", "a group is more than a prefix");
}

#[tokio::test]
async fn secrets_are_sealed_and_need_their_key() {
    let house = House::configured(vault(&["one"])).await;
    let secret = "/api/v1/configs/shop/password";
    let put = house
        .put(secret, json!({"content": "hunter2", "secret": true}))
        .await;
    assert_eq!(put.status, StatusCode::CREATED, "{put:?}");
    assert_eq!(house.get(secret).await.json()["content"], "hunter2");
    assert_eq!(
        house
            .put(secret, json!({"content": "hunter2"}))
            .await
            .json()["unchanged"],
        true
    );
    let found = house.get("/api/v1/configs?search=hunter2").await.json();
    assert_eq!(
        found["configs"],
        json!([]),
        "nobody finds it by what it says"
    );
    let backup = house.get("/api/v1/backup").await;
    assert!(!backup.body.windows(7).any(|window| window == b"hunter2"));

    let house = house.restart_after(vault(&["two", "one"]), |_| {}).await;
    assert_eq!(
        house.get(secret).await.json()["content"],
        "hunter2",
        "after a rotation"
    );
    let mut watcher = Watcher::open(&house, "config=shop/password", "").await;
    let event = watcher.next().await.expect("told").data;
    assert_eq!(
        (&event["content"], &event["secret"]),
        (&json!("hunter2"), &json!(true)),
        "so that a reader keeps it off its disk"
    );
    drop(watcher);
    let house = house.restart_after(vault(&["two"]), |_| {}).await;
    let missing = house.get(secret).await;
    assert_eq!(missing.code(), "secret-key-missing");
    assert!(
        missing.json()["detail"]
            .as_str()
            .expect("text")
            .contains("\"one\""),
        "{missing:?}"
    );
    let mut watcher = Watcher::open(&house, "config=shop/password", "").await;
    let event = watcher.next().await.expect("told");
    assert_eq!(
        (&event.data["error"], &event.data["removed"]),
        (&json!("secret-key-missing"), &Value::Null)
    );
}

#[tokio::test]
async fn what_is_lost_and_what_is_too_much_is_said() {
    let small = settings::Configs {
        namespace_bytes_max: 1_000,
        ..settings::Configs::default()
    };
    let house = House::configured(small).await;
    publish(&house, "a: 1\n").await;
    let noise: String = (0..4_000_u64)
        .map(|n| char::from(b'a' + (n.wrapping_mul(n) % 23) as u8))
        .collect();
    let noise: String = noise
        .chars()
        .zip(1_u64..)
        .map(|(c, n)| format!("{c}{}", n.wrapping_mul(2_654_435_761) % 97))
        .collect();
    let large = house
        .put("/api/v1/configs/shop/large", json!({"content": noise}))
        .await;
    assert_eq!(large.code(), "quota-exceeded", "{large:?}");

    let house = house
        .restart_after(settings::Configs::default(), |dir| {
            let store = paste_store::Embedded::open(dir, Default::default()).expect("opens");
            lose_all(&store);
        })
        .await;
    assert_eq!(house.get(ITEM).await.code(), "content-lost");
    publish(&house, "a: 1\n").await;
    assert_eq!(content(&house).await, "a: 1\n", "publishing again mends it");
}

fn lose_all(store: &dyn paste_store::Store) {
    use paste_model::{Batch, Cause, CauseKind, Change, Key, Principal, Timestamp};
    let blobs = store.blobs().expect("lists").into_iter();
    let batch = Batch {
        expect: Vec::new(),
        changes: blobs.map(|(id, _)| Change::Delete(Key::Blob(id))).collect(),
        cause: Cause {
            kind: CauseKind::Request,
            at: Timestamp(0),
            by: Principal::anonymous(),
            reason: "a fault".into(),
            about: None,
        },
    };
    let commit = store.commit(batch);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime.block_on(commit).expect("commits");
        });
        waiting.join().expect("commits");
    });
}

#[tokio::test]
async fn a_backup_brings_contents_along() {
    let house = House::new().await;
    publish(&house, "a: 1\n").await;
    let backup = house.get("/api/v1/backup").await.body;
    let other = House::new().await;
    let restored = other
        .ask(Method::POST, "/api/v1/restore")
        .body("application/octet-stream", backup)
        .send()
        .await;
    assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    assert_eq!(content(&other).await, "a: 1\n");
}
