//! What the writer and the readers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use arc_swap::ArcSwap;

use crate::configs::{Configs, Followers};
use crate::directory::Directory;
use crate::heralds::Heralds;
use crate::progress::Progress;
use crate::session::Sessions;
use crate::tokens::Tokens;
use crate::topics::Topics;
use crate::wait::Waiters;

/// What the writer and the readers share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) progress: ArcSwap<Progress>,
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Tokens,
    pub(crate) configs: Configs,
    pub(crate) followers: Followers,
    pub(crate) topics: Topics,
    pub(crate) waiters: Waiters,
    pub(crate) heralds: Heralds,
    pub(crate) gauges: Gauges,
}

/// Sizes, for metrics: each exact, together only nearly so.
#[derive(Default)]
pub(crate) struct Gauges {
    pub(crate) services: AtomicUsize,
    pub(crate) instances: AtomicUsize,
    pub(crate) subscribers: AtomicUsize,
    pub(crate) ring_changes: AtomicUsize,
    pub(crate) ring_bytes: AtomicUsize,
    /// The number of the next subscription.
    pub(crate) subscriptions: AtomicU64,
}

impl Shared {
    pub(crate) fn progress(&self) -> Progress {
        **self.progress.load()
    }

    pub(crate) fn publish(&self, progress: Progress) {
        self.progress.store(Arc::new(progress));
    }
}
