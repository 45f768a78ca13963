//! How this node is.

use paste_catalog::Counts;
use paste_model::{Batch, Cause, CauseKind, NodeName, Position, Principal, Revision};
use paste_store::StoreStatus;

use crate::commits::CommitCounts;
use crate::context::Context;
use crate::liveness::LivenessStatus;
use crate::probe::ProbeStatus;
use crate::timeline::TimelineStatus;
use crate::{Engine, EngineError};

/// How this node is, at one moment.
#[derive(Debug, Clone)]
pub struct EngineStatus {
    /// Its name.
    pub node: NodeName,
    /// How far its view has come.
    pub position: Position,
    /// How much is in the view.
    pub counts: Counts,
    /// How the store is.
    pub store: StoreStatus,
    /// What became of this node's commits.
    pub commits: CommitCounts,
    /// Who is silent, and what the guards hold.
    pub liveness: LivenessStatus,
    /// How the probes do.
    pub probes: ProbeStatus,
    /// How the timeline does.
    pub timeline: TimelineStatus,
    /// Whether the node is going down.
    pub draining: bool,
}

impl Engine {
    /// How this node is.
    pub fn status(&self) -> EngineStatus {
        EngineStatus {
            node: self.node().clone(),
            position: self.catalog().position(),
            counts: self.catalog().counts(),
            store: self.context().store.status(),
            commits: self.context().commits.counts(),
            liveness: self.liveness().status(),
            probes: self.prober().status(),
            timeline: self.timeline().status(),
            draining: self.draining(),
        }
    }

    /// Catches up with the store: once this returns, the view shows whatever had been acknowledged before the call, by any
    /// node.
    ///
    /// A store that only this process uses has its own word on how far it has come. One that is shared takes a write, which
    /// has its place after all that came before it; those who ask at once share a transaction.
    pub async fn consistent(&self) -> Result<Revision, EngineError> {
        let context = self.context();
        let revision = match context.cluster {
            Some(_) => context.store.commit(sync(context)).await?,
            None => context.store.status().revision,
        };
        self.catalog().wait_for(revision).await;
        Ok(revision)
    }
}

/// A write that changes nothing, and of which no timeline tells.
fn sync(context: &Context) -> Batch {
    Batch {
        expect: Vec::new(),
        changes: Vec::new(),
        cause: Cause {
            kind: CauseKind::Sync,
            at: context.clock.wall(),
            by: Principal::node(&context.node),
            reason: Default::default(),
            about: None,
        },
    }
}
