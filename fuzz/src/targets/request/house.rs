//! A small registry in this process, with a few instances in it, and the native API before it.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, StatusCode, header};
use http_body_util::{Empty, Full};
use paste_engine::{Engine, SystemClock, settings};
use paste_fronts::rest::{self, Rest};
use paste_fronts::{Body, Metrics, Peer};
use paste_model::NodeName;
use paste_store::{Embedded, embedded};
use tokio::runtime::Runtime;

use super::Answer;
use crate::targets::kept;

/// What lives in it: path and registration. Persistent, so that time changes nothing.
const INSTANCES: [(&str, &str); 3] = [
    (
        "orders/instances/a",
        r#"{"address":"10.0.0.7","port":8080,"ephemeral":false,"version":"1.4.2","zone":"eu-1a","region":"eu-1","tags":["blue"],"metadata":{"team":"pay"}}"#,
    ),
    (
        "orders/instances/b",
        r#"{"address":"10.0.0.8","port":8080,"ephemeral":false,"version":"2.0.0-rc.1","zone":"eu-1b","status":"draining"}"#,
    ),
    (
        "payments/instances/10.0.0.9:80",
        r#"{"address":"10.0.0.9","port":80,"ephemeral":false}"#,
    ),
];

struct House {
    runtime: Runtime,
    rest: Rest,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| kept("the registry starts", House::build()));

const PEER: Peer = Peer {
    remote: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000),
    local: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7750),
    tls: false,
};

/// The answer to a request, if it is there at once.
pub(super) fn answer(request: Request<Empty<Bytes>>) -> Option<Answer> {
    let _entered = HOUSE.runtime.enter();
    let response = HOUSE.rest.answer(request, PEER).now_or_never()?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    Some(Answer {
        status: response.status(),
        problem: kind.is_some_and(|kind| kind == "application/problem+json"),
        body: match response.into_body() {
            Body::Full(bytes) => bytes.to_vec(),
            Body::Empty | Body::Stream(_) => Vec::new(),
        },
    })
}

impl House {
    fn build() -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        // Beside the executable, among what a build leaves: nothing ends this registry but the process.
        let folder = std::env::current_exe()?.with_extension("registry");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        let store = Embedded::open(&folder, embedded::Config::default())?;
        let config = paste_engine::Config {
            node: NodeName::new("node-1")?,
            catalog: Default::default(),
            liveness: Default::default(),
            probes: Default::default(),
            timeline: settings::Timeline::in_dir(folder.join("timeline")),
            configs: Default::default(),
            transport: None,
        };
        let engine = runtime.block_on(Engine::start(
            Arc::new(store),
            config,
            Arc::new(SystemClock),
        ))?;
        let metrics = Arc::new(Metrics::default());
        let rest = Rest::new(
            engine,
            rest::Config::default(),
            metrics,
            Arc::new(String::new),
        );
        for (path, registration) in INSTANCES {
            let request = Request::put(format!("/api/v1/services/{path}"))
                .header(header::HOST, "127.0.0.1:7750")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from_static(registration.as_bytes())))?;
            let status = runtime.block_on(rest.answer(request, PEER)).status();
            if status != StatusCode::CREATED {
                return Err(format!("registering {path} was answered {status}").into());
            }
        }
        Ok(Self { runtime, rest })
    }
}
