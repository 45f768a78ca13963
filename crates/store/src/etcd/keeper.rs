//! The task that keeps a node a member: it renews the lease until the node leaves or loses its name.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::EtcdError;
use super::lease::{Lease, Term};
use super::nodes::{self, Listed};
use super::roster::Roster;
use super::shared::Shared;

/// A lease is renewed so many times while it runs.
const RENEWALS: u32 = 3;
/// Members of etcd that are tried when the store is dropped, as long as that is waited for.
const REVOCATIONS: u32 = 3;
/// Between two tries to renew a lease, or to give it back.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Keeps a node a member.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    roster: Arc<Roster>,
    lease: Lease,
}

impl Keeper {
    /// Joins, if this node is to be a member.
    pub(super) async fn join(shared: &Arc<Shared>) -> Result<Option<Self>, EtcdError> {
        let Some(mut lease) = Lease::new(shared)? else {
            return Ok(None);
        };
        let until = shared.read_until();
        let Listed { rows, .. } = nodes::list(shared, until).await?;
        // A process takes its name over when it begins, so that nobody keeps it from that but time.
        let term = loop {
            let term = lease.renew(until).await?;
            if let Some(term) = term.filter(Term::runs) {
                break term;
            }
        };
        Ok(Some(Self {
            shared: Arc::clone(shared),
            roster: Arc::new(Roster::new(lease.row().clone(), rows, term)),
            lease,
        }))
    }

    pub(super) fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// Renews the lease until the node leaves or loses its name, then gives it back.
    pub(super) async fn run(mut self) {
        let roster = Arc::clone(&self.roster);
        tokio::select! {
            never = roster.lapse() => match never {},
            () = roster.ended() => {}
            () = self.keep() => roster.lose_name(),
        }
        self.revoke().await;
    }

    /// Gives the lease back. It is tried until it has run out anyway, at one member of etcd after the other.
    async fn revoke(&self) {
        let config = &self.shared.config;
        let end = Instant::now() + config.lease_ttl;
        let mut last = None;
        while Instant::now() < end {
            let limit = Instant::now() + config.timeout / REVOCATIONS;
            match self.lease.revoke(limit).await {
                Ok(()) => return,
                Err(error) => note("this node's lease can't be given back", &error, &mut last),
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Renews the lease until another process has the name.
    async fn keep(&mut self) {
        let interval = self.shared.config.lease_ttl / RENEWALS;
        let mut last = None;
        loop {
            let begun = Instant::now();
            let limit = begun + interval;
            match self.lease.renew(limit).await {
                Ok(Some(term)) => {
                    self.roster.hold(term);
                    last = None;
                    // Whoever has a doubt has it looked at now.
                    let _ = timeout_at(limit, self.roster.doubted()).await;
                }
                Ok(None) => return,
                Err(error) => {
                    note("this node's lease can't be renewed", &error, &mut last);
                    sleep(RETRY_PAUSE).await;
                }
            }
        }
    }
}

/// Logs what doesn't work and why, once as long as it is the same.
fn note(what: &'static str, error: &EtcdError, last: &mut Option<String>) {
    let text = error.to_string();
    if last.as_ref() != Some(&text) {
        let error = error as &dyn std::error::Error;
        tracing::warn!(error, "{what}");
        *last = Some(text);
    }
}
