//! What waits to be told to other nodes: the newest sign of each session, for each node.
//!
//! Invariant: at most one entry for each session and node. A renewal after a closing takes its place, and so does a
//! closing after a renewal; a load report stays until it is sent.

use std::collections::HashMap;
use std::time::Instant;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_model::{NodeName, SessionId};

use crate::LoadReport;

/// A sign of life or death.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sign {
    pub(super) at: Instant,
    /// Its last stream closed, rather than that it was heard.
    pub(super) closed: bool,
    pub(super) load: Option<LoadReport>,
}

impl Sign {
    pub(super) fn renewal(at: Instant, load: Option<LoadReport>) -> Self {
        Self {
            at,
            closed: false,
            load,
        }
    }

    pub(super) fn closing(at: Instant) -> Self {
        Self {
            at,
            closed: true,
            load: None,
        }
    }
}

type Pending = HashMap<SessionId, Sign, RandomState>;

/// What waits, by the node that it is for.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<HashMap<NodeName, Pending>>);

impl Outbox {
    /// Leaves a sign of `session` for `node`.
    pub(super) fn put(&self, node: &NodeName, session: &SessionId, sign: &Sign) {
        let mut all = self.0.lock();
        if let Some(pending) = all.get_mut(node) {
            return keep_newer(pending, session.clone(), sign.clone());
        }
        let pending = all.entry(node.clone()).or_default();
        pending.insert(session.clone(), sign.clone());
    }

    /// Takes up to `max` signs for `node`.
    pub(super) fn take(&self, node: &NodeName, max: usize) -> Vec<(SessionId, Sign)> {
        let mut all = self.0.lock();
        let Some(pending) = all.get_mut(node) else {
            return Vec::new();
        };
        if pending.len() <= max {
            return std::mem::take(pending).into_iter().collect();
        }
        let sessions: Vec<_> = pending.keys().take(max).cloned().collect();
        sessions
            .into_iter()
            .filter_map(|session| pending.remove_entry(&session))
            .collect()
    }

    /// Puts back what couldn't be told; what was left in the meantime is newer.
    pub(super) fn put_back(&self, node: &NodeName, signs: Vec<(SessionId, Sign)>) {
        for (session, sign) in signs {
            self.put(node, &session, &sign);
        }
    }

    /// Takes everything for nodes that are not `there` any more.
    pub(super) fn orphans(&self, there: impl Fn(&NodeName) -> bool) -> Vec<(SessionId, Sign)> {
        let mut all = self.0.lock();
        let gone: Vec<_> = all.keys().filter(|node| !there(node)).cloned().collect();
        gone.iter()
            .filter_map(|node| all.remove(node))
            .flatten()
            .collect()
    }

    /// Signs that wait.
    pub(super) fn len(&self) -> usize {
        self.0.lock().values().map(HashMap::len).sum()
    }
}

fn keep_newer(pending: &mut Pending, session: SessionId, sign: Sign) {
    match pending.get_mut(&session) {
        None => {
            pending.insert(session, sign);
        }
        Some(kept) => {
            let newer = sign.at >= kept.at;
            let load = match newer {
                true => sign.load.or(kept.load),
                false => kept.load.or(sign.load),
            };
            if newer {
                *kept = sign;
            }
            kept.load = load;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cluster::tests::node_name;

    fn session(name: &str) -> SessionId {
        SessionId::new(name).expect("valid")
    }

    #[test]
    fn the_newest_sign_of_a_session_is_the_one_that_is_told() {
        let (outbox, node) = (Outbox::default(), node_name("b"));
        let begin = Instant::now();
        let sign = |after, closed| Sign {
            at: begin + Duration::from_secs(after),
            closed,
            load: None,
        };
        outbox.put(&node, &session("s"), &sign(1, false));
        outbox.put(&node, &session("s"), &sign(3, true));
        outbox.put_back(&node, vec![(session("s"), sign(2, false))]);
        assert_eq!(outbox.take(&node, 10), [(session("s"), sign(3, true))]);
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn a_load_report_is_not_lost_to_a_plain_renewal() {
        let (outbox, node) = (Outbox::default(), node_name("b"));
        let load = LoadReport {
            cpu: Some(0.5),
            ..LoadReport::default()
        };
        outbox.put(
            &node,
            &session("s"),
            &Sign::renewal(Instant::now(), Some(load)),
        );
        outbox.put(&node, &session("s"), &Sign::renewal(Instant::now(), None));
        assert_eq!(outbox.take(&node, 10)[0].1.load, Some(load));
    }

    #[test]
    fn what_was_for_a_node_that_is_gone_is_told_to_somebody_else() {
        let outbox = Outbox::default();
        for (node, name) in [("b", "x"), ("c", "y"), ("b", "z")] {
            outbox.put(
                &node_name(node),
                &session(name),
                &Sign::renewal(Instant::now(), None),
            );
        }
        let orphans = outbox.orphans(|node| *node == node_name("c"));
        assert_eq!(orphans.len(), 2);
        assert_eq!(outbox.len(), 1);
        assert_eq!(outbox.take(&node_name("c"), 0).len(), 0);
    }
}
