//! Numbers of this SDK, one JSON object a line: `{"name", "value", "unit", "against"?}`.
//!
//! `cargo run --release --example bench -- <registry's URL>`; without a URL only what needs no registry. `against` is the
//! same thing without the SDK, measured in turns with it, in the same unit.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::future::pending;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Bare;
use hyper_util::rt::TokioExecutor;
use paste_registry_client::{Ask, Client, NewRegistration, Options, Outcome, Sending, Transport};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Each number is the best of so many turns: what disturbs only makes it worse.
const TURNS: u32 = 5;
const PICKS: u32 = 2_000_000;
const CALLS: u32 = 5_000;
const PORTS: u16 = 50;

type Done = Result<(), Box<dyn Error>>;

/// A registry that tells of one service, once.
struct Told(Bytes);

impl Transport for Told {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let text = self.0.clone();
        let is_stream = request.uri().path().ends_with("/watch");
        Box::pin(async move {
            if !is_stream {
                return pending().await;
            }
            let body = Full::new(text).map_err(|never| match never {});
            let response = Response::builder().header("content-type", "text/event-stream");
            Ok(response.body(body.boxed_unsync())?)
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    for balancer in [
        "weighted_random",
        "smooth_wrr",
        "least_request",
        "peak_ewma",
        "rendezvous",
    ] {
        picks(balancer).await?;
    }
    memory().await?;
    calls().await?;
    if let Some(url) = std::env::args().nth(1) {
        news(&url).await?;
    }
    Ok(())
}

fn say(name: &str, value: f64, unit: &str, against: Option<f64>) {
    let mut line = json!({ "name": name, "value": value, "unit": unit });
    if let Some(against) = against {
        line["against"] = Value::from(against);
        line["ratio"] = Value::from(value / against);
    }
    println!("{line}");
}

fn told(count: usize, balancer: &str) -> Bytes {
    let instances: Vec<Value> = (0..count)
        .map(|number| {
            json!({"id": format!("orders-{number:05}"), "address": format!("10.0.{}.{}", number / 250, number % 250),
                "port": 8080, "version": "1.4.2", "weight": 100, "zone": "eu-1a", "status": "up",
                "health": "passing", "session": format!("host-{number}"), "ephemeral": true, "revision": number})
        })
        .collect();
    let snapshot = json!({"service": "orders", "namespace": "default", "revision": 1, "protected": false,
        "policy": {"balancer": {"kind": balancer}}, "instances": instances});
    format!("event: snapshot\nid: e-1\ndata: {snapshot}\n\n").into()
}

fn client_of(text: Bytes) -> Result<Client, Box<dyn Error>> {
    Ok(Client::connect(Options {
        urls: vec!["http://told:1".to_owned()],
        transport: Some(Arc::new(Told(text))),
        ..Options::default()
    })?)
}

/// The best of several turns, as operations a second.
fn rate(count: u32, mut turn: impl FnMut()) -> f64 {
    let best = (0..TURNS)
        .map(|_| {
            let started = Instant::now();
            turn();
            started.elapsed()
        })
        .min()
        .unwrap_or_default();
    f64::from(count) / best.as_secs_f64()
}

/// Choosing and reporting, against a random choice from a list.
async fn picks(balancer: &str) -> Done {
    let client = client_of(told(10, balancer))?;
    let service = client.service("orders")?;
    let list = service.instances().await?;
    let ask = Ask::any().hash_key("user-7");
    let picked = rate(PICKS, || {
        for _ in 0..PICKS {
            if let Ok(pick) = service.choose_now(&ask) {
                black_box(&pick);
                pick.done(Outcome::Success, Duration::from_micros(250));
            }
        }
    });
    let chosen = rate(PICKS, || {
        for _ in 0..PICKS {
            drop(black_box(service.choose_now(&ask)));
        }
    });
    let bare = rate(PICKS, || {
        for _ in 0..PICKS {
            let drawn = usize::try_from(rand::random::<u64>()).unwrap_or(0);
            black_box(&list[drawn % list.len()]);
        }
    });
    say(
        &format!("choices with {balancer}"),
        chosen,
        "1/s",
        Some(bare),
    );
    say(
        &format!("choices with {balancer}, and reports"),
        picked,
        "1/s",
        Some(bare),
    );
    client.close().await?;
    Ok(())
}

fn resident_kib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

async fn memory() -> Done {
    let text = told(10_000, "peak_ewma");
    let Some(before) = resident_kib() else {
        return Ok(());
    };
    let client = client_of(text)?;
    let service = client.service("orders")?;
    service.known_within(Duration::from_secs(60)).await?;
    // So that what is prepared for choosing is there, too.
    drop(service.choose_now(&Ask::any())?);
    if let Some(after) = resident_kib() {
        say(
            "memory for 10,000 instances",
            (after - before) / 1024.0,
            "MiB",
            None,
        );
    }
    client.close().await?;
    Ok(())
}

/// Answers every request, on a thread of its own.
fn server() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
    });
    Ok(port)
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 4096];
    // A request of this bench comes in one piece.
    while stream.read(&mut buffer).await? > 0 {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .await?;
    }
    Ok(())
}

async fn calls() -> Done {
    let port = server()?;
    let snapshot = json!({"service": "orders", "namespace": "default", "revision": 1, "protected": false,
        "instances": [{"id": "a", "address": "127.0.0.1", "port": port, "weight": 100, "status": "up",
            "health": "passing", "ephemeral": true, "revision": 1}]});
    let client = client_of(format!("event: snapshot\nid: e-1\ndata: {snapshot}\n\n").into())?;
    let http = client.http();
    let bare: Bare<_, Full<Bytes>> = Bare::builder(TokioExecutor::new()).build_http();
    let url: http::Uri = format!("http://127.0.0.1:{port}/").parse()?;
    let (mut with, mut without) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let started = Instant::now();
        for _ in 0..CALLS {
            http.get("http://orders/")
                .await?
                .into_body()
                .collect()
                .await?;
        }
        with = with.min(started.elapsed());
        let started = Instant::now();
        for _ in 0..CALLS {
            bare.get(url.clone()).await?.into_body().collect().await?;
        }
        without = without.min(started.elapsed());
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(CALLS);
    say("one call", each(with), "µs", Some(each(without)));
    client.close().await?;
    Ok(())
}

/// From a change at the registry, as its author sees it, to the copy of another client.
async fn news(url: &str) -> Done {
    let options = || Options {
        urls: vec![url.to_owned()],
        drain_delay: Duration::ZERO,
        ..Options::default()
    };
    let (author, reader) = (Client::connect(options())?, Client::connect(options())?);
    let service = reader.service("bench-news")?;
    service.known_within(Duration::from_secs(10)).await?;
    let mut times = Vec::new();
    for port in 1..=PORTS {
        // The registry gathers changes that follow each other closely.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut changes = service.changes();
        changes.mark_unchanged();
        let new = NewRegistration::new("bench-news", port.try_into()?).address("10.0.0.1");
        let started = Instant::now();
        author.register(new)?;
        changes.changed().await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    say(
        "from a change to the copy, median",
        times[times.len() / 2],
        "ms",
        None,
    );
    say(
        "from a change to the copy, p99",
        times[times.len() * 99 / 100],
        "ms",
        None,
    );
    author.close().await?;
    reader.close().await?;
    Ok(())
}
