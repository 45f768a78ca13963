//! What happened since the last tick, and the flags that sessions carry.

use std::sync::Arc;

use paste_catalog::SessionCell;
use paste_model::SessionId;

/// Flags in a session's second word.
pub(super) mod marks {
    /// It stands in the wheel.
    pub(crate) const TRACKED: u64 = 1;
    /// It has left the view; the wheel drops it when it comes round.
    pub(crate) const GONE: u64 = 2;
    /// It has a track: a renewal is news.
    pub(crate) const WATCHED: u64 = 4;
    /// It has a track, and its renewal is in the inbox.
    pub(crate) const ASKED: u64 = 8;
}

/// What happened since the last tick. Bounded by what it is about: a session asks once, a stream closes once.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The view was loaded anew: what came before counts no more.
    pub(super) reset: bool,
    /// Sessions that came (`true`) or went, in order.
    pub(super) sessions: Vec<(Arc<SessionCell>, bool)>,
    /// Sessions whose last stream closed, and when.
    pub(super) closed: Vec<(SessionId, u64)>,
    /// Watched sessions that renewed.
    pub(super) signs: Vec<SessionId>,
}
