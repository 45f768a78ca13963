//! A node of a cluster in this process, with a session in it, and its front for other nodes. Nobody else is there.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, StatusCode};
use http_body_util::Full;
use paste_engine::{
    Caller, Config, Engine, Registration, SystemClock, Transport, TransportError, settings,
};
use paste_fronts::Metrics;
use paste_fronts::nodes::Nodes;
use paste_model::{
    Address, Batch, BlobId, Epoch, Instance, InstanceId, InstanceKey, Namespace, NodeName,
    Revision, ServiceKey, ServiceName, SessionId,
};
use paste_store::{
    Changes, ChangesError, Commit, Embedded, Loaded, Membership, Secret, Store, StoreError,
    StoreStatus, embedded,
};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::targets::kept;

/// What nodes show each other.
const SECRET: &str = "secret";
/// The session that is known.
const SESSION: &str = "s";

struct Node {
    runtime: Runtime,
    engine: Engine,
    front: Nodes,
}

static NODE: LazyLock<Node> = LazyLock::new(|| kept("the node starts", Node::build()));

/// How a message is answered.
pub(super) fn tell(message: &[u8]) -> StatusCode {
    let _entered = NODE.runtime.enter();
    let request = Request::post("/cluster/v1/signs")
        .header("authorization", format!("Bearer {SECRET}"))
        .body(Full::new(Bytes::copy_from_slice(message)));
    let request = kept("a request", request);
    // All of it is there, so nothing has to be waited for.
    let answer = NODE.front.clone().answer(request).now_or_never();
    kept("an answer at once", answer.ok_or(())).status()
}

/// Whether the session that was registered is still there.
pub(super) fn knows_its_session() -> bool {
    NODE.engine.catalog().session(SESSION).is_some()
}

impl Node {
    fn build() -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        // Beside the executable, among what a build leaves: nothing ends this node but the process.
        let folder = std::env::current_exe()?.with_extension("node");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        let config = Config {
            node: NodeName::new("a")?,
            catalog: Default::default(),
            liveness: Default::default(),
            probes: Default::default(),
            timeline: settings::Timeline::in_dir(folder.join("timeline")),
            configs: Default::default(),
            transport: Some(Arc::new(Nobody)),
        };
        let store = Arc::new(Share {
            store: Embedded::open(&folder, embedded::Config::default())?,
            membership: watch::Sender::new(Membership {
                own: Some(Revision(1)),
                nodes: Arc::new([]),
                secret: Secret::new(SECRET),
            }),
        });
        let engine = runtime.block_on(Engine::start(store, config, Arc::new(SystemClock)))?;
        runtime.block_on(register(&engine))?;
        Ok(Self {
            front: Nodes::new(engine.clone(), Arc::new(Metrics::default())),
            runtime,
            engine,
        })
    }
}

/// Persistent, so that time changes nothing.
async fn register(engine: &Engine) -> Result<(), Box<dyn Error>> {
    let key = InstanceKey {
        service: ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new("orders")?,
        },
        id: InstanceId::new("a")?,
    };
    let instance = Instance {
        session: Some(SessionId::new(SESSION)?),
        ..Instance::at(Address::new("10.0.0.7")?, 8080.try_into()?)
    };
    let registration = Registration::of(instance);
    engine
        .register(&Caller::anonymous(), key, registration, None)
        .await?;
    Ok(())
}

/// A store that could be shared.
struct Share {
    store: Embedded,
    membership: watch::Sender<Membership>,
}

impl Store for Share {
    fn commit(&self, batch: Batch) -> Commit {
        self.store.commit(batch)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.store.load()
    }

    fn changes(&self, after: Revision) -> Result<Changes, ChangesError> {
        self.store.changes(after)
    }

    fn get(&self, id: &BlobId) -> Result<Option<Bytes>, StoreError> {
        self.store.get(id)
    }

    fn blobs(&self) -> Result<Vec<(BlobId, Revision)>, StoreError> {
        self.store.blobs()
    }

    fn restore(&self, picture: Loaded) -> Result<Revision, StoreError> {
        self.store.restore(picture)
    }

    fn epoch(&self) -> Epoch {
        self.store.epoch()
    }

    fn status(&self) -> StoreStatus {
        self.store.status()
    }

    fn membership(&self) -> Option<watch::Receiver<Membership>> {
        Some(self.membership.subscribe())
    }
}

/// The way to nobody.
#[derive(Debug)]
struct Nobody;

impl Transport for Nobody {
    fn tell(
        &self,
        _url: &str,
        _secret: &Secret,
        _message: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
