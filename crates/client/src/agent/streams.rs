//! Streams: one for up to a hundred subscriptions.

mod live;
mod reader;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::client::Shared;

/// Follows all that is followed, with as many streams as it takes.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    loop {
        let more = shared.copy.more.notified();
        while tasks.len() < shared.copy.streams() {
            tasks.spawn(reader::run(Arc::clone(&shared), tasks.len()));
        }
        more.await;
    }
}
