//! What is to be told of configuration releases: by item only the last word, so that it is bounded while the registry is
//! away.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use paste_api::Ack;
use tokio::sync::Notify;

/// Most that one request may carry.
const REQUEST_MAX: usize = 1_000;

/// What waits to be told.
#[derive(Default)]
pub(crate) struct Acks {
    waiting: Mutex<BTreeMap<(String, String), Ack>>,
    more: Notify,
}

impl Acks {
    pub(crate) fn say(&self, ack: Ack) {
        let item = (ack.group.clone(), ack.key.clone());
        self.waiting.lock().insert(item, ack);
        self.more.notify_one();
    }

    /// Waits for something to tell, and takes it.
    pub(crate) async fn take(&self) -> Vec<Ack> {
        loop {
            let mut taken = Vec::new();
            {
                let mut waiting = self.waiting.lock();
                while taken.len() < REQUEST_MAX
                    && let Some((_, ack)) = waiting.pop_first()
                {
                    taken.push(ack);
                }
            }
            if !taken.is_empty() {
                return taken;
            }
            self.more.notified().await;
        }
    }

    /// Puts back what couldn't be told, unless there is a newer word on it.
    pub(crate) fn put_back(&self, acks: Vec<Ack>) {
        let mut waiting = self.waiting.lock();
        for ack in acks {
            let item = (ack.group.clone(), ack.key.clone());
            waiting.entry(item).or_insert(ack);
        }
        self.more.notify_one();
    }
}
