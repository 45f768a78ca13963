//! How this node is.

use paste_catalog::Counts;
use paste_model::{NodeName, Position};
use paste_store::StoreStatus;

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
            liveness: self.liveness().status(),
            probes: self.prober().status(),
            timeline: self.timeline().status(),
            draining: self.draining(),
        }
    }

    /// Catches up with the store: once this returns, the view shows whatever had been acknowledged before the call.
    ///
    /// The embedded store shares this process, so its own word on how far it has come is enough.
    pub async fn consistent(&self) -> Result<paste_model::Revision, EngineError> {
        let revision = self.context().store.status().revision;
        self.catalog().wait_for(revision).await;
        Ok(revision)
    }
}
