//! What sessions report of their load, with their heartbeats: kept in memory, outside revisions.

use paste_catalog::{Catalog, Snapshot};
use paste_model::{InstanceId, ServiceKey, SessionId};

use crate::Engine;

/// A session's own word on its load. Counts are since its last heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoadReport {
    /// Share of the processor in use, 0 to 1.
    pub cpu: Option<f64>,
    /// Requests under way.
    pub in_flight: Option<u64>,
    /// Requests served.
    pub requests: Option<u64>,
    /// Requests failed.
    pub errors: Option<u64>,
}

/// The newest report of each session that sends any; a session's report goes with it.
#[derive(Debug, Default)]
pub(crate) struct LoadBoard(papaya::HashMap<SessionId, LoadReport>);

impl LoadBoard {
    pub(crate) fn report(&self, session: &SessionId, report: LoadReport) {
        self.0.pin().insert(session.clone(), report);
    }

    pub(crate) fn forget(&self, session: &SessionId) {
        if !self.0.is_empty() {
            self.0.pin().remove(session);
        }
    }

    /// The reports on a service's instances, in id order.
    pub(crate) fn of(&self, snapshot: &Snapshot) -> Vec<(InstanceId, LoadReport)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let board = self.0.pin();
        let report = |session: &SessionId| board.get(session).copied();
        snapshot
            .members()
            .filter_map(|member| {
                let report = member.instance.session.as_ref().and_then(report)?;
                Some((member.id.clone(), report))
            })
            .collect()
    }

    /// Forgets what was reported by sessions that the view no longer knows: after a restore.
    pub(crate) fn sweep(&self, catalog: &Catalog) {
        self.0
            .pin()
            .retain(|session, _| catalog.session(session.as_str()).is_some());
    }
}

impl Engine {
    /// The newest load reports of a service's instances, in id order; empty where none reports.
    pub fn loads(&self, service: &ServiceKey) -> Vec<(InstanceId, LoadReport)> {
        let snapshot = self
            .catalog()
            .service(service.namespace.as_str(), service.name.as_str());
        snapshot
            .map(|snapshot| self.loads_board().of(&snapshot))
            .unwrap_or_default()
    }
}
