//! What a relist no longer has.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use paste_model::{Entry, Key, Revision};

use crate::records::records;
use crate::shared::Shared;

/// The keys of all records that the view shows and `entries` lack.
pub(super) fn missing(shared: &Shared, entries: &[Entry]) -> Vec<Key> {
    let known = records(shared, Revision::ZERO);
    if known.is_empty() {
        // The first load, which may be of a million.
        return Vec::new();
    }
    let listed: HashSet<Key, RandomState> =
        entries.iter().map(|entry| entry.record.key()).collect();
    known
        .into_iter()
        .map(|entry| entry.record.key())
        .filter(|key| !listed.contains(key))
        .collect()
}
