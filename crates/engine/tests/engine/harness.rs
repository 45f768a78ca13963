//! An engine in a directory of its own, and short ways to say what is registered.

use std::sync::Arc;

use paste_engine::{Caller, Config, Engine, Registration, SystemClock, settings};
use paste_model::{
    Address, Grant, Instance, InstanceId, InstanceKey, Namespace, NodeName, Role, Scope,
    ServiceKey, ServiceName, SessionId, TokenId,
};
use paste_store::embedded;

pub(crate) struct House {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) engine: Engine,
}

impl House {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = start(dir.path()).await;
        Self { dir, engine }
    }

    /// The same with settings of its own for the probes.
    pub(crate) async fn probing(probes: settings::Probes) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = start_with(dir.path(), probes).await;
        Self { dir, engine }
    }

    /// Stops the engine and starts another on the same directory.
    pub(crate) async fn restart(self) -> Self {
        let Self { dir, engine } = self;
        engine.stop().await;
        drop(engine);
        let engine = start(dir.path()).await;
        Self { dir, engine }
    }

    /// A token with one grant, and the caller that holds it.
    pub(crate) async fn holder(&self, name: &str, role: Role, scope: Scope) -> Caller {
        let grant = Grant {
            role,
            namespace: Some(Namespace::default()),
            scope,
        };
        let id = TokenId::new(name).expect("valid");
        let (_, secret) = self
            .engine
            .create_token(&Caller::anonymous(), id, vec![grant], None)
            .await
            .expect("token is made");
        self.engine
            .authenticate(Some(&secret), false)
            .expect("token is valid")
    }
}

async fn start(dir: &std::path::Path) -> Engine {
    start_with(dir, settings::Probes::default()).await
}

async fn start_with(dir: &std::path::Path, probes: settings::Probes) -> Engine {
    let store = embedded::Embedded::open(dir, embedded::Config::default()).expect("store opens");
    let config = Config {
        transport: None,
        node: NodeName::new("n1").expect("valid"),
        catalog: paste_catalog::Limits::default(),
        liveness: settings::Liveness::default(),
        probes,
        timeline: settings::Timeline::in_dir(dir.join("timeline")),
        configs: settings::Configs::default(),
    };
    Engine::start(Arc::new(store), config, Arc::new(SystemClock))
        .await
        .expect("engine starts")
}

pub(crate) fn service(name: &str) -> ServiceKey {
    ServiceKey {
        namespace: Namespace::default(),
        name: ServiceName::new(name).expect("valid"),
    }
}

pub(crate) fn key(name: &str, id: &str) -> InstanceKey {
    InstanceKey {
        service: service(name),
        id: InstanceId::new(id).expect("valid"),
    }
}

/// An ephemeral instance, in `session` if one is named.
pub(crate) fn registration(port: u16, session: Option<&str>) -> Registration {
    let address = Address::new("10.0.0.1").expect("valid");
    Registration::of(Instance {
        ephemeral: true,
        session: session.map(|id| SessionId::new(id).expect("valid")),
        ..Instance::at(address, port.try_into().expect("not 0"))
    })
}
