//! An administrator's word on an instance.

use compact_str::CompactString;

use crate::{Principal, Status, Timestamp};

/// A status set by an administrator: a durable record of its own that wins over the instance's and outlives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The status that holds.
    pub status: Status,
    /// Why, in the administrator's words; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub reason: CompactString,
    /// Who said so.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}
