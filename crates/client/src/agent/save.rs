//! Keeping the copy on disk: a second after a change, at most every second, and when the client is closed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Shared;
use crate::snapshot;

/// Changes within this time are written together.
const GATHER: Duration = Duration::from_secs(1);

/// Saves until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>) {
    if shared.options.snapshot_folder.is_none() {
        return;
    }
    loop {
        shared.copy.to_be_saved().await;
        tokio::time::sleep(GATHER).await;
        save(&shared).await;
    }
}

/// Saves once more, by `deadline`.
pub(crate) async fn last(shared: &Arc<Shared>, deadline: Instant) {
    let saved = tokio::time::timeout_at(deadline, save(shared)).await;
    if saved.is_err() {
        tracing::warn!("the copy on disk could not be written in time");
    }
}

async fn save(shared: &Arc<Shared>) {
    let Some(folder) = shared.options.snapshot_folder.clone() else {
        return;
    };
    let shared = Arc::clone(shared);
    // A disk that hangs must not stop the heartbeat.
    let saving = tokio::task::spawn_blocking(move || {
        // One that was given up may still be writing.
        let _one_at_a_time = shared.saving.lock();
        let options = &shared.options;
        let now = options.clock.wall();
        let saved = snapshot::save(
            &folder,
            &options.namespace,
            &shared.session,
            &shared.copy,
            now,
        );
        if let Err(error) = saved {
            tracing::warn!(folder = %folder.display(), %error, "can't keep the copy on disk");
        }
    });
    let _panicked = saving.await.is_err();
}
