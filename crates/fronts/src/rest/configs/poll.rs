//! Waiting for a change of one item.

use std::task::Poll;

use paste_catalog::ConfigTopic;
use paste_model::{ConfigKey, Revision};
use tokio::time::Instant;

use crate::rest::call::Call;
use crate::rest::waiting::Waiting;

/// Waits until the item has passed `after`, or until `ends`, and not while the node goes down.
pub(super) async fn passed(call: &Call, key: &ConfigKey, after: Revision, ends: Instant) {
    let catalog = call.engine().catalog();
    // Followed first, so that nothing comes between looking and waiting.
    let mut follower = catalog.follow_configs(vec![ConfigTopic::Item(key.clone())]);
    let changed = std::future::poll_fn(|cx| {
        loop {
            let found = catalog.config(
                key.namespace.as_str(),
                key.group.as_str(),
                key.name.as_str(),
            );
            if found.is_some_and(|found| found.revision > after) {
                return Poll::Ready(());
            }
            if follower.poll_changed(cx).is_pending() {
                return Poll::Pending;
            }
        }
    });
    let _waiting = Waiting::begin(&call.rest);
    tokio::select! {
        () = changed => {}
        () = call.rest.drained() => {}
        () = tokio::time::sleep_until(ends) => {}
    }
}
