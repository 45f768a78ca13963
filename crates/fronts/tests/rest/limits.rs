//! What is too much is refused, and others notice nothing.

use http::{Method, StatusCode};
use paste_fronts::rest::{Config, RateLimit};
use serde_json::json;

use crate::harness::House;

const ONE: &str = "/api/v1/services/orders/instances/a";

#[tokio::test]
async fn bodies_are_bounded() {
    let house = House::with(Config {
        body_bytes_max: 1000,
        batch_bytes_max: 2000,
        restore_bytes_max: 3000,
        ..Config::default()
    })
    .await;
    let padded = |length: usize| {
        let body = json!({"address": "10.0.0.7", "port": 1}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let put = |length: usize| {
        house
            .ask(Method::PUT, ONE)
            .body("application/json", padded(length))
            .send()
    };
    assert_eq!(put(1000).await.status, StatusCode::CREATED);
    assert_eq!(put(1001).await.code(), "body-too-large");
    let announced = house
        .ask(Method::PUT, ONE)
        .header("content-length", "100000000")
        .body("application/json", padded(100))
        .send()
        .await;
    assert_eq!(announced.code(), "body-too-large");
    let batch = house
        .ask(Method::POST, "/api/v1/batch")
        .body(
            "application/json",
            format!("{{\"items\":[]}}{}", " ".repeat(1500)),
        )
        .send()
        .await;
    assert_eq!(batch.status, StatusCode::OK);
    let restore = house
        .ask(Method::POST, "/api/v1/restore")
        .body("application/octet-stream", vec![0; 3001])
        .send()
        .await;
    assert_eq!(restore.code(), "body-too-large");
}

#[tokio::test]
async fn an_address_has_its_share() {
    let rate = Some(RateLimit {
        per_second: 1,
        burst: 2,
    });
    let house = House::with(Config {
        rate,
        ..Config::default()
    })
    .await;
    let from = |address: [u8; 4]| house.ask(Method::GET, "/healthz").from(address).send();
    assert_eq!(from([192, 0, 2, 1]).await.status, StatusCode::OK);
    assert_eq!(from([192, 0, 2, 1]).await.status, StatusCode::OK);
    let limited = from([192, 0, 2, 1]).await;
    assert_eq!(limited.code(), "rate-limited");
    assert!(
        limited
            .header("retry-after")
            .parse::<u64>()
            .expect("seconds")
            >= 1
    );
    assert_eq!(from([192, 0, 2, 2]).await.status, StatusCode::OK);
    for _ in 0..10 {
        assert_eq!(
            house.get("/healthz").await.status,
            StatusCode::OK,
            "no limit on loopback"
        );
    }
}

#[tokio::test]
async fn names_and_fields_over_their_limits() {
    let house = House::new().await;
    let long = "x".repeat(129);
    let instance = json!({"address": "10.0.0.7", "port": 1});
    for path in [
        format!("/api/v1/services/{long}/instances/a"),
        format!("/api/v1/services/orders/instances/{long}"),
        "/api/v1/services/orders/instances/a%2Fb".to_owned(),
        "/api/v1/services/orders/instances/%2E%2E".to_owned(),
        "/api/v1/services/orders/instances/".to_owned(),
        "/api/v1/services/%ff/instances/a".to_owned(),
        "/api/v1/services//instances/a".to_owned(),
    ] {
        let answer = house.put(&path, instance.clone()).await;
        assert_eq!(answer.code(), "invalid-path", "{path}");
    }
    let twice = r#"{"address":"a","port":1,"port":2}"#;
    let answer = house
        .ask(Method::PUT, ONE)
        .body("application/json", twice)
        .send()
        .await;
    assert_eq!(
        (answer.code(), answer.fields()),
        ("invalid-field".into(), vec!["port".to_owned()])
    );
    let deep = format!(
        "{{\"metadata\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let answer = house
        .ask(Method::PATCH, ONE)
        .body("application/json", deep)
        .send()
        .await;
    assert_eq!(answer.code(), "malformed-json");
}
