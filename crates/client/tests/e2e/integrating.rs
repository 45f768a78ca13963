//! The SDK inside other libraries.

#[cfg(feature = "reqwest")]
mod with_reqwest {
    use http::StatusCode;
    use paste_registry_client::integration::reqwest::ServiceMiddleware;
    use paste_registry_client::{Client, Idempotent};

    use crate::backend::Backend;
    use crate::options;
    use crate::registry::Registry;

    #[tokio::test]
    async fn reqwest_calls_by_name_and_tries_elsewhere() {
        let registry = Registry::start();
        let (good, bad) = (Backend::start("good").await, Backend::start("bad").await);
        bad.answers(503);
        // Who fails is called all the same, so that there is something to try elsewhere.
        let policy = r#"{"balancer":{"kind":"smooth_wrr"},"outlier_detection":{"max_ejected":0}}"#;
        registry.ask("PUT", "/api/v1/policies/orders", policy);
        registry.put("orders", "a", good.port(), "");
        registry.put("orders", "b", bad.port(), "");
        let client = Client::connect(options(registry.address())).expect("a client");
        let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
            .with(ServiceMiddleware::new(&client).only(["orders"]))
            .build();
        for _ in 0..10 {
            let answer = http.get("http://orders/x").send().await.expect("an answer");
            assert_eq!(answer.text().await.expect("a body"), "good");
        }
        let refused = http.post("http://orders/x").body("x").send();
        let other = http.post("http://orders/x").body("x").send();
        let statuses = [
            refused.await.expect("an answer").status(),
            other.await.expect("an answer").status(),
        ];
        assert!(
            statuses.contains(&StatusCode::SERVICE_UNAVAILABLE),
            "{statuses:?}"
        );
        for _ in 0..2 {
            let twice = http
                .post("http://orders/x")
                .with_extension(Idempotent)
                .body("x");
            assert_eq!(twice.send().await.expect("an answer").status(), 200);
        }
        let direct = format!("http://127.0.0.1:{}/", good.port());
        assert_eq!(
            http.get(direct).send().await.expect("an answer").status(),
            200
        );
        client.close().await.expect("closed");
    }
}

#[cfg(feature = "tower")]
mod with_tower {
    use std::convert::Infallible;

    use futures_util::StreamExt;
    use http::{Request, Response};
    use paste_registry_client::Client;
    use paste_registry_client::integration::tower::{Discovery, ServedLayer, discover};
    use tower::discover::Change;
    use tower::{Layer, Service};

    use crate::registry::Registry;
    use crate::{PATIENCE, options};

    async fn next(discovery: &mut Discovery<String>) -> Result<(String, String), String> {
        let change = tokio::time::timeout(PATIENCE, discovery.next())
            .await
            .expect("a change");
        match change.expect("it never ends") {
            Ok(Change::Insert(id, authority)) => Ok((id, authority)),
            Ok(Change::Remove(id)) => Err(id),
        }
    }

    #[tokio::test]
    async fn tower_hears_who_comes_and_goes() {
        let registry = Registry::start();
        registry.put("orders", "a", 1, "");
        let client = Client::connect(options(registry.address())).expect("a client");
        let orders = client.service("orders").expect("a name");
        let mut changes = discover(&orders, |instance| instance.authority());
        let pair = |id: &str, authority: &str| Ok((id.to_owned(), authority.to_owned()));
        assert_eq!(next(&mut changes).await, pair("a", "127.0.0.1:1"));
        registry.put("orders", "b", 2, "");
        assert_eq!(next(&mut changes).await, pair("b", "127.0.0.1:2"));
        registry.put("orders", "a", 3, "");
        assert_eq!(next(&mut changes).await, pair("a", "127.0.0.1:3"));
        registry.put("orders", "b", 2, r#","status":"draining""#);
        assert_eq!(next(&mut changes).await, Err("b".to_owned()));
        registry.ask("DELETE", "/api/v1/services/orders/instances/a", "");
        assert_eq!(next(&mut changes).await, Err("a".to_owned()));
        client.close().await.expect("closed");
    }

    #[tokio::test]
    async fn what_a_server_serves_is_told_with_the_heartbeat() {
        let registry = Registry::start();
        let client = Client::connect(paste_registry_client::Options {
            heartbeat: std::time::Duration::from_millis(50),
            ..options(registry.address())
        })
        .expect("a client");
        let port = std::num::NonZeroU16::new(9).expect("not zero");
        let new = paste_registry_client::NewRegistration::new("own", port).address("10.0.0.1");
        client
            .register(new)
            .expect("open")
            .wait(PATIENCE)
            .await
            .expect("registered");
        let inner = tower::service_fn(|status: Request<u16>| async move {
            let answer = Response::builder().status(*status.body()).body(());
            Ok::<_, Infallible>(answer.expect("a status"))
        });
        let mut server = ServedLayer::new(client.served()).layer(inner);
        for status in [200, 404, 500] {
            server.call(Request::new(status)).await.expect("an answer");
        }
        let stats = || registry.ask("GET", "/api/v1/services/own/stats", "");
        crate::until("it is told", || {
            let stats: serde_json::Value = serde_json::from_str(&stats()).ok()?;
            stats["load"]["requests"].as_u64()
        })
        .await;
        client.close().await.expect("closed");
    }
}

#[cfg(feature = "tonic")]
mod with_tonic {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use paste_registry_client::Client;
    use paste_registry_client::integration::tonic::ServiceChannel;
    use tokio::net::TcpListener;
    use tonic::body::Body;
    use tower_service::Service;

    use crate::options;
    use crate::registry::Registry;

    /// A server of gRPC that answers every call with its own number as status.
    async fn serve(code: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = service_fn(move |_: Request<hyper::body::Incoming>| async move {
                    let answer = Response::builder()
                        .header("content-type", "application/grpc")
                        .header("grpc-status", code);
                    Ok::<_, Infallible>(answer.body(Full::new(Bytes::new())).expect("an answer"))
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(stream), answer));
            }
        });
        port
    }

    async fn call(channel: &mut ServiceChannel) -> String {
        let request = Request::post("/shop.Orders/List")
            .body(Body::empty())
            .expect("a request");
        let answer = channel.call(request).await.expect("an answer");
        answer.headers()["grpc-status"]
            .to_str()
            .expect("text")
            .to_owned()
    }

    #[tokio::test]
    async fn tonic_calls_an_instance_and_leaves_one_that_fails() {
        let registry = Registry::start();
        let policy = r#"{"balancer":{"kind":"smooth_wrr"},"outlier_detection":{"consecutive_failures":2,"max_ejected":100}}"#;
        registry.ask("PUT", "/api/v1/policies/orders", policy);
        registry.put("orders", "good", serve("0").await, "");
        registry.put("orders", "ailing", serve("14").await, "");
        let client = Client::connect(options(registry.address())).expect("a client");
        let mut channel = ServiceChannel::new(client.service("orders").expect("a name"));
        let mut codes = Vec::new();
        for _ in 0..20 {
            codes.push(call(&mut channel).await);
        }
        assert_eq!(
            codes.iter().filter(|code| *code == "14").count(),
            2,
            "{codes:?}"
        );
        client.close().await.expect("closed");
    }
}
