//! Who may, and what a web page can't.

use http::{Method, StatusCode};
use paste_fronts::rest::Config;
use serde_json::json;

use crate::harness::House;

const LIST: &str = "/api/v1/services/orders/instances";
const ONE: &str = "/api/v1/services/orders/instances/a";

#[tokio::test]
async fn without_a_token_only_this_machine_may() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let remote = house
        .ask(Method::GET, LIST)
        .from([192, 0, 2, 7])
        .send()
        .await;
    assert_eq!(remote.code(), "unauthenticated");
    let secret = house.token("reader", json!({"role": "read"})).await;
    let known = house
        .ask(Method::GET, LIST)
        .from([192, 0, 2, 7])
        .header("host", "registry.example")
        .token(&secret)
        .send()
        .await;
    assert_eq!(known.status, StatusCode::OK);
    let wrong = house.ask(Method::GET, LIST).token("wrong").send().await;
    assert_eq!(
        wrong.code(),
        "unauthenticated",
        "a token that is sent is always checked"
    );
    let basic = house
        .ask(Method::GET, LIST)
        .header("authorization", "Basic eDp5")
        .send()
        .await;
    assert_eq!(basic.code(), "unauthenticated");
    let open = house
        .ask(Method::GET, "/readyz")
        .from([192, 0, 2, 7])
        .header("host", "x")
        .send()
        .await;
    assert_eq!(open.status, StatusCode::OK);
}

#[tokio::test]
async fn anonymity_can_be_switched_off() {
    let house = House::with(Config {
        anonymous_on_loopback: false,
        ..Config::default()
    })
    .await;
    assert_eq!(house.get(LIST).await.code(), "unauthenticated");
    assert_eq!(
        house
            .put(ONE, json!({"address": "a", "port": 1}))
            .await
            .code(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_web_page_can_not_write() {
    let house = House::new().await;
    let body = json!({"address": "10.0.0.7", "port": 1});
    let put = || house.ask(Method::PUT, ONE).json(&body);
    for (header, value) in [
        ("host", "evil.example"),
        ("host", "localhost.evil.example:7750"),
        ("origin", "http://evil.example"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = put().header(header, value).send().await;
        assert_eq!(answer.code(), "foreign-origin", "{header}: {value}");
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        let answer = house
            .ask(Method::PUT, ONE)
            .body(kind, body.to_string())
            .send()
            .await;
        assert_eq!(answer.code(), "unsupported-media-type", "{kind}");
    }
    let beat = house
        .ask(Method::POST, "/api/v1/sessions/x/heartbeat")
        .header("origin", "http://evil.example")
        .send()
        .await;
    assert_eq!(
        beat.code(),
        "foreign-origin",
        "the short way is guarded as well"
    );
    assert_eq!(
        house.get("/api/v1/services").await.json()["services"],
        json!([]),
        "nothing was written"
    );
    let own = put()
        .header("origin", "http://localhost:7750")
        .header("sec-fetch-site", "same-origin")
        .send()
        .await;
    assert_eq!(own.status, StatusCode::CREATED);
}
