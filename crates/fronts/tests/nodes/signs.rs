//! Messages between nodes: what is taken, and what is refused.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use paste_fronts::listener::BodyError;
use paste_fronts::nodes::SIGNS_BYTES_MAX;
use serde_json::json;

use crate::harness::{House, until};
use crate::neighbours::{Neighbours, SECRET, front};

const SIGNS: &str = "/cluster/v1/signs";

/// A message of a node called "b" that has nothing to tell.
const NOTHING: &[u8] = b"\x0a\x01b";

fn message(body: &'static [u8]) -> Request<Full<Bytes>> {
    Request::post(SIGNS)
        .header("authorization", format!("Bearer {SECRET}"))
        .body(Full::new(Bytes::from_static(body)))
        .expect("a request")
}

/// How a message is answered; a refusal is checked for its form.
async fn answer<B>(house: &House, request: Request<B>) -> (StatusCode, String)
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send,
{
    let answer = front(house).answer(request).await;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("infallible").to_bytes();
    if head.status.is_success() {
        assert!(body.is_empty());
        return (head.status, String::new());
    }
    assert_eq!(head.headers["content-type"], "application/problem+json");
    let problem: paste_api::Problem = serde_json::from_slice(&body).expect("a problem");
    assert_eq!(problem.status, head.status.as_u16());
    let challenged = head.headers.contains_key("www-authenticate");
    assert_eq!(challenged, head.status == StatusCode::UNAUTHORIZED);
    (head.status, problem.code)
}

/// A session of which `owner` is the owner, as every node says.
async fn session_of(nodes: &Neighbours, owner: &str) -> String {
    for number in 0.. {
        let session = format!("session-{number}");
        let name = paste_model::SessionId::new(&session).expect("valid");
        let found = nodes.node("a").engine.owner_of_session(&name);
        if found.is_some_and(|found| found.as_str() == owner) {
            return session;
        }
    }
    unreachable!("half of all names are those of each")
}

#[tokio::test]
async fn a_heartbeat_at_one_node_is_heard_by_the_owner_at_another() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let (a, b) = (nodes.node("a"), nodes.node("b"));
    let session = session_of(&nodes, "a").await;
    b.register(
        "orders",
        "one",
        json!({"session": &session, "ttl": "1s", "remove_after": "1h"}),
    )
    .await;
    let health = async |house: &House| {
        let one = house.get("/api/v1/services/orders/instances/one").await;
        one.json()["health"].as_str().map(str::to_owned)
    };
    // Only the owner may pass a verdict, and nobody tells it anything.
    until("silence is judged", async || {
        health(a).await.as_deref() == Some("failing")
    })
    .await;
    let one = b.get("/api/v1/services/orders/instances/one").await.json();
    assert_eq!(one["health_detail"]["observer"], "a", "{one}");

    let heartbeat = format!("/api/v1/sessions/{session}/heartbeat");
    until("the heartbeats at b are heard by a", async || {
        let beat = b.ask(Method::POST, &heartbeat).send().await;
        assert_eq!(beat.status, StatusCode::NO_CONTENT, "{beat:?}");
        health(a).await.as_deref() == Some("passing")
            && health(b).await.as_deref() == Some("passing")
    })
    .await;
    let taken = a.get("/api/v1/cluster").await.json()["taken_total"].as_u64();
    assert!(taken >= Some(1), "{taken:?}");
    let counted = a.metrics.by_route().find(|(word, _)| *word == "node-signs");
    let [_, taken, ..] = counted.expect("there").1.classes();
    assert!(taken >= 1, "messages are counted among the requests");
}

/// A body that nobody may read.
struct Untouchable;

impl Body for Untouchable {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        panic!("nothing is read of what a stranger sends");
    }
}

#[tokio::test]
async fn strangers_are_refused_before_anything_is_read() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let a = nodes.node("a");
    let admin = a.token("admin", json!({"role": "admin"})).await;
    let shorter = &SECRET[1..];
    for shown in [
        vec![],
        vec!["Bearer ".to_owned()],
        vec!["Bearer wrong".to_owned()],
        vec![format!("Bearer {shorter}")],
        vec![format!("Bearer {SECRET}0")],
        vec![format!("Basic {SECRET}")],
        vec![SECRET.to_owned()],
        vec![format!("Bearer {admin}")],
        vec![format!("Bearer {SECRET}"); 2],
    ] {
        let mut request = Request::post(SIGNS).header("host", "localhost:7750");
        for value in &shown {
            request = request.header("authorization", value);
        }
        let request = request.body(Untouchable).expect("a request");
        let refused = answer(a, request).await;
        let expected = (StatusCode::UNAUTHORIZED, "unauthenticated".to_owned());
        assert_eq!(refused, expected, "{shown:?}");
    }
}

#[tokio::test]
async fn a_node_that_is_alone_has_no_such_path() {
    let house = House::new().await;
    let refused = answer(&house, message(NOTHING)).await;
    assert_eq!(refused, (StatusCode::NOT_FOUND, "not-found".to_owned()));
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let nodes = Neighbours::of(&["a", "b"]).await;
    let a = nodes.node("a");
    let taken = answer(a, message(NOTHING)).await;
    assert_eq!(taken.0, StatusCode::NO_CONTENT, "{taken:?}");
    let refused = async |request, status: u16, code: &str| {
        let found = answer(a, request).await;
        assert_eq!((found.0.as_u16(), found.1.as_str()), (status, code));
    };
    refused(message(b"\xff\xff"), 400, "invalid-field").await;
    // It is from nobody.
    refused(message(b""), 400, "invalid-field").await;
    let mut elsewhere = message(NOTHING);
    *elsewhere.uri_mut() = "/cluster/v2/signs".parse().expect("a path");
    refused(elsewhere, 404, "not-found").await;
    for method in [Method::GET, Method::PUT, Method::OPTIONS] {
        let mut request = message(NOTHING);
        *request.method_mut() = method;
        refused(request, 405, "method-not-allowed").await;
    }
    static LONG: [u8; SIGNS_BYTES_MAX + 1] = [0; SIGNS_BYTES_MAX + 1];
    refused(message(&LONG), 413, "body-too-large").await;
    let mut announced = message(NOTHING);
    let length = (SIGNS_BYTES_MAX + 1).into();
    announced.headers_mut().insert("content-length", length);
    refused(announced, 413, "body-too-large").await;

    let stalled = message(NOTHING).map(|_| Stalled);
    let found = answer(a, stalled).await;
    assert_eq!((found.0.as_u16(), &*found.1), (408, "request-timeout"));
}

/// A body that doesn't come.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(Some(Err(BodyError::TooSlow)))
    }
}
