//! Every write leaves a line that says who did what, and none says a secret.

use std::io;
use std::sync::Arc;

use http::Method;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::harness::House;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Principal, action, subject and outcome of each line of the audit log that speaks of what this test did.
    fn of_this_test(&self) -> Vec<[String; 4]> {
        let text = String::from_utf8(self.0.lock().clone()).expect("text");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("json"));
        let text = |line: &Value, field: &str| {
            line["fields"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        lines
            .filter(|line| line["target"] == "audit")
            .filter(|line| {
                ["subject", "scope"]
                    .iter()
                    .any(|field| text(line, field).contains("audited"))
            })
            .map(|line| {
                ["principal", "action", "subject", "outcome"].map(|field| text(&line, field))
            })
            .collect()
    }
}

#[tokio::test]
async fn every_write_has_a_line() {
    let lines = Lines::default();
    let writer = lines.clone();
    // For all threads: a subscriber of one thread alone may find that another has switched the lines off for good.
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only one");

    let house = House::new().await;
    let one = "/api/v1/services/audited/instances/a";
    house.register("audited", "a", json!({})).await;
    house.get(one).await;
    house
        .ask(Method::PUT, &format!("{one}/heartbeat"))
        .send()
        .await;
    let secret = house.token("audited", json!({"role": "read"})).await;
    house.ask(Method::DELETE, one).token(&secret).send().await;
    house
        .ask(Method::DELETE, one)
        .token("wrong-secret")
        .send()
        .await;
    house
        .ask(Method::POST, "/api/v1/batch?namespace=audited")
        .json(&json!({"items": [{"action": "deregister", "service": "audited", "id": "z"}]}))
        .send()
        .await;
    let text = String::from_utf8(lines.0.lock().clone()).expect("text");
    assert!(
        !text.contains(&secret) && !text.contains("wrong-secret"),
        "{text}"
    );
    let audited = text
        .lines()
        .filter(|line| line.contains("\"target\":\"audit\""));
    for line in audited {
        assert!(line.contains("\"from\":\"127.0.0.1:"), "{line}");
    }
    let expected = [
        ["anonymous", "PUT instance", one, "ok"],
        ["anonymous", "PUT token", "/api/v1/tokens/audited", "ok"],
        ["token:audited", "DELETE instance", one, "forbidden"],
        ["unknown", "DELETE instance", one, "unauthenticated"],
        [
            "anonymous",
            "batch deregister",
            "audited/z",
            "not-registered",
        ],
        ["anonymous", "POST batch", "/api/v1/batch", "ok"],
    ];
    assert_eq!(lines.of_this_test(), expected);
}
