//! What a part of the engine needs in order to act.

use std::sync::Arc;

use paste_catalog::Catalog;
use paste_model::{Batch, NodeName, Revision};
use paste_store::{CommitError, Store};

use crate::Clock;

/// The store to write to, the view to read from, and the time.
pub(crate) struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) node: NodeName,
}

impl Context {
    /// Commits `batch` and waits until the view shows it.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let revision = self.store.commit(batch).await?;
        self.catalog.wait_for(revision).await;
        Ok(revision)
    }
}
