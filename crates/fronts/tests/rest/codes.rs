//! Every kind of problem is provoked: a code that no request can meet would be a promise about nothing.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body::Frame;
use paste_api::Code;
use paste_fronts::listener::BodyError;
use serde_json::{Value, json};

use crate::harness::{Answer, House, PATIENCE, peer};

const ORDERS: &str = "/api/v1/services/orders";
const ONE: &str = "/api/v1/services/orders/instances/a";

/// Meets `code` in a registry where `orders/a` is registered.
async fn provoke(house: &House, code: Code) -> Option<Answer> {
    let instance = json!({"address": "10.0.0.7", "port": 8080});
    let ask = |method, path| house.ask(method, path);
    Some(match code {
        Code::MalformedJson => {
            ask(Method::PUT, ONE)
                .body("application/json", "{")
                .send()
                .await
        }
        Code::UnknownField => {
            house
                .put(ONE, json!({"address": "a", "port": 1, "prot": "http"}))
                .await
        }
        Code::InvalidField => house.put(ONE, json!({"address": "a", "port": 70000})).await,
        Code::MissingField => house.put(ONE, json!({"port": 1})).await,
        Code::InvalidQuery => house.get("/api/v1/services/orders/instances?zoen=a").await,
        Code::InvalidPath => {
            house
                .put("/api/v1/services/orders/instances/a%2Fb", instance)
                .await
        }
        Code::InvalidHeader => {
            ask(Method::DELETE, ONE)
                .header("if-match", "\"abc\"")
                .send()
                .await
        }
        Code::TooManySubscriptions => {
            let names: Vec<_> = (0..101).map(|n| format!("service=s{n}")).collect();
            house
                .get(&format!("/api/v1/watch?{}", names.join("&")))
                .await
        }
        Code::InvalidBackup => {
            ask(Method::POST, "/api/v1/restore")
                .body("application/octet-stream", "no")
                .send()
                .await
        }
        Code::Unauthenticated => ask(Method::GET, ORDERS).token("wrong").send().await,
        Code::Forbidden => {
            let secret = house.token("reader", json!({"role": "read"})).await;
            ask(Method::DELETE, ONE).token(&secret).send().await
        }
        Code::ForeignOrigin => {
            ask(Method::GET, ORDERS)
                .header("origin", "http://evil.example")
                .send()
                .await
        }
        Code::NotFound => house.get("/api/v2/services").await,
        Code::UnknownService => house.get("/api/v1/services/nobody/instances").await,
        Code::NotRegistered => {
            ask(Method::POST, "/api/v1/sessions/nobody/heartbeat")
                .send()
                .await
        }
        Code::UnknownNamespace => house.get("/api/v1/namespaces/nowhere").await,
        Code::UnknownToken => house.delete("/api/v1/tokens/nobody").await,
        Code::UnknownPolicy => house.get("/api/v1/policies/orders").await,
        Code::UnknownOverride => house.delete(&format!("{ONE}/override")).await,
        Code::MethodNotAllowed => ask(Method::POST, ORDERS).send().await,
        Code::RequestTimeout => stalled(house).await,
        Code::ServiceNotEmpty => house.delete(ORDERS).await,
        Code::NamespaceNotEmpty => {
            house.put("/api/v1/namespaces/used", json!({})).await;
            house.register("x", "y?namespace=used", json!({})).await;
            house.delete("/api/v1/namespaces/used").await
        }
        Code::NamespacePermanent => house.delete("/api/v1/namespaces/default").await,
        Code::SessionTaken => {
            let body = json!({"address": "a", "port": 1, "session": "mine"});
            let path = "/api/v1/services/s/instances/i";
            let owner = house.token("owner", json!({"role": "register"})).await;
            let registered = ask(Method::PUT, path)
                .token(&owner)
                .json(&body)
                .send()
                .await;
            assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
            let other = house.token("other", json!({"role": "register"})).await;
            ask(Method::PUT, "/api/v1/services/s/instances/j")
                .token(&other)
                .json(&body)
                .send()
                .await
        }
        Code::TokenExists => {
            house.token("twice", json!({"role": "read"})).await;
            house
                .put(
                    "/api/v1/tokens/twice",
                    json!({"grants": [{"role": "read"}]}),
                )
                .await
        }
        Code::RevisionMismatch => {
            ask(Method::DELETE, ONE)
                .header("if-match", "1000000")
                .send()
                .await
        }
        Code::BodyTooLarge => {
            let body = vec![b' '; 2 * 1024 * 1024 + 1];
            ask(Method::PUT, ONE)
                .body("application/json", body)
                .send()
                .await
        }
        Code::UnsupportedMediaType => ask(Method::PUT, ONE).body("text/plain", "{}").send().await,
        Code::RateLimited => {
            let mut answer = ask(Method::GET, "/healthz")
                .from([192, 0, 2, 9])
                .send()
                .await;
            while answer.status == StatusCode::OK {
                answer = ask(Method::GET, "/healthz")
                    .from([192, 0, 2, 9])
                    .send()
                    .await;
            }
            answer
        }
        Code::TimelineUnavailable => {
            let folder = house.dir.path().join("timeline");
            std::fs::remove_dir_all(&folder).expect("removed");
            std::fs::write(&folder, "in the way").expect("written");
            let answer = ask(Method::GET, "/api/v1/services/orders/events")
                .send()
                .await;
            std::fs::remove_file(&folder).expect("removed");
            answer
        }
        Code::StoreUnavailable => {
            house.faults.fail_syncs_after(0);
            let mut answer = house.put(ONE, instance.clone()).await;
            if answer.status.is_success() {
                // The same registration again commits nothing.
                answer = house
                    .put(ONE, json!({"address": "10.0.0.8", "port": 1}))
                    .await;
            }
            answer
        }
        // Met only under more load, or with a worse fault, than a test can make: `failure.rs` tests how it is answered.
        Code::Busy | Code::Internal | Code::OutcomeUnknown => return None,
        Code::InvalidContent
        | Code::UnknownConfig
        | Code::UnknownRelease
        | Code::NoGrayRelease
        | Code::NoDraft
        | Code::GrayReleaseRunning
        | Code::ApprovalNeeded
        | Code::SecondPersonNeeded
        | Code::NothingToGoBackTo
        | Code::NothingToTryOut
        | Code::NoSecretKey => return Some(provoke_in_configs(house, code).await),
        // `configs.rs` provokes them, as they take a registry with other settings.
        Code::QuotaExceeded | Code::ContentLost | Code::SecretKeyMissing => return None,
    })
}

