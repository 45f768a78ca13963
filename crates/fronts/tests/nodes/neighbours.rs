//! Nodes over one store in this process. Who is there, whether the store can be reached, how far a view may follow, and
//! who hears whom is what a test says.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use paste_engine::{Transport, TransportError};
use paste_fronts::nodes::Nodes;
use paste_fronts::rest;
use paste_model::{Batch, BlobId, Epoch, Expect, Key, NodeName, Revision, Timestamp};
use paste_store::embedded::{self, Embedded};
use paste_store::{
    Changes, ChangesError, Commit, CommitError, Loaded, Membership, Node, Secret, Store,
    StoreError, StoreStatus,
};
use tokio::sync::{mpsc, watch};

use crate::harness::{self, House};

/// What these nodes show each other.
pub(crate) const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";

/// The revision at which each of them took its place.
const LEASE: Revision = Revision(1);

/// Nodes that share a store.
pub(crate) struct Neighbours {
    nodes: Vec<Neighbour>,
    pub(crate) wires: Wires,
    _dir: tempfile::TempDir,
}

/// One of them.
pub(crate) struct Neighbour {
    pub(crate) house: House,
    pub(crate) share: Arc<Share>,
}

impl Deref for Neighbour {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

impl Neighbours {
    /// Nodes of these names, all of them there.
    pub(crate) async fn of(names: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let store = Embedded::open(dir.path(), embedded::Config::default()).expect("store opens");
        let store = Arc::new(store);
        let wires = Wires::default();
        let mut nodes = Vec::new();
        for name in names {
            let share = Arc::new(Share::new(Arc::clone(&store), membership(names)));
            let dir = tempfile::tempdir().expect("temp dir");
            let transport: Arc<dyn Transport> = Arc::new(wires.clone());
            let store: Arc<dyn Store> = Arc::<Share>::clone(&share);
            let engine = harness::engine(store, name, dir.path(), Some(transport)).await;
            let house = House::of(engine, rest::Config::default(), Default::default(), dir);
            wires.connect(name, &house);
            nodes.push(Neighbour { house, share });
        }
        Self {
            nodes,
            wires,
            _dir: dir,
        }
    }

    /// The node of that name.
    pub(crate) fn node(&self, name: &str) -> &Neighbour {
        let mut nodes = self.nodes.iter();
        let node = nodes.find(|node| node.engine.node().as_str() == name);
        node.expect("a node of that name")
    }
}

/// The front of a node for other nodes.
pub(crate) fn front(house: &House) -> Nodes {
    Nodes::new(house.engine.clone(), Arc::clone(&house.metrics))
}

fn membership(names: &[&str]) -> Membership {
    let node = |name: &&str| Node {
        name: NodeName::new(name).expect("valid"),
        url: url(name),
        joined: Timestamp(1_700_000_000_000),
        version: "0.0.0".to_owned(),
        revision: LEASE,
    };
    Membership {
        own: Some(LEASE),
        nodes: names.iter().map(node).collect(),
        secret: Secret::new(SECRET),
    }
}

fn url(name: &str) -> String {
    format!("http://{name}.example:7750")
}

/// The store as one of the nodes has it.
pub(crate) struct Share {
    store: Arc<Embedded>,
    membership: watch::Sender<Membership>,
    away: AtomicBool,
    held: watch::Sender<bool>,
}

impl Share {
    fn new(store: Arc<Embedded>, membership: Membership) -> Self {
        Self {
            store,
            membership: watch::Sender::new(membership),
            away: AtomicBool::new(false),
            held: watch::Sender::new(false),
        }
    }

    /// Takes the node's place among the others, or gives it back.
    pub(crate) fn set_member(&self, member: bool) {
        self.membership
            .send_modify(|membership| membership.own = member.then_some(LEASE));
    }

    /// Whether the store can't be reached from this node.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Whether nothing that happens comes to the view of this node.
    pub(crate) fn set_held(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// How far the store itself has come.
    pub(crate) fn revision(&self) -> Revision {
        self.store.status().revision
    }

    fn trouble(&self) -> Option<Arc<StoreError>> {
        let away = self.away.load(Ordering::SeqCst);
        away.then(|| Arc::new(StoreError::Closed))
    }
}

impl Store for Share {
    fn commit(&self, mut batch: Batch) -> Commit {
        if let Some(trouble) = self.trouble() {
            return Commit::ready(Err(CommitError::Unavailable(trouble)));
        }
        // The embedded store knows no leases.
        let own = self.membership.borrow().own;
        let fences: Vec<_> = batch
            .expect
            .extract_if(.., |(key, _)| matches!(key, Key::Node(_)))
            .collect();
        for (key, expected) in fences {
            if Some(expected) != own.map(Expect::At) {
                let conflict = CommitError::Conflict { key, found: None };
                return Commit::ready(Err(conflict));
            }
        }
        self.store.commit(batch)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.store.load()
    }

    fn changes(&self, after: Revision) -> Result<Changes, ChangesError> {
        let mut changes = self.store.changes(after)?;
        let (shown, seen) = mpsc::channel(16);
        let mut held = self.held.subscribe();
        tokio::spawn(async move {
            while let Some(item) = changes.recv().await {
                let free = held.wait_for(|held| !held).await.is_ok();
                if !free || shown.send(item).await.is_err() {
                    return;
                }
            }
        });
        Ok(seen)
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
        StoreStatus {
            failed: self.trouble(),
            ..self.store.status()
        }
    }

    fn membership(&self) -> Option<watch::Receiver<Membership>> {
        Some(self.membership.subscribe())
    }
}

/// The ways between the nodes, each to the front of one of them.
#[derive(Clone, Default)]
pub(crate) struct Wires(Arc<Mutex<HashMap<String, Nodes>>>);

impl Wires {
    /// Makes a node hear the others.
    pub(crate) fn connect(&self, name: &str, house: &House) {
        self.0.lock().insert(url(name), front(house));
    }

    /// Makes a node deaf.
    pub(crate) fn cut(&self, name: &str) {
        self.0.lock().remove(&url(name));
    }
}

impl fmt::Debug for Wires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wires")
    }
}

impl Transport for Wires {
    fn tell(
        &self,
        url: &str,
        secret: &Secret,
        message: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
        let front = self.0.lock().get(url).cloned();
        let request = Request::post(format!("{url}/cluster/v1/signs"))
            .header("authorization", format!("Bearer {}", secret.reveal()))
            .body(Full::new(message));
        Box::pin(async move {
            let front = front.ok_or("the way is cut")?;
            let answer = front.answer(request?).await;
            match answer.status() {
                StatusCode::NO_CONTENT => Ok(()),
                _ => {
                    let why = answer.into_body().collect().await?.to_bytes();
                    Err(String::from_utf8_lossy(&why).into())
                }
            }
        })
    }
}
