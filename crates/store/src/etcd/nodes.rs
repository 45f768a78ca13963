//! Which nodes there are: their records, read once and then watched.
//!
//! Whatever ends the watch, the records are read anew: there are few, and then nothing that happened meanwhile is missed.
//! While they can't be read, what was known last stays.

use std::sync::Arc;
use std::time::Duration;

use paste_model::Revision;
use tokio::time::{Instant, sleep};

use super::EtcdError;
use super::node::Row;
use super::roster::{Roster, Rows};
use super::shared::Shared;
use super::split::Fragments;
use super::transaction::{header, number, one, revision};
use super::wire::{Event, EventType, KeyValue, RangeRequest, WatchCreateRequest};

/// Between two tries to begin a watch.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The nodes at one revision of one cluster.
pub(super) struct Listed {
    pub(super) rows: Rows,
    at: Revision,
    cluster: u64,
}

/// Follows the nodes until the runtime ends.
pub(super) async fn follow(shared: Arc<Shared>, roster: Arc<Roster>) {
    loop {
        if let Err(error) = watch(&shared, &roster).await {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(error, "the watch of the nodes begins anew");
        }
        sleep(RETRY_PAUSE).await;
    }
}

/// Reads which nodes there are.
pub(super) async fn list(shared: &Shared, until: Instant) -> Result<Listed, EtcdError> {
    let (start, range_end) = shared.layout.nodes();
    let request = RangeRequest {
        range_end,
        ..one(start)
    };
    let answer = shared.client.range(request, until).await?;
    let header = header(answer.header)?;
    let mut rows = Rows::new();
    for kv in &answer.kvs {
        put(shared, &mut rows, kv);
    }
    Ok(Listed {
        rows,
        at: revision(header.revision),
        cluster: header.cluster_id,
    })
}

/// Shows the nodes, and every change of them until something comes in between.
async fn watch(shared: &Shared, roster: &Roster) -> Result<(), EtcdError> {
    let until = shared.read_until();
    let Listed {
        mut rows,
        mut at,
        cluster,
    } = list(shared, until).await?;
    roster.show(rows.clone(), at);
    // If etcd was away or is another, it may not know this node's lease.
    roster.doubt();
    let (key, range_end) = shared.layout.nodes();
    let create = WatchCreateRequest {
        key,
        range_end,
        start_revision: number(at.next()),
        progress_notify: true,
        fragment: true,
    };
    let mut watch = shared.client.watch(create, until).await?;
    let mut fragments = Fragments::default();
    while let Some(answer) = watch.message().await.map_err(EtcdError::from_status)? {
        let header = header(answer.header.clone())?;
        if header.cluster_id != cluster || revision(header.revision) < at {
            return Ok(());
        }
        if answer.canceled {
            return Err(shared.client.canceled(answer.cancel_reason));
        }
        let events = fragments.join(answer).unwrap_or_default();
        let newest = events.last().and_then(|event| event.kv.as_ref());
        let Some(newest) = newest.map(|kv| revision(kv.mod_revision)) else {
            continue;
        };
        for event in events {
            apply(shared, &mut rows, event);
        }
        at = newest;
        roster.show(rows.clone(), at);
    }
    Ok(())
}

fn apply(shared: &Shared, rows: &mut Rows, event: Event) {
    let Some(kv) = event.kv else { return };
    match event.r#type == i32::from(EventType::Put) {
        true => put(shared, rows, &kv),
        false => remove(shared, rows, &kv),
    }
}

/// A node whose record can't be read is none: it may be of a version that this one can't speak to.
fn put(shared: &Shared, rows: &mut Rows, kv: &KeyValue) {
    match Row::decode(&shared.layout, kv) {
        Ok(row) => {
            rows.insert(row.node.name.clone(), row);
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a node is left out");
            remove(shared, rows, kv);
        }
    }
}

fn remove(shared: &Shared, rows: &mut Rows, kv: &KeyValue) {
    if let Some(name) = shared.layout.node(&kv.key) {
        rows.remove(&name);
    }
}
