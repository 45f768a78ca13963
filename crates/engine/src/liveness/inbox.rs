//! What happened since the last tick, and the flags that sessions carry.

use std::sync::Arc;

use paste_catalog::SessionCell;
use paste_model::SessionId;

/// Flags in a session's second word.
pub(super) mod marks {
    /// It stands in the wheel.
    pub(crate) const TRACKED: u64 = 1;
    /// It has left the view, or changed hands; the wheel drops it when it comes round.
    pub(crate) const GONE: u64 = 2;
    /// It has a track: a renewal is news.
    pub(crate) const WATCHED: u64 = 4;
    /// It has a track, and its renewal is in the inbox.
    pub(crate) const ASKED: u64 = 8;

    /// All of them.
    pub(crate) const ALL: u64 = TRACKED | GONE | WATCHED | ASKED;

    /// Above the flags: through whom it was heard last.
    const EAR_SHIFT: u32 = 48;

    /// The flags of `marks`, with another ear.
    pub(crate) fn with_ear(marks: u64, ear: u16) -> u64 {
        let flags = marks & ((1 << EAR_SHIFT) - 1);
        flags | u64::from(ear) << EAR_SHIFT
    }

    /// The ear in `marks`.
    pub(crate) fn ear(marks: u64) -> u16 {
        (marks >> EAR_SHIFT) as u16
    }
}

/// What became of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It came into being.
    New,
    /// Another node watched over it so far.
    Adopted,
    /// It has left the view, or another node watches over it from now on.
    Gone,
}

/// What happened since the last tick. Bounded by what it is about: a session asks once, a stream closes once.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The view was loaded anew: what came before counts no more.
    pub(super) reset: bool,
    /// Sessions that came or went, in order.
    pub(super) sessions: Vec<(Arc<SessionCell>, Arrival)>,
    /// Sessions whose last stream closed, and when.
    pub(super) closed: Vec<(SessionId, u64)>,
    /// Watched sessions that renewed.
    pub(super) signs: Vec<SessionId>,
}
