//! The loop that follows who is there: it hands sessions and probes over when that changes, keeps a link to every other
//! node, and notices when the store is away.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paste_model::NodeName;
use paste_store::{Membership, Node};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::roster::Roster;
use super::{Cluster, link};
use crate::Engine;

/// Time between two looks at the store.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Follows until told to stop.
pub(crate) async fn run(engine: Engine, cluster: Arc<Cluster>, mut stop: watch::Receiver<bool>) {
    let mut membership = cluster.membership.clone();
    let mut links = Links::default();
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    // What was there at the start is in the roster; the links are not.
    links.follow(&engine, &cluster, &cluster.roster());
    loop {
        tokio::select! {
            changed = membership.changed() => {
                if changed.is_err() {
                    return;
                }
                let known = membership.borrow_and_update().clone();
                reassign(&engine, &cluster, &known);
                links.follow(&engine, &cluster, &cluster.roster());
            }
            _ = look.tick() => cluster.look_at_store(&engine),
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Has what changes hands change hands, all at once.
fn reassign(engine: &Engine, cluster: &Cluster, known: &Membership) {
    if *cluster.roster() == Roster::of(known, &cluster.name) {
        return;
    }
    let catalog = engine.catalog();
    let moved = engine
        .liveness()
        .reassign(catalog, || cluster.follow(known));
    engine.prober().reassign(catalog);
    let roster = cluster.roster();
    let nodes: Vec<_> = roster
        .nodes()
        .iter()
        .map(|node| node.name.as_str())
        .collect();
    tracing::info!(
        ?nodes,
        member = !roster.is_outsider(),
        adopted = moved.adopted,
        released = moved.released,
        "the nodes that are there have changed"
    );
    let is_there = |name: &NodeName| roster.others().any(|node| node.name == *name);
    for (session, sign) in cluster.outbox.orphans(is_there) {
        match roster.owner(session.as_str()) {
            Some(owner) if owner.name != cluster.name => {
                cluster.outbox.put(&owner.name, &session, &sign);
            }
            // Whoever became an owner gives a full grace, which is more than a sign that waited.
            _ => {}
        }
    }
}

/// A link to every other node.
#[derive(Default)]
struct Links(HashMap<NodeName, (Node, AbortHandle)>);

impl Links {
    fn follow(&mut self, engine: &Engine, cluster: &Arc<Cluster>, roster: &Roster) {
        self.0.retain(|_, (node, task)| {
            let stays = roster.others().any(|there| there == node);
            if !stays {
                task.abort();
            }
            stays
        });
        for node in roster.others() {
            self.0.entry(node.name.clone()).or_insert_with(|| {
                let task = link::run(engine.clone(), Arc::clone(cluster), node.clone());
                (node.clone(), tokio::spawn(task).abort_handle())
            });
        }
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.0.values().for_each(|(_, task)| task.abort());
    }
}

impl Cluster {
    fn look_at_store(&self, engine: &Engine) {
        let failed = engine.context().store.status().failed.is_some();
        let now = self.clock.now();
        let mut lost = self.lost.lock();
        let seconds = match (failed, *lost) {
            (false, _) => {
                *lost = None;
                0
            }
            (true, None) => {
                *lost = Some(now);
                1
            }
            (true, Some(since)) => now.saturating_duration_since(since).as_secs() + 1,
        };
        self.stale_s.store(seconds, Ordering::Relaxed);
    }
}
