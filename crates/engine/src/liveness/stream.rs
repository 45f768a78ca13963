//! Watch streams as a second signal of life.
//!
//! A session may have several streams; what counts is the closing of its last. A stream that we close ourselves (drain,
//! a watcher that doesn't read) says nothing about the process at its other end.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use paste_model::SessionId;

use super::Liveness;

/// Open streams by session.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<HashMap<SessionId, usize, RandomState>>);

impl Streams {
    pub(super) fn open(&self, session: &SessionId) {
        *self.0.lock().entry(session.clone()).or_default() += 1;
    }

    /// Closes a stream; answers whether it was the session's last.
    pub(super) fn close(&self, session: &SessionId) -> bool {
        let mut streams = self.0.lock();
        let Some(count) = streams.get_mut(session) else {
            return false;
        };
        *count -= 1;
        let last = *count == 0;
        if last {
            streams.remove(session);
        }
        last
    }

    pub(super) fn is_open(&self, session: &SessionId) -> bool {
        self.0.lock().contains_key(session)
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().values().sum()
    }
}

/// Held as long as a watch stream of a session is open. Dropping it is the stream's closing.
pub struct StreamGuard {
    liveness: Arc<Liveness>,
    session: SessionId,
    ours: AtomicBool,
}

impl StreamGuard {
    pub(super) fn new(liveness: Arc<Liveness>, session: SessionId) -> Self {
        Self {
            liveness,
            session,
            ours: AtomicBool::new(false),
        }
    }

    /// The closing that follows is our own doing and doesn't count against the session.
    pub fn closed_by_us(&self) {
        self.ours.store(true, Ordering::Relaxed);
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        let ours = self.ours.load(Ordering::Relaxed);
        self.liveness.close_stream(&self.session, ours);
    }
}

impl fmt::Debug for StreamGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamGuard({})", self.session)
    }
}
