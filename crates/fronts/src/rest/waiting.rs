//! Waiting for this node's view. All of it is bounded, is counted as waiting, and ends when the node goes down.
//!
//! A client that speaks to several nodes may know more than the one it asks: what another node answered stands at a
//! revision that this one hasn't reached yet. Where the client names that revision, it is waited for.

use std::sync::Arc;
use std::time::Duration;

use paste_api::Code;
use paste_model::Revision;

use super::Rest;
use super::failure::Failure;
use crate::Metrics;

/// Longest wait for a revision that another node told a client.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
/// Longest time for a consistent read to catch up with the store: as long as a store that is away may take to refuse a
/// write.
const CONSISTENT_MAX: Duration = Duration::from_secs(2);
/// How long a client should wait before it asks again for a consistent read.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Counted as waiting until dropped, also when the client goes away.
pub(super) struct Waiting(Arc<Metrics>);

impl Waiting {
    pub(super) fn begin(rest: &Rest) -> Self {
        let metrics = Arc::clone(&rest.0.metrics);
        metrics.polls_waiting.up();
        Self(metrics)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.polls_waiting.down();
    }
}

/// Waits, not for long, until this node's view has reached `revision`, which another node may have told a client.
pub(super) async fn catch_up(rest: &Rest, revision: Revision) {
    let engine = &rest.0.engine;
    let catalog = engine.catalog();
    // To one that is alone nobody can be ahead: such a revision is none of this history.
    if catalog.revision() >= revision || !engine.is_clustered() {
        return;
    }
    let _waiting = Waiting::begin(rest);
    tokio::select! {
        () = catalog.wait_for(revision) => {}
        () = rest.drained() => {}
        () = tokio::time::sleep(CATCH_UP_MAX) => {}
    }
}

/// Catches up with the store. A store that is away says so by itself; one that takes the question and never shows it, as
/// when only the way back is cut, is not waited for.
pub(super) async fn consistent(rest: &Rest) -> Result<(), Failure> {
    match tokio::time::timeout(CONSISTENT_MAX, rest.0.engine.consistent()).await {
        Ok(caught_up) => Ok(caught_up.map(drop)?),
        Err(_) => Err(Failure::later(
            Code::StoreUnavailable,
            "this node can't catch up with the store now; try again, or ask another node",
            RETRY_AFTER,
        )),
    }
}
