//! The task that looks after etcd while nobody writes: whether it answers, has room, and still holds the same history.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::Status;

use super::EtcdError;
use super::shared::Shared;
use crate::StoreError;

/// Between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Longest time for a look.
const LOOK_LIMIT: Duration = Duration::from_secs(3);
/// How etcd's status names the alarm that its quota is used up.
const NO_SPACE: &str = "NOSPACE";

/// Looks until the runtime ends.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let failed = look(&shared).await.err();
        shared.set_failed(failed.map(|error| Arc::new(StoreError::Etcd(error))));
        tokio::select! {
            () = shared.doubt.notified() => {}
            () = sleep(LOOK_INTERVAL) => {}
        }
    }
}

/// Why writes would be refused, if they would.
async fn look(shared: &Shared) -> Result<(), EtcdError> {
    let until = Instant::now() + LOOK_LIMIT;
    shared.refresh(until).await?;
    let status = shared.client.status(until).await?;
    shared.set_disk_bytes(u64::try_from(status.db_size).unwrap_or_default());
    let alarm = status
        .errors
        .into_iter()
        .find(|alarm| alarm.contains(NO_SPACE));
    match alarm {
        Some(alarm) => Err(EtcdError::Full(Box::new(Status::resource_exhausted(alarm)))),
        None => Ok(()),
    }
}
