//! Active checks: the registry asks instances itself whether they are well.
//!
//! - Every 10 s ±25 %, 2 s while a check's result is changing; an explicit interval is kept. Three failures make a check
//!   failing, two passes bring it back. Of several checks of an instance the worst counts, and the reason names it. An
//!   instance with checks is passing until the contrary is proven.
//! - A target is connected to only at an address that was checked: [`target`] says which are refused.
//! - When much of what is probed fails at once, [`suspicion`] falls on the prober's own network, and it stays silent.
//!
//! Invariants: only a change is written. What is due, and what a result means, is decided by [`schedule`], which is
//! pure; I/O is behind [`network::Network`]; [`run`] is the only loop. Probes in flight, started per second, their time
//! and the bytes they read are bounded.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_catalog::{Catalog, Transition};
use paste_model::{InstanceKey, Member, Timestamp};

use crate::cluster::Cluster;

pub use config::Config;
pub use range::{InvalidRange, Range};
use schedule::Schedule;

mod config;
mod grpc;
mod http;
mod network;
mod range;
mod run;
mod schedule;
mod suspicion;
mod target;
#[cfg(test)]
mod tests;

/// How the probes do, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeStatus {
    /// Instances that are probed.
    pub targets: usize,
    /// Those of them that fail a check.
    pub failing: usize,
    /// Probes on their way.
    pub in_flight: usize,
    /// Probes done since the start.
    pub probes_total: u64,
    /// Those of them that failed.
    pub failures_total: u64,
    /// How often the prober suspected its own network since the start.
    pub suspicions_total: u64,
    /// Why the prober is silent, if it is, and since when.
    pub silent: Option<(CompactString, Timestamp)>,
}

/// The probes of a node.
pub(crate) struct Prober {
    config: Config,
    /// The newest of each instance that changed since the last look; bounded by the instances with checks.
    changed: Mutex<Changed>,
    schedule: Mutex<Schedule>,
    /// The other nodes; nobody: all instances are probed here.
    cluster: Option<Arc<Cluster>>,
}

#[derive(Default)]
struct Changed {
    reset: bool,
    members: HashMap<InstanceKey, Option<Arc<Member>>, RandomState>,
}

impl Prober {
    /// Probes nothing yet.
    pub(crate) fn new(config: Config, cluster: Option<Arc<Cluster>>) -> Arc<Self> {
        Arc::new(Self {
            schedule: Mutex::new(Schedule::new(config.clone(), Box::new(rand::random))),
            config,
            changed: Mutex::default(),
            cluster,
        })
    }

    /// The view is about to be loaded anew: what was observed so far counts no more.
    pub(crate) fn reset(&self) {
        *self.changed.lock() = Changed {
            reset: true,
            ..Changed::default()
        };
    }

    /// Follows what happened to the view. After a load: every member, as if it had just come.
    pub(crate) fn observe(&self, transition: &Transition) {
        let Transition::Member { key, before, after } = transition else {
            return;
        };
        let concerns = |member: &Option<Arc<Member>>| member.as_deref().is_some_and(is_probed);
        if concerns(before) || concerns(after) {
            let mut changed = self.changed.lock();
            // Under the lock, as in `reassign`, so that the newest answer to the question is the one that stays.
            let after = after.clone().filter(|_| self.is_ours(key));
            changed.members.insert(key.clone(), after);
        }
    }

    /// Takes over what this node has to probe now, and lets go of the rest.
    pub(crate) fn reassign(&self, catalog: &Catalog) {
        let mut changed = self.changed.lock();
        for (namespace, _) in catalog.namespaces() {
            for service in catalog.services(namespace.as_str(), "", None, usize::MAX) {
                for member in service.members().filter(|member| is_probed(member)) {
                    let key = InstanceKey {
                        service: service.key().clone(),
                        id: member.id.clone(),
                    };
                    let ours = self.is_ours(&key);
                    let member = ours.then(|| Arc::clone(member));
                    changed.members.insert(key, member);
                }
            }
        }
    }

    fn is_ours(&self, key: &InstanceKey) -> bool {
        self.cluster
            .as_ref()
            .is_none_or(|cluster| cluster.owns(&key.to_string()))
    }

    /// How the probes do.
    pub(crate) fn status(&self) -> ProbeStatus {
        self.schedule.lock().status()
    }
}

/// Whether there is something to probe, or something that was found by probing.
fn is_probed(member: &Member) -> bool {
    !member.instance.checks.is_empty() || member.check_health.is_some()
}
