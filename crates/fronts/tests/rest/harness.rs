//! A registry in a directory of its own, and short ways to ask it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use paste_engine::{Config, Engine, SystemClock, Transport, settings};
use paste_fronts::rest::{self, Rest};
use paste_fronts::{Body, Metrics, Peer};
use paste_model::NodeName;
use paste_store::Store;
use paste_store::embedded::{self, Embedded};
use paste_store::faulty::Faults;
use serde_json::Value;

/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct House {
    pub(crate) rest: Rest,
    pub(crate) engine: Engine,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) faults: Faults,
    pub(crate) dir: tempfile::TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(rest::Config::default()).await
    }

    pub(crate) async fn with(config: rest::Config) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        Self::open(dir, config, settings::Configs::default()).await
    }

    /// The same with settings of its own for configuration.
    pub(crate) async fn configured(configs: settings::Configs) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        Self::open(dir, rest::Config::default(), configs).await
    }

    async fn open(
        dir: tempfile::TempDir,
        config: rest::Config,
        configs: settings::Configs,
    ) -> Self {
        let faults = Faults::default();
        let engine = start(dir.path(), &faults, configs).await;
        Self::of(engine, config, faults, dir)
    }

    /// The API of an engine that keeps its files in `dir`.
    pub(crate) fn of(
        engine: Engine,
        config: rest::Config,
        faults: Faults,
        dir: tempfile::TempDir,
    ) -> Self {
        let metrics = Arc::new(Metrics::default());
        let exposition: rest::Exposition = Arc::new(|| "paste_up 1\n".to_owned());
        let rest = Rest::new(engine.clone(), config, Arc::clone(&metrics), exposition);
        Self {
            rest,
            engine,
            metrics,
            faults,
            dir,
        }
    }

    /// Stops the registry and starts another on the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(settings::Configs::default(), |_| {})
            .await
    }

    /// The same with settings of its own for configuration, after something happened to the directory.
    pub(crate) async fn restart_after(
        self,
        configs: settings::Configs,
        happens: impl FnOnce(&Path),
    ) -> Self {
        let Self {
            rest, engine, dir, ..
        } = self;
        engine.stop().await;
        drop((rest, engine));
        happens(dir.path());
        Self::open(dir, rest::Config::default(), configs).await
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:7750")
            .body(Bytes::new())
            .expect("a request");
        Ask {
            rest: &self.rest,
            request,
            peer: peer([127, 0, 0, 1]),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path).json(&body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).send().await
    }

    /// Registers an instance with a few fields beside the least.
    pub(crate) async fn register(&self, service: &str, id: &str, more: Value) -> Answer {
        let mut body = serde_json::json!({"address": "10.0.0.7", "port": 8080});
        let fields = more.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(fields);
        let answer = self
            .put(&format!("/api/v1/services/{service}/instances/{id}"), body)
            .await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer
    }

    /// The secret of a new token with one grant.
    pub(crate) async fn token(&self, name: &str, grant: Value) -> String {
        let body = serde_json::json!({"grants": [grant]});
        let answer = self.put(&format!("/api/v1/tokens/{name}"), body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["secret"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }
}

async fn start(dir: &Path, faults: &Faults, configs: settings::Configs) -> Engine {
    let config = embedded::Config {
        faults: Some(faults.clone()),
        ..embedded::Config::default()
    };
    let store = Embedded::open(dir, config).expect("store opens");
    engine_with(Arc::new(store), "n1", dir, None, configs).await
}

/// An engine with the usual settings, which keeps its timeline in `dir`.
pub(crate) async fn engine(
    store: Arc<dyn Store>,
    node: &str,
    dir: &Path,
    transport: Option<Arc<dyn Transport>>,
) -> Engine {
    engine_with(store, node, dir, transport, settings::Configs::default()).await
}

async fn engine_with(
    store: Arc<dyn Store>,
    node: &str,
    dir: &Path,
    transport: Option<Arc<dyn Transport>>,
    configs: settings::Configs,
) -> Engine {
    let config = Config {
        node: NodeName::new(node).expect("valid"),
        catalog: paste_catalog::Limits::default(),
        liveness: settings::Liveness::default(),
        probes: settings::Probes::default(),
        timeline: settings::Timeline::in_dir(dir.join("timeline")),
        configs,
        transport,
    };
    let started = Engine::start(store, config, Arc::new(SystemClock)).await;
    started.expect("engine starts")
}

/// Waits until `seen` says so.
pub(crate) async fn until(what: &str, mut seen: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !seen().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain: {what}");
}

/// A peer at `address`, which reached us at an address of the same kind.
pub(crate) fn peer(address: [u8; 4]) -> Peer {
    let local = if address[0] == 127 {
        [127, 0, 0, 1]
    } else {
        [192, 0, 2, 1]
    };
    Peer {
        remote: SocketAddr::from((address, 40_000)),
        local: SocketAddr::from((local, 7750)),
        tls: false,
    }
}

/// A request being made.
pub(crate) struct Ask<'h> {
    rest: &'h Rest,
    request: Request<Bytes>,
    peer: Peer,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = value.parse().expect("a header value");
        self.request.headers_mut().insert(name, value);
        self
    }

    pub(crate) fn token(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", kind)
    }

    pub(crate) fn from(mut self, address: [u8; 4]) -> Self {
        self.peer = peer(address);
        self
    }

    pub(crate) async fn open(self) -> http::Response<Body> {
        self.rest
            .answer(self.request.map(Full::new), self.peer)
            .await
    }

    pub(crate) async fn send(self) -> Answer {
        let (head, body) = tokio::time::timeout(PATIENCE, self.open())
            .await
            .expect("an answer")
            .into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect())
            .await
            .expect("a whole answer");
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.expect("infallible").to_bytes(),
        }
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The code of a problem document, checked for its form.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem: paste_api::Problem = serde_json::from_slice(&self.body).expect("a problem");
        assert_eq!(problem.status, self.status.as_u16());
        assert!(problem.kind.ends_with(&problem.code) && !problem.title.is_empty());
        assert!(!problem.detail.is_empty(), "{self:?}");
        problem.code
    }

    /// The fields that a problem names.
    pub(crate) fn fields(&self) -> Vec<String> {
        let problem: paste_api::Problem = serde_json::from_slice(&self.body).expect("a problem");
        problem
            .errors
            .into_iter()
            .map(|error| error.field)
            .collect()
    }

    /// Ids of the instances listed.
    pub(crate) fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let json = self.json();
        let instances = json["instances"].as_array().expect("a list");
        instances
            .iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:?} {}",
            self.status,
            self.headers,
            String::from_utf8_lossy(&self.body)
        )
    }
}
