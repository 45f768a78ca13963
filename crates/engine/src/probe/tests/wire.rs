//! Real probes of real servers on loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_model::{Address, CheckKind, Port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::probe::network::{ANSWER_BYTES_MAX, Failure, Network, Request, Wire};
use crate::probe::target::Guard;

fn wire(loopback: bool) -> Wire {
    Wire(Guard {
        loopback,
        forbidden: Vec::new(),
    })
}

fn request(to: SocketAddr, kind: CheckKind) -> Request {
    Request {
        address: Address::new(&to.ip().to_string()).expect("valid"),
        port: Port::new(to.port()).expect("not 0"),
        kind,
        timeout: Duration::from_secs(20),
    }
}

fn get(path: &str) -> CheckKind {
    CheckKind::Http { path: path.into() }
}

/// A server that reads a request's head, answers with `answer`, and closes, or not; counts connections.
async fn serve(
    answer: Vec<u8>,
    close: bool,
) -> (
    SocketAddr,
    Arc<AtomicUsize>,
    Arc<parking_lot::Mutex<String>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let (count, seen) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(parking_lot::Mutex::new(String::new())),
    );
    let (counter, said) = (Arc::clone(&count), Arc::clone(&seen));
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|n| n == 1)
            {
                head.push(byte[0]);
            }
            *said.lock() = String::from_utf8_lossy(&head).into_owned();
            // Who reads no further resets the connection: that is its right.
            let _ = stream.write_all(&answer).await;
            if !close {
                open.push(stream);
            }
        }
    });
    (address, count, seen)
}

fn reason(result: Result<(), Failure>) -> String {
    result.expect_err("fails").reason.to_string()
}

#[tokio::test]
async fn http_passes_on_2xx_alone() {
    let cases = [
        ("200 OK", None),
        ("204 No Content", None),
        ("299 Fine", None),
        (
            "301 Moved Permanently\r\nLocation: /",
            Some("HTTP status 301"),
        ),
        (
            "302 Found\r\nLocation: http://169.254.169.254/",
            Some("HTTP status 302"),
        ),
        ("404 Not Found", Some("HTTP status 404")),
        ("503 Service Unavailable", Some("HTTP status 503")),
    ];
    for (status, expected) in cases {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let (address, count, _) = serve(answer.into_bytes(), true).await;
        let found = wire(true).probe(request(address, get("/health"))).await;
        match expected {
            None => assert_eq!(found, Ok(()), "{status}"),
            Some(expected) => assert_eq!(reason(found), expected),
        }
        assert_eq!(count.load(Ordering::SeqCst), 1, "{status}: not followed");
    }
}

#[tokio::test]
async fn the_request_says_who_asks_whom() {
    let (address, _, seen) = serve(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), true).await;
    wire(true)
        .probe(request(address, get("/health?deep=1")))
        .await
        .expect("passes");
    let head = seen.lock().to_ascii_lowercase();
    assert!(
        head.starts_with("get /health?deep=1 http/1.1\r\n"),
        "{head}"
    );
    for line in [
        format!("host: {address}"),
        "user-agent: paste-registry".into(),
        "connection: close".into(),
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{head}");
    }
}

#[tokio::test]
async fn bodies_do_not_matter() {
    let slow = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnever the rest".to_vec();
    let (address, ..) = serve(slow, false).await;
    assert_eq!(
        wire(true).probe(request(address, get("/"))).await,
        Ok(()),
        "slow"
    );
    let mut huge = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n".to_vec();
    huge.resize(50_000_000, b'x');
    let (address, ..) = serve(huge, true).await;
    assert_eq!(
        wire(true).probe(request(address, get("/"))).await,
        Ok(()),
        "huge"
    );
}

#[tokio::test]
async fn what_is_no_answer_fails() {
    let long = usize::try_from(ANSWER_BYTES_MAX).expect("small");
    let head = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(long));
    let cases: [(&str, Vec<u8>); 4] = [
        ("a head over the limit", head.into_bytes()),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ("nothing", Vec::new()),
        ("half a head", b"HTTP/1.1 200 OK\r\nX-".to_vec()),
    ];
    for (name, answer) in cases {
        let (address, ..) = serve(answer, true).await;
        let found = reason(wire(true).probe(request(address, get("/"))).await);
        assert!(found.starts_with("no HTTP answer"), "{name}: {found}");
    }
}

#[tokio::test]
async fn silence_times_out() {
    let (address, ..) = serve(Vec::new(), false).await;
    for kind in [get("/"), CheckKind::Grpc { service: "".into() }] {
        let timeout = Duration::from_millis(50);
        let found = wire(true)
            .probe(Request {
                timeout,
                ..request(address, kind)
            })
            .await;
        assert_eq!(reason(found), "no answer within 50ms");
    }
}

#[tokio::test]
async fn tcp_passes_when_a_connection_opens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    assert_eq!(
        wire(true).probe(request(address, CheckKind::Tcp)).await,
        Ok(())
    );
    drop(listener);
    let found = reason(wire(true).probe(request(address, CheckKind::Tcp)).await);
    assert!(
        found.starts_with(&format!("can't connect to {address}")),
        "{found}"
    );
}

