//! Calls through the HTTP wrapper: where they go, and what happens when that fails.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use paste_registry_client::{Ask, Body, CallError, Client, HttpClient, Idempotent};

use crate::backend::{Backend, SILENCE};
use crate::options;
use crate::registry::Registry;

async fn three(registry: &Registry) -> [Backend; 3] {
    let backends = [
        Backend::start("a").await,
        Backend::start("b").await,
        Backend::start("c").await,
    ];
    for (backend, id) in backends.iter().zip(["a", "b", "c"]) {
        registry.put(
            "orders",
            id,
            backend.port(),
            &format!(r#","version":"1.0.0","tags":["{id}"]"#),
        );
    }
    registry.ask(
        "PUT",
        "/api/v1/policies/orders",
        r#"{"balancer":{"kind":"smooth_wrr"}}"#,
    );
    backends
}

/// Who answered, and how.
async fn call(
    http: &HttpClient,
    request: Request<Body>,
) -> Result<(StatusCode, String), CallError> {
    let response = http.send(request).await?;
    let status = response.status();
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn get() -> Request<Body> {
    let request = Request::get("http://orders/path?x=y");
    request.body(Body::empty()).expect("a request")
}

fn post(body: Body) -> Request<Body> {
    let request = Request::builder()
        .method(Method::POST)
        .uri("http://orders/");
    request.body(body).expect("a request")
}

#[tokio::test]
async fn calls_are_spread_and_failures_are_tried_elsewhere() {
    let registry = Registry::start();
    let [a, b, c] = three(&registry).await;
    let client = Client::connect(options(registry.address())).expect("a client");
    let http = client.http();
    let mut answered = BTreeMap::<String, u32>::new();
    for _ in 0..60 {
        let (status, name) = call(&http, get()).await.expect("an answer");
        assert_eq!(status, 200);
        *answered.entry(name).or_default() += 1;
    }
    assert_eq!(answered.len(), 3, "{answered:?}");
    let tagged = || {
        let mut request = get();
        request
            .extensions_mut()
            .insert(Ask::any().tag("b").expect("a tag"));
        request
    };
    for _ in 0..10 {
        assert_eq!(call(&http, tagged()).await.expect("an answer").1, "b");
    }
    // One fails, one is gone: the third answers everything that may be sent again.
    a.answers(503);
    drop(b);
    for _ in 0..20 {
        assert_eq!(call(&http, get()).await.expect("an answer").1, "c");
    }
    let before = (a.calls(), c.calls());
    for _ in 0..10 {
        let (status, _) = call(&http, post(Body::whole("x")))
            .await
            .expect("an answer");
        assert!([200, 503].contains(&status.as_u16()), "{status}");
    }
    assert_eq!(
        a.calls() + c.calls(),
        before.0 + before.1 + 10,
        "no POST was sent twice"
    );
    client.close().await.expect("closed");
}

#[tokio::test]
async fn what_comes_back_in_the_end_is_the_last_answer_or_error() {
    let registry = Registry::start();
    let backends = three(&registry).await;
    let client = Client::connect(options(registry.address())).expect("a client");
    let http = client.http();
    backends.iter().for_each(|backend| backend.answers(502));
    let (status, _) = call(&http, get()).await.expect("an answer");
    assert_eq!(status, 502);
    let calls: Vec<_> = backends.iter().map(Backend::calls).collect();
    assert_eq!(calls, [1, 1, 1], "each was tried once");
    let once = || Body::once(Full::from("x"));
    let mut request = post(once());
    request.extensions_mut().insert(Idempotent);
    assert_eq!(call(&http, request).await.expect("an answer").0, 502);
    assert_eq!(
        backends.iter().map(Backend::calls).sum::<usize>(),
        4,
        "its body can't be sent twice"
    );
    let mut request = post(Body::whole("x"));
    request.extensions_mut().insert(Idempotent);
    assert_eq!(call(&http, request).await.expect("an answer").0, 502);
    assert!(
        backends.iter().map(Backend::calls).sum::<usize>() > 5,
        "it may be sent again"
    );
    drop(backends);
    let failed = call(&http, post(Body::whole("x"))).await;
    assert!(
        matches!(failed, Err(CallError::Failed { .. })),
        "{failed:?}"
    );
    let nobody = http.get("/path").await;
    assert!(matches!(nobody, Err(CallError::NoService)), "{nobody:?}");
    client.close().await.expect("closed");
}

#[tokio::test]
async fn the_policy_bounds_a_try_and_the_whole() {
    let registry = Registry::start();
    let backends = three(&registry).await;
    backends.iter().for_each(|backend| backend.answers(SILENCE));
    let client = Client::connect(options(registry.address())).expect("a client");
    let orders = client.service("orders").expect("a name");
    orders.known().await.expect("known");
    registry.ask(
        "PUT",
        "/api/v1/policies/orders",
        r#"{"balancer":{"kind":"smooth_wrr"},"timeouts":{"per_try":"200ms","request":"300ms"},"retries":{"max":5,"backoff_base":"1ms"}}"#,
    );
    crate::until("the policy", || {
        (orders.policy().retries.max == 5).then_some(())
    })
    .await;
    let late = call(&client.http(), get()).await;
    match late {
        Err(CallError::TimedOut { after, .. }) => assert_eq!(after, Duration::from_millis(300)),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        backends.iter().map(Backend::calls).sum::<usize>(),
        2,
        "a second try was made"
    );
    client.close().await.expect("closed");
}
