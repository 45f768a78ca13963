//! Registrations, heartbeats and leaving.

use std::num::NonZeroU16;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fake::{Asked, Fake, Reply, Running, good, problem, until};
use super::seconds;
use crate::Status;
use crate::error::{CloseError, RegisterError};
use crate::registration::{NewRegistration, Registration};

fn register(running: &Running) -> Registration {
    let port = NonZeroU16::new(8080).expect("not zero");
    let new = NewRegistration::new("orders", port)
        .address("10.0.0.1")
        .id("a")
        .version("1.2.3");
    Registration::new(&running.shared, new)
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_repeated_at_one_address_after_the_other_until_it_is_there() {
    let mut tries = 0;
    let fake = Fake::new(move |asked: &Asked| {
        tries += 1;
        match tries {
            1 => Reply::Refuse,
            2 => Reply::Status(500, "oops".to_owned()),
            3 => Reply::Hang,
            4 => Reply::Status(200, "<html>".to_owned()),
            5 => Reply::Status(302, String::new()),
            6 => Reply::Status(403, "a proxy says no".to_owned()),
            7 => Reply::Status(404, String::new()),
            _ => good(asked),
        }
    });
    let running = fake.client(|_| {});
    let registration = register(&running);
    let early = registration.wait(seconds(1)).await;
    assert!(
        matches!(early, Err(RegisterError::NotYet { .. })),
        "{early:?}"
    );
    registration
        .wait(seconds(60))
        .await
        .expect("it is there in the end");
    let asked = fake.asked("PUT /api/v1/services/orders/instances/a");
    let hosts: Vec<_> = asked.iter().map(|asked| asked.host.as_str()).collect();
    assert_eq!(
        hosts,
        ["one", "two", "one", "two", "one", "two", "one", "two"]
    );
    let body = &asked[0].body;
    assert_eq!(body["session"], Value::from(running.shared.session.clone()));
    assert_eq!(
        (&body["ttl"], &body["version"]),
        (&json!("15s"), &json!("1.2.3"))
    );
    assert_eq!(asked[0].headers["prefer"], "handling=lenient");
    let agent = asked[0].headers["user-agent"].to_str().expect("text");
    assert!(agent.starts_with("paste-registry-rust/"), "{agent}");
    // Half of 0.5 s, of 1 s; then the time-out of 5 s and half of 2 s.
    let waits: Vec<_> = asked
        .windows(2)
        .map(|two| (two[1].at - two[0].at).as_millis())
        .collect();
    for (wait, expected) in waits.iter().zip([250, 500, 6_000, 2_000, 4_000]) {
        assert!(wait.abs_diff(expected) < 20, "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_final_word_is_handed_over_and_not_asked_for_again() {
    let fake = Fake::new(|_: &Asked| problem(422, "invalid-field"));
    let running = fake.client(|_| {});
    let registration = register(&running);
    match registration.wait(seconds(5)).await {
        Err(RegisterError::Refused(refused)) => {
            assert_eq!(
                (refused.status, refused.code.as_str()),
                (422, "invalid-field")
            );
            assert_eq!(refused.detail, "mend it");
        }
        other => panic!("{other:?}"),
    }
    tokio::time::sleep(seconds(120)).await;
    assert_eq!(fake.asked("PUT").len(), 1);
    assert_eq!(fake.asked("heartbeat").len(), 0, "nothing is registered");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_forgot_is_told_again_with_the_status_that_holds() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let _copy = running
        .shared
        .copy
        .service("orders", seconds(0))
        .expect("a name");
    let registration = register(&running);
    registration.wait(seconds(5)).await.expect("registered");
    let _feed = fake.feed().await;
    registration.set_status(Status::Draining);
    until("the new status is told", || {
        (fake.asked("PUT").len() == 2).then_some(())
    })
    .await;
    let mut forgot = false;
    fake.script(move |asked| {
        if asked.what.contains("/heartbeat") && !forgot {
            forgot = true;
            return problem(404, "not-registered");
        }
        good(asked)
    });
    let again = until("registered again", || fake.asked("PUT").get(2).cloned()).await;
    assert_eq!(again.body["status"], "draining");
    let beat = fake.asked("heartbeat").pop().expect("it was answered 404");
    assert!((again.at - beat.at).as_millis() < 100, "at once");
    let stream = until("the stream anew", || fake.asked("/watch").get(1).cloned()).await;
    assert_eq!(
        stream.body["session"],
        Value::from(running.shared.session.clone())
    );
    until("it is taken", || {
        running.shared.registrations.last_taken().then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_heartbeat_carried_is_carried_again() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let copy = running
        .shared
        .copy
        .service("orders", seconds(0))
        .expect("a name");
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    copy.calls
        .add(false, Some(std::time::Duration::from_micros(50)));
    copy.calls.add(true, None);
    running.shared.served.begin().done(true);
    fake.script(|asked| match asked.what.contains("/heartbeat") {
        true => Reply::Refuse,
        false => good(asked),
    });
    let lost = until("a heartbeat", || fake.asked("heartbeat").pop()).await;
    let calls = json!([{"service": "orders", "count": 2, "errors": 1, "latency": [1]}]);
    assert_eq!(
        (&lost.body["calls"], &lost.body["requests"]),
        (&calls, &json!(1))
    );
    assert!(!running.shared.registrations.last_taken());
    fake.script(good);
    until("it is taken", || {
        running.shared.registrations.last_taken().then_some(())
    })
    .await;
    let taken = fake.asked("heartbeat").pop().expect("one");
    assert_eq!(taken.body["calls"], calls);
    let count = fake.asked("heartbeat").len();
    until("another", || {
        (fake.asked("heartbeat").len() > count).then_some(())
    })
    .await;
    let next = fake.asked("heartbeat").pop().expect("one");
    assert_eq!(next.body.get("calls"), None, "it was told");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_every_five_seconds_however_long_the_registry_is_away() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    fake.script(|_| Reply::Refuse);
    tokio::time::sleep(seconds(300)).await;
    let beats = fake.asked("heartbeat");
    let longest = beats
        .windows(2)
        .map(|two| two[1].at - two[0].at)
        .max()
        .expect("many");
    assert!(longest <= seconds(6), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn leaving_drains_waits_and_ends_the_session() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    running.shared.closing.send_replace(true);
    running.agent.await.expect("it ends");
    let session = format!("DELETE /api/v1/sessions/{}", running.shared.session);
    let drained = fake
        .asked("PATCH /api/v1/services/orders/instances/a")
        .pop()
        .expect("drained");
    let ended = fake.asked(&session).pop().expect("ended");
    assert_eq!(drained.body, json!({"status": "draining"}));
    assert_eq!((ended.at - drained.at).as_secs(), 2);
    assert_eq!(*running.shared.undone.lock(), None);
    let events = running.events.lock().clone();
    assert_eq!(events, ["registered", "deregistered"]);
}

#[tokio::test(start_paused = true)]
async fn closing_while_the_registry_is_away_ends_in_its_time_and_says_so() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let _copy = running
        .shared
        .copy
        .service("orders", seconds(0))
        .expect("a name");
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    fake.script(|_| Reply::Hang);
    tokio::time::sleep(seconds(60)).await;
    let started = tokio::time::Instant::now();
    running.shared.closing.send_replace(true);
    running.agent.await.expect("it ends");
    assert!(started.elapsed() <= seconds(10), "{:?}", started.elapsed());
    let undone = running.shared.undone.lock().clone();
    assert!(
        matches!(undone, Some(CloseError::NotDeregistered { .. })),
        "{undone:?}"
    );
    assert_eq!(Arc::strong_count(&running.shared), 1, "nothing is left");
}

#[tokio::test(start_paused = true)]
async fn one_registration_can_leave_alone() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let registration = register(&running);
    registration.wait(seconds(5)).await.expect("registered");
    let mut tries = 0;
    fake.script(move |asked| {
        tries += 1;
        if tries == 1 {
            Reply::Refuse
        } else {
            good(asked)
        }
    });
    registration.deregister().await.expect("taken out");
    assert_eq!(
        fake.asked("DELETE /api/v1/services/orders/instances/a")
            .len(),
        2
    );
    assert!(matches!(
        registration.wait(seconds(1)).await,
        Err(RegisterError::Ended)
    ));
    let beats = fake.asked("heartbeat").len();
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(
        fake.asked("heartbeat").len(),
        beats,
        "nothing is registered any more"
    );
}

#[tokio::test(start_paused = true)]
async fn an_isolated_node_is_left_for_another() {
    let fake = Fake::new(|asked: &Asked| match (asked.host.as_str(), good(asked)) {
        ("one", Reply::Status(status, body)) => Reply::Isolated(status, body),
        (_, reply) => reply,
    });
    let running = fake.client(|_| {});
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    let beat = until("a heartbeat", || fake.asked("heartbeat").pop()).await;
    assert_eq!(beat.host, "two");
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_meanwhile_is_registered_again_when_the_registry_forgot() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    let registration = register(&running);
    registration.wait(seconds(5)).await.expect("registered");
    let mut puts = 0;
    fake.script(move |asked| {
        puts += u32::from(asked.what.starts_with("PUT"));
        match asked.what.as_str() {
            what if what.contains("/heartbeat") && puts <= 3 => problem(404, "not-registered"),
            what if what.starts_with("PUT") && puts <= 3 => problem(403, "forbidden"),
            _ => good(asked),
        }
    });
    registration.set_status(Status::Draining);
    until("it is refused", || {
        (fake.asked("PUT").len() == 2).then_some(())
    })
    .await;
    until("it is there again", || {
        running.shared.registrations.there().pop()
    })
    .await;
    assert!(fake.asked("PUT").len() >= 5);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_asks_for_patience_gets_heartbeats_all_the_same() {
    let fake = Fake::good();
    let running = fake.client(|_| {});
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    fake.script(|_| Reply::Busy(60));
    until("many heartbeats", || {
        (fake.asked("heartbeat").len() > 10).then_some(())
    })
    .await;
    let beats = fake.asked("heartbeat");
    let pauses = beats.windows(2).map(|two| two[1].at - two[0].at);
    assert!(pauses.max() <= Some(seconds(6)));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_go_on_while_it_drains() {
    let fake = Fake::good();
    let running = fake.client(|options| {
        options.drain_delay = seconds(20);
        options.close_timeout = seconds(30);
    });
    register(&running)
        .wait(seconds(5))
        .await
        .expect("registered");
    running.shared.closing.send_replace(true);
    running.agent.await.expect("it ends");
    assert!(fake.asked("heartbeat").len() >= 3);
    assert_eq!(Arc::strong_count(&running.shared), 1, "nothing is left");
}
