//! The way to one other node: what waits for it is told every quarter of a second, and something at least every second.
//!
//! What couldn't be told waits on, together with what has come since. Nothing is judged in the meantime by the node that
//! doesn't hear it: see `hearing`.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use paste_model::SessionId;
use paste_store::{Node, Secret};
use prost::Message;
use tokio::time::MissedTickBehavior;

use super::Cluster;
use super::message::{LoadRow, SignRow, Signs};
use super::outbox::Sign;
use crate::Engine;

/// Time between two looks at what waits.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// A node is told something at least this often.
const TELL_INTERVAL: Duration = Duration::from_secs(1);
/// Longest time for one message to be taken.
const TELL_LIMIT: Duration = Duration::from_secs(2);
/// Most signs in one message: half a megabyte or so.
const SIGNS_MAX: usize = 5_000;

/// Why another node didn't take a message.
pub type TransportError = Box<dyn Error + Send + Sync>;

/// Carries messages to other nodes.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Hands `message` to the node at `url` (`http://HOST:PORT` or `https://HOST:PORT`), showing it `secret`; ends well
    /// once the node has taken it.
    fn tell(
        &self,
        url: &str,
        secret: &Secret,
        message: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>>;
}

/// Tells `node` what it has to know, until this is dropped.
pub(super) async fn run(engine: Engine, cluster: Arc<Cluster>, node: Node) {
    let mut interval = tokio::time::interval(LOOK_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<Instant> = None;
    loop {
        interval.tick().await;
        loop {
            let signs = cluster.outbox.take(&node.name, SIGNS_MAX);
            let due = told.is_none_or(|told| told.elapsed() >= TELL_INTERVAL);
            if signs.is_empty() && !due {
                break;
            }
            let more = signs.len() == SIGNS_MAX;
            told = Some(Instant::now());
            let delivered = deliver(&engine, &cluster, &node, signs).await;
            if !delivered || !more {
                break;
            }
        }
    }
}

/// Sends `signs`; those that were not taken go back to the outbox. Whether they were.
async fn deliver(
    engine: &Engine,
    cluster: &Cluster,
    node: &Node,
    signs: Vec<(SessionId, Sign)>,
) -> bool {
    let now = cluster.clock.now();
    let message = Signs {
        from: cluster.name.to_string(),
        revision: engine.catalog().revision().0,
        owned: engine.liveness().owned() as u64,
        signs: signs.iter().map(|sign| row(sign, now)).collect(),
    };
    let bytes = Bytes::from(message.encode_to_vec());
    let telling = cluster.transport.tell(&node.url, &cluster.secret(), bytes);
    let told = match tokio::time::timeout(TELL_LIMIT, telling).await {
        Ok(told) => told,
        Err(elapsed) => Err(elapsed.into()),
    };
    let count = signs.len();
    match told {
        Ok(()) => {
            cluster.progress.lock().told(&node.name, count);
            true
        }
        Err(error) => {
            if cluster.progress.lock().failed(&node.name, &*error) {
                let reason = error.to_string();
                tracing::warn!(node = %node.name, url = %node.url, reason, "another node can't be told what is heard here");
            }
            cluster.outbox.put_back(&node.name, signs);
            false
        }
    }
}

fn row((session, sign): &(SessionId, Sign), now: Instant) -> SignRow {
    let age = now.saturating_duration_since(sign.at).as_millis();
    SignRow {
        session: session.to_string(),
        age_ms: u64::try_from(age).unwrap_or(u64::MAX),
        closed: sign.closed,
        load: sign.load.map(|load| LoadRow {
            cpu: load.cpu,
            in_flight: load.in_flight,
            requests: load.requests,
            errors: load.errors,
        }),
    }
}