#[tokio::test]
async fn forbidden_targets_are_refused_without_a_connection() {
    let (address, count, _) = serve(Vec::new(), true).await;
    let failure = wire(false)
        .probe(request(address, get("/")))
        .await
        .expect_err("refused");
    assert!(
        failure.refused && failure.reason.contains("loopback"),
        "{failure:?}"
    );
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let metadata = request(
        "169.254.169.254:80".parse().expect("valid"),
        get("/latest/meta-data"),
    );
    let failure = wire(true).probe(metadata).await.expect_err("refused");
    assert!(
        failure.refused && failure.reason.starts_with("refused: 169.254.169.254"),
        "{failure:?}"
    );
    let mut name = request(address, get("/"));
    name.address = Address::new("localhost").expect("valid");
    let failure = wire(false).probe(name).await.expect_err("refused");
    assert!(
        failure.refused,
        "a name is refused for its addresses: {failure:?}"
    );
}

/// How a gRPC server answers.
#[derive(Debug, Clone)]
struct Grpc {
    http: u16,
    message: Option<Vec<u8>>,
    /// `grpc-status`, among the trailers where there is a message, else among the headers.
    status: Option<&'static str>,
}

async fn serve_grpc(how: Grpc) -> (SocketAddr, Arc<parking_lot::Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let asked = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (how, asked) = (how.clone(), Arc::clone(&asked));
            let service = hyper::service::service_fn(
                move |request: hyper::Request<hyper::body::Incoming>| {
                    let (how, asked) = (how.clone(), Arc::clone(&asked));
                    async move {
                        assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
                        assert_eq!(request.headers()["content-type"], "application/grpc");
                        let body = request
                            .into_body()
                            .collect()
                            .await
                            .expect("a body")
                            .to_bytes();
                        *asked.lock() = body.to_vec();
                        Ok::<_, Infallible>(answer(&how))
                    }
                },
            );
            let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serving);
        }
    });
    (address, seen)
}

fn answer(how: &Grpc) -> Response<http_body_util::combinators::BoxBody<Bytes, Infallible>> {
    let mut trailers = HeaderMap::new();
    if let Some(status) = how.status {
        trailers.insert("grpc-status", HeaderValue::from_static(status));
    }
    let mut response = Response::builder().status(how.http);
    let body = match &how.message {
        Some(message) => {
            let mut framed = vec![0, 0, 0, 0, 0];
            framed[1..5]
                .copy_from_slice(&u32::try_from(message.len()).expect("small").to_be_bytes());
            framed.extend_from_slice(message);
            let frames = [
                Ok(Frame::data(Bytes::from(framed))),
                Ok(Frame::trailers(trailers)),
            ];
            BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames)))
        }
        None => {
            for (name, value) in &trailers {
                response = response.header(name, value);
            }
            BodyExt::boxed(Full::new(Bytes::new()))
        }
    };
    response
        .header("content-type", "application/grpc")
        .body(body)
        .expect("valid")
}

#[tokio::test]
async fn grpc_passes_on_serving() {
    let grpc = |message: Option<&[u8]>, status| Grpc {
        http: 200,
        message: message.map(<[u8]>::to_vec),
        status,
    };
    let cases = [
        (grpc(Some(&[8, 1]), Some("0")), None),
        (grpc(Some(&[8, 2]), Some("0")), Some("it says NOT_SERVING")),
        (
            grpc(Some(&[8, 3]), Some("0")),
            Some("it says SERVICE_UNKNOWN"),
        ),
        (grpc(Some(&[]), Some("0")), Some("it says UNKNOWN")),
        (grpc(Some(&[8, 99]), Some("0")), Some("it says UNKNOWN")),
        (
            grpc(Some(&[0xff, 0xff]), Some("0")),
            Some("an answer that is no health message"),
        ),
        (
            grpc(None, Some("0")),
            Some("an answer that is no health message"),
        ),
        (grpc(None, Some("12")), Some("gRPC status 12")),
        (grpc(Some(&[8, 1]), Some("13")), Some("gRPC status 13")),
        (
            grpc(Some(&[8, 1]), None),
            Some("an answer without gRPC status"),
        ),
        (
            Grpc {
                http: 404,
                message: None,
                status: None,
            },
            Some("HTTP status 404, not gRPC"),
        ),
    ];
    for (how, expected) in cases {
        let (address, seen) = serve_grpc(how.clone()).await;
        let kind = CheckKind::Grpc {
            service: "shop.Orders".into(),
        };
        let found = wire(true).probe(request(address, kind)).await;
        match expected {
            None => assert_eq!(found, Ok(()), "{how:?}"),
            Some(expected) => assert_eq!(reason(found), expected, "{how:?}"),
        }
        let asked = seen.lock().clone();
        assert_eq!(asked[..7], [0, 0, 0, 0, 13, 0x0a, 11]);
        assert_eq!(&asked[7..], b"shop.Orders");
    }
}

#[tokio::test]
async fn grpc_reads_no_more_than_its_limit_and_speaks_to_no_other_protocol() {
    let huge = Grpc {
        http: 200,
        message: Some(vec![8; 60_000]),
        status: Some("0"),
    };
    let (address, _) = serve_grpc(huge).await;
    let kind = CheckKind::Grpc { service: "".into() };
    let found = reason(wire(true).probe(request(address, kind.clone())).await);
    assert!(found.starts_with("no gRPC answer"), "{found}");
    let (address, ..) = serve(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), true).await;
    let found = reason(wire(true).probe(request(address, kind)).await);
    assert!(found.starts_with("no "), "{found}");
}
