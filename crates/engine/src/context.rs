//! What a part of the engine needs in order to act.

use std::sync::Arc;
use std::time::Duration;

use paste_catalog::Catalog;
use paste_model::{Batch, Key, NodeName, Revision};
use paste_store::{CommitError, Store};

use crate::cluster::Cluster;
use crate::commits::Commits;
use crate::{Clock, EngineError};

/// Longest wait for what was committed to come back from a store that is shared with others.
const SHOWN_MAX: Duration = Duration::from_secs(5);
/// Longest wait for what was in the way of a write: as long as a store that is away may take to refuse one.
const SEEN_MAX: Duration = Duration::from_secs(2);

/// The store to write to, the view to read from, and the time.
pub(crate) struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: NodeName,
    /// The other nodes, where there can be any.
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// What became of what was committed.
    pub(crate) commits: Commits,
}

impl Context {
    /// Commits `batch` and waits until the view shows it; not forever, as a change stream may stall that comes over a
    /// network: what is committed is committed.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let committed = self.store.commit(batch).await;
        self.commits.note(&committed);
        let revision = committed?;
        let shown = self.catalog.wait_for(revision);
        if self.cluster.is_none() {
            shown.await;
        } else if tokio::time::timeout(SHOWN_MAX, shown).await.is_err() {
            tracing::warn!(%revision, "what was committed doesn't come back on the change stream");
        }
        Ok(revision)
    }

    /// The same for what only a member may decide: it comes to nothing once this node's lease has run out.
    pub(crate) async fn commit_as_node(&self, mut batch: Batch) -> Result<Revision, CommitError> {
        if let Some(cluster) = &self.cluster {
            let fence = cluster.fence().ok_or_else(|| CommitError::Conflict {
                key: Key::Node(self.node.clone()),
                found: None,
            })?;
            batch.expect.push(fence);
        }
        self.commit(batch).await
    }

    /// Waits until the view shows what was in the way of a write. An error where the change stream stalls: a client that
    /// waits longer than that is better served elsewhere.
    pub(crate) async fn see(&self, revision: Revision) -> Result<(), EngineError> {
        let shown = self.catalog.wait_for(revision);
        if self.cluster.is_none() {
            shown.await;
            return Ok(());
        }
        tokio::time::timeout(SEEN_MAX, shown).await.map_err(|_| {
            EngineError::busy("this node is behind the store; try again, or ask another".to_owned())
        })
    }
}
