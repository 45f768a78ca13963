//! Heartbeats without a wire: what renewing a session costs the engine itself, on one core.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

use paste_catalog::Limits;
use paste_engine::{BatchItem, Caller, Engine, Registration, SystemClock};
use paste_engine::{Config, settings};
use paste_model::{Address, Instance, InstanceId, InstanceKey, Namespace, NodeName, ServiceKey};
use paste_model::{ServiceName, SessionId};
use paste_store::embedded::{self, Embedded};
use tokio::runtime::Runtime;

use crate::fill::BATCH_ITEMS;
use crate::measure::{Goal, Outcome, median};
use crate::{Arguments, Failure};

/// Sessions, and million renewals per second to reach.
const SIZES: [(usize, f64); 2] = [(100_000, 10.0), (1_000_000, 4.0)];

/// Renewals between two looks at the clock.
const STRIDE: usize = 10_000;

/// Longer than any bench.
const TTL: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn measure(arguments: &Arguments, _: &Runtime) -> Result<Vec<Outcome>, Failure> {
    // The engine brings up its own threads; the renewals run on this one.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut outcomes = Vec::new();
    for (sessions, target) in SIZES {
        let folder = tempfile::tempdir_in(&arguments.binaries)?;
        let engine = runtime.block_on(start(folder.path()))?;
        let names = runtime.block_on(register(&engine, sessions))?;
        let rates: Result<Vec<f64>, Failure> = (0..arguments.pairs)
            .map(|_| renew(&engine, &names, arguments.seconds))
            .collect();
        let row = format!("heartbeat in process, {sessions} sessions");
        outcomes.push(Outcome::value(
            row,
            "million/s",
            median(rates?),
            Goal::AtLeast,
            target,
        ));
        runtime.block_on(engine.stop());
    }
    Ok(outcomes)
}

async fn start(folder: &std::path::Path) -> Result<Engine, Failure> {
    let store = Embedded::open(folder, embedded::Config::default())?;
    let config = Config {
        node: NodeName::new("bench")?,
        catalog: Limits::default(),
        liveness: settings::Liveness::default(),
        probes: settings::Probes::default(),
        transport: None,
        timeline: settings::Timeline::in_dir(folder.join("timeline")),
        configs: Default::default(),
    };
    Ok(Engine::start(Arc::new(store), config, Arc::new(SystemClock)).await?)
}

/// One instance for each session; gives their names in an order that memory doesn't know.
async fn register(engine: &Engine, sessions: usize) -> Result<Vec<String>, Failure> {
    let caller = Caller::anonymous();
    let instance = Instance::at(Address::new("10.0.0.7")?, NonZeroU16::MIN);
    for first in (0..sessions).step_by(BATCH_ITEMS) {
        let items: Result<Vec<BatchItem>, Failure> = (first..(first + BATCH_ITEMS).min(sessions))
            .map(|number| {
                let service = ServiceName::new(&format!("service-{}", number / 100))?;
                let service = ServiceKey {
                    namespace: Namespace::default(),
                    name: service,
                };
                let id = InstanceId::new(&format!("instance-{number}"))?;
                let mut instance = instance.clone();
                instance.session = Some(SessionId::new(&format!("session-{number}"))?);
                let registration = Registration {
                    instance: Arc::new(instance),
                    ttl: Some(TTL),
                    remove_after: Some(TTL),
                };
                let key = InstanceKey { service, id };
                Ok(BatchItem::Register {
                    key,
                    registration: Box::new(registration),
                })
            })
            .collect();
        for outcome in engine.batch(&caller, items?, false).await? {
            outcome?;
        }
    }
    // A step that shares no factor with the count visits each once, far from the one before.
    let step = 7_919;
    Ok((0..sessions)
        .map(|number| format!("session-{}", number * step % sessions))
        .collect())
}

/// Million renewals per second.
fn renew(engine: &Engine, names: &[String], seconds: u64) -> Result<f64, Failure> {
    let caller = Caller::anonymous();
    let (started, length) = (Instant::now(), Duration::from_secs(seconds));
    let mut names = names.iter().cycle();
    let mut renewed = 0;
    while started.elapsed() < length {
        for name in names.by_ref().take(STRIDE) {
            engine.heartbeat_session(&caller, name, None)?;
        }
        renewed += STRIDE;
    }
    Ok(renewed as f64 / started.elapsed().as_secs_f64() / 1e6)
}
