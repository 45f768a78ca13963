//! Places for stores: prefixes in one etcd that all tests share that don't hurt it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use paste_store::etcd::Config;
use paste_store::suite::Place;
use paste_store::{Etcd, Store};

use crate::server::Server;

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static PREFIXES: AtomicU64 = AtomicU64::new(0);

/// The etcd that tests share; it ends with the last that uses it.
pub(crate) fn shared() -> Arc<Server> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start(&[]));
        *shared = Arc::downgrade(&server);
        server
    })
}

/// Settings for a registry of its own in `server`.
pub(crate) fn config(server: &Server, node: &str) -> Config {
    let node = node.parse().expect("a valid name");
    Config {
        prefix: prefix(),
        // A slow machine is no reader that lags.
        lag: Duration::from_secs(60),
        ..Config::new(vec![server.endpoint()], node)
    }
}

/// A prefix that nobody has.
fn prefix() -> String {
    format!("/test-{}", PREFIXES.fetch_add(1, Ordering::Relaxed))
}

/// Opens the store that `config` says.
pub(crate) fn open(config: &Config) -> Etcd {
    Etcd::open(config.clone()).expect("opens")
}

/// A prefix in the shared etcd.
pub(crate) struct EtcdPlace {
    config: Config,
    _server: Arc<Server>,
}

impl EtcdPlace {
    pub(crate) fn new() -> Self {
        let server = shared();
        Self {
            config: config(&server, "node-1"),
            _server: server,
        }
    }
}

impl Place for EtcdPlace {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(open(&self.config))
    }

    /// What a dead process leaves are connections that nobody serves; the store stays behind as a frozen one would.
    fn kill(&self, store: Arc<dyn Store>) {
        std::mem::forget(store);
    }
}
