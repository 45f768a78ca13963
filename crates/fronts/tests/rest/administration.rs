//! What administrators do: namespaces, tokens, status, backups.

use http::{Method, StatusCode};
use serde_json::json;

use crate::harness::House;

#[tokio::test]
async fn namespaces_and_tokens() {
    let house = House::new().await;
    assert_eq!(
        house
            .put("/api/v1/namespaces/team", json!({"description": "d"}))
            .await
            .status,
        StatusCode::CREATED
    );
    assert_eq!(
        house.put("/api/v1/namespaces/team", json!({})).await.status,
        StatusCode::OK
    );
    assert_eq!(
        house.get("/api/v1/namespaces/team").await.json(),
        json!({"name": "team", "description": ""})
    );
    assert_eq!(
        house.get("/api/v1/namespaces/default").await.status,
        StatusCode::OK
    );
    let all = house.get("/api/v1/namespaces").await.json();
    assert!(
        all["namespaces"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|one| one["name"] == "team")
    );
    house.register("s", "i?namespace=team", json!({})).await;
    assert_eq!(
        house
            .get("/api/v1/services/s/instances?namespace=team")
            .await
            .ids(),
        ["i"]
    );
    assert_eq!(
        house.get("/api/v1/services/s/instances").await.code(),
        "unknown-service"
    );
    assert_eq!(
        house.delete("/api/v1/namespaces/default").await.status,
        StatusCode::CONFLICT
    );
    house.put("/api/v1/namespaces/empty", json!({})).await;
    assert_eq!(
        house.delete("/api/v1/namespaces/empty").await.status,
        StatusCode::NO_CONTENT
    );

    let secret = house
        .token(
            "ci",
            json!({"role": "register", "namespace": "team", "prefix": "s"}),
        )
        .await;
    let listed = house.get("/api/v1/tokens").await;
    assert_eq!(
        listed.json()["tokens"][0]["grants"],
        json!([{"role": "register", "namespace": "team", "prefix": "s"}])
    );
    assert!(
        !String::from_utf8_lossy(&listed.body).contains(&secret),
        "the secret is shown once"
    );
    let may = |path: &'static str| house.ask(Method::GET, path).token(&secret).send();
    assert_eq!(
        may("/api/v1/services/s/instances?namespace=team")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        may("/api/v1/services/t/instances?namespace=team")
            .await
            .code(),
        "forbidden"
    );
    assert_eq!(may("/api/v1/tokens").await.code(), "forbidden");
    assert_eq!(may("/metrics").await.code(), "forbidden");
    for (body, field) in [
        (json!({"grants": []}), "grants"),
        (
            json!({"grants": [{"role": "read", "service": "a", "prefix": "b"}]}),
            "grants[0].prefix",
        ),
        (
            json!({"grants": [{"role": "read", "namespace": "/"}]}),
            "grants[0].namespace",
        ),
        (json!({"grants": [{"role": "king"}]}), "grants[0].role"),
        (
            json!({"grants": [{"role": "read"}], "expires": "soon"}),
            "expires",
        ),
    ] {
        assert_eq!(
            house.put("/api/v1/tokens/other", body).await.fields(),
            [field]
        );
    }
    assert_eq!(
        house.delete("/api/v1/tokens/ci").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        may("/api/v1/services/s/instances?namespace=team")
            .await
            .code(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn the_node_tells_how_it_is() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let status = house.get("/api/v1/status").await.json();
    assert_eq!(
        (&status["node"], &status["counts"]["instances"]),
        (&json!("n1"), &json!(1))
    );
    assert_eq!(status["store"]["backend"], "embedded");
    assert_eq!(house.get("/healthz").await.json()["status"], "alive");
    assert_eq!(
        house.get("/readyz").await.json(),
        json!({"status": "ready", "store": "ok"})
    );
    assert_eq!(&house.get("/metrics").await.body[..], b"paste_up 1\n");
    house.engine.drain();
    assert_eq!(
        house.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
    let counted = house
        .metrics
        .by_route()
        .find(|(word, _)| *word == "readyz")
        .expect("there");
    assert_eq!(counted.1.classes(), [0, 1, 0, 0, 1]);
}

#[tokio::test]
async fn a_backup_comes_back() {
    let house = House::new().await;
    house.register("orders", "a", json!({})).await;
    let backup = house.get("/api/v1/backup").await;
    assert_eq!(backup.header("content-type"), "application/octet-stream");
    house.register("orders", "b", json!({})).await;
    let before = house.get("/api/v1/status").await.json();
    let restored = house
        .ask(Method::POST, "/api/v1/restore")
        .body("application/octet-stream", backup.body)
        .send()
        .await;
    assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    assert_ne!(restored.json()["epoch"], before["epoch"]);
    assert_eq!(
        house.get("/api/v1/services/orders/instances").await.ids(),
        ["a"]
    );
}