#[tokio::test]
async fn every_code_is_provoked() {
    let mut last = Vec::new();
    let house = House::with(paste_fronts::rest::Config {
        rate: Some(paste_fronts::rest::RateLimit {
            per_second: 1,
            burst: 3,
        }),
        ..Default::default()
    })
    .await;
    house.register("orders", "a", json!({})).await;
    for code in Code::ALL {
        if *code == Code::StoreUnavailable {
            last.push(*code);
            continue;
        }
        check(&house, *code).await;
    }
    for code in last {
        check(&house, code).await;
    }
    assert_eq!(
        house.get("/api/v1/services/orders/instances").await.ids(),
        ["a"],
        "reads go on"
    );
    let ready = house.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_ne!(ready.json()["store"], "ok");
}

/// The codes that only configuration has.
async fn provoke_in_configs(house: &House, code: Code) -> Answer {
    const ITEM: &str = "/api/v1/configs/shop/app.yaml";
    let put = |content: &str| house.put(ITEM, json!({"content": content}));
    let post = |part: &str, body: Value| {
        let path = format!("{ITEM}/{part}");
        async move { house.ask(Method::POST, &path).json(&body).send().await }
    };
    let trial = json!({"content": "a: 2\n", "audience": {"percent": 10}});
    match code {
        Code::InvalidContent => put("a: [").await,
        Code::UnknownConfig => house.get("/api/v1/configs/shop/none").await,
        Code::NoSecretKey => {
            house
                .put(ITEM, json!({"content": "", "secret": true}))
                .await
        }
        _ => {
            put("a: 1\n").await;
            match code {
                Code::UnknownRelease => house.get(&format!("{ITEM}/releases/99")).await,
                Code::NoGrayRelease => house.delete(&format!("{ITEM}/gray")).await,
                Code::NoDraft => post("draft/approve", json!({})).await,
                Code::NothingToGoBackTo => {
                    house
                        .put("/api/v1/configs/shop/one", json!({"content": "x"}))
                        .await;
                    let path = "/api/v1/configs/shop/one/rollback";
                    house.ask(Method::POST, path).send().await
                }
                Code::NothingToTryOut => {
                    post(
                        "gray",
                        json!({"content": "a: 1\n", "audience": {"percent": 10}}),
                    )
                    .await
                }
                Code::GrayReleaseRunning => {
                    post("gray", trial).await;
                    let refused = put("a: 3\n").await;
                    house.delete(&format!("{ITEM}/gray")).await;
                    refused
                }
                _ => approval(house, code).await,
            }
        }
    }
}

async fn approval(house: &House, code: Code) -> Answer {
    let item = "/api/v1/configs/guarded/app.yaml";
    house
        .put(item, json!({"content": "a: 1\n", "approval": true}))
        .await;
    if code == Code::ApprovalNeeded {
        return house.put(item, json!({"content": "a: 2\n"})).await;
    }
    house
        .put(&format!("{item}/draft"), json!({"content": "a: 2\n"}))
        .await;
    house
        .ask(Method::POST, &format!("{item}/draft/approve"))
        .send()
        .await
}

async fn check(house: &House, code: Code) {
    let Some(answer) = provoke(house, code).await else {
        return;
    };
    assert_eq!(answer.code(), code.as_str(), "{answer:?}");
    assert_eq!(answer.status.as_u16(), code.status());
    let retried = matches!(
        code,
        Code::RateLimited | Code::StoreUnavailable | Code::TimelineUnavailable
    );
    assert_eq!(
        !answer.header("retry-after").is_empty(),
        retried,
        "{answer:?}"
    );
    assert_eq!(
        !answer.header("www-authenticate").is_empty(),
        code == Code::Unauthenticated
    );
    assert_eq!(
        !answer.header("allow").is_empty(),
        code == Code::MethodNotAllowed
    );
}

/// A body that begins and then stops.
struct Stalled(bool);

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let first = !std::mem::replace(&mut self.0, true);
        Poll::Ready(Some(if first {
            Ok(Frame::data("{".into()))
        } else {
            Err(BodyError::TooSlow)
        }))
    }
}

async fn stalled(house: &House) -> Answer {
    let request = Request::put(ONE)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Stalled(false))
        .expect("a request");
    let response = tokio::time::timeout(PATIENCE, house.rest.answer(request, peer([127, 0, 0, 1])));
    let (head, body) = response.await.expect("an answer").into_parts();
    let body = http_body_util::BodyExt::collect(body).await;
    let body = body
        .unwrap_or_else(|error: Infallible| match error {})
        .to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}
