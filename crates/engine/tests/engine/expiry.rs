//! What the registry finds out by itself: silence, closed streams, and failing probes, down to the stored record.

use std::time::Duration;

use paste_engine::{Caller, EventKind, Registration, settings};
use paste_model::{Check, CheckKind, Health, Instance, Revision, SessionId};

use crate::harness::{House, key, registration, service};

/// The verdict on an instance, once the view has come `batches` further than `from`.
async fn verdict(house: &House, from: Revision, batches: u64) -> Option<Health> {
    house
        .engine
        .catalog()
        .wait_for(Revision(from.0 + batches))
        .await;
    let member = house.engine.catalog().member(&key("orders", "a"))?;
    member.verdict().cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_judged_and_ends_in_removal() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    let registration = Registration {
        ttl: Some(Duration::from_secs(1)),
        remove_after: Some(Duration::from_secs(2)),
        ..registration(80, Some("s1"))
    };
    engine
        .register(&caller, key("orders", "a"), registration, None)
        .await
        .expect("registered");
    loop {
        let next = engine.catalog().revision().next();
        if engine.catalog().member(&key("orders", "a")).is_none() {
            break;
        }
        engine.catalog().wait_for(next).await;
    }
    assert!(engine.catalog().session("s1").is_none());
    let told = engine.events(&caller, &service("orders"), None, 10).await;
    let told = told.expect("readable");
    let kinds: Vec<_> = told.iter().map(|event| event.kind).collect();
    let steps = [
        EventKind::Registered,
        EventKind::Suspect,
        EventKind::Failing,
        EventKind::Removed,
    ];
    assert_eq!(kinds, steps);
    let failing = &told[2];
    assert_eq!(failing.by, "node:n1");
    assert!(failing.reason.ends_with("(ttl 1s)"), "{}", failing.reason);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_stream_makes_suspect_at_once() {
    let house = House::new().await;
    let (engine, caller) = (&house.engine, Caller::anonymous());
    engine
        .register(
            &caller,
            key("orders", "a"),
            registration(80, Some("s1")),
            None,
        )
        .await
        .expect("registered");
    let session = SessionId::new("s1").expect("valid");
    let stream = engine.open_stream(&caller, &session).expect("known");
    let from = engine.catalog().revision();
    drop(stream);
    let suspect = verdict(&house, from, 1).await.expect("a verdict");
    assert!(
        suspect.reason.contains("stream closed"),
        "{}",
        suspect.reason
    );
    engine
        .heartbeat_session(&caller, "s1", None)
        .expect("known");
    assert_eq!(verdict(&house, from, 2).await, None);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_write_what_they_find() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("binds");
    let open = listener.local_addr().expect("bound").port();
    for loopback in [true, false] {
        let probes = settings::Probes {
            loopback,
            failures: 1,
            passes: 1,
            ..settings::Probes::default()
        };
        let house = House::probing(probes).await;
        let (engine, caller) = (&house.engine, Caller::anonymous());
        let check = Check {
            kind: CheckKind::Tcp,
            port: None,
            interval: Some(Duration::from_secs(1)),
            timeout: None,
        };
        let address = "127.0.0.1";
        let at = |port: u16| {
            let address = paste_model::Address::new(address).expect("valid");
            let checks = [check.clone()].into();
            Registration::of(Instance {
                checks,
                ..Instance::at(address, port.try_into().expect("not 0"))
            })
        };
        // Port 1 is nobody's.
        engine
            .register(&caller, key("orders", "a"), at(1), None)
            .await
            .expect("registered");
        let from = engine.catalog().revision();
        let failing = verdict(&house, from, 1).await.expect("a verdict");
        let expected = if loopback {
            "tcp :1: can't connect to"
        } else {
            "tcp :1: refused: 127.0.0.1 is loopback"
        };
        assert!(failing.reason.starts_with(expected), "{}", failing.reason);
        if loopback {
            engine
                .register(&caller, key("orders", "a"), at(open), None)
                .await
                .expect("registered");
            assert_eq!(verdict(&house, from, 3).await, None, "it listens");
        }
        engine.stop().await;
    }
}
