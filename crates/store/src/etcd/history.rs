//! Which history etcd holds, and how it is noticed that it is no longer the one we knew.
//!
//! The record `history` is the only one that says what counts: the epoch, and the tree in which the records are. Every
//! transaction compares it, so that nothing is written into a history that has ended.

use bytes::Bytes;
use paste_model::{Epoch, Revision};
use prost::Message;

use super::EtcdError;
use crate::Reload;

/// The history that etcd holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct History {
    pub(super) epoch: Epoch,
    /// The records that count are in this tree.
    pub(super) tree: u64,
    /// The cluster in which it began; a snapshot that is restored gets another.
    pub(super) cluster: u64,
    /// Why it began.
    pub(super) reason: Reload,
}

/// A history as it is known here.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) history: History,
    /// As it stands in etcd, to be compared.
    pub(super) encoded: Bytes,
    /// Where it began: nothing before can be streamed.
    pub(super) since: Revision,
    /// The newest revision that etcd has shown.
    pub(super) seen: Revision,
}

/// What is to be done about what was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the one that is known.
    Same,
    /// Another began: take it over.
    Adopt,
    /// There is none: begin one, with an empty tree.
    Begin(Reload),
    /// etcd went back: begin a new one with the records that are left.
    Renew,
}

/// Compares what is `known` with what was `found` in cluster `cluster` at `revision`, where the question was asked after
/// `known.seen` had been shown.
pub(super) fn judge(
    known: Option<&Known>,
    found: Option<&History>,
    cluster: u64,
    revision: Revision,
) -> Verdict {
    let Some(found) = found else {
        return Verdict::Begin(match known {
            Some(_) => Reload::Lost,
            None => Reload::Restored,
        });
    };
    if found.cluster != cluster {
        return Verdict::Renew;
    }
    match known {
        Some(known) if known.history.epoch == found.epoch => match revision < known.seen {
            true => Verdict::Renew,
            false => Verdict::Same,
        },
        _ => Verdict::Adopt,
    }
}

impl History {
    /// A new history in `cluster`, with the records of `tree`.
    pub(super) fn begin(cluster: u64, tree: u64, reason: Reload) -> Self {
        Self {
            epoch: Epoch(rand::random()),
            tree,
            cluster,
            reason,
        }
    }

    pub(super) fn encode(&self) -> Bytes {
        let row = HistoryRow {
            schema: SCHEMA,
            epoch: self.epoch.0,
            tree: self.tree,
            cluster: self.cluster,
            lost: self.reason == Reload::Lost,
        };
        row.encode_to_vec().into()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, EtcdError> {
        let row = HistoryRow::decode(bytes).map_err(|_| EtcdError::Answer {
            found: "the record `history` under the prefix is not one of ours",
        })?;
        if row.schema != SCHEMA {
            return Err(EtcdError::Answer {
                found: "the record `history` was written by another version of the registry",
            });
        }
        Ok(Self {
            epoch: Epoch(row.epoch),
            tree: row.tree,
            cluster: row.cluster,
            reason: match row.lost {
                true => Reload::Lost,
                false => Reload::Restored,
            },
        })
    }
}

/// The layout in etcd that this version writes and reads.
const SCHEMA: u32 = 1;

#[derive(Clone, PartialEq, Message)]
struct HistoryRow {
    #[prost(uint32, tag = "1")]
    schema: u32,
    #[prost(fixed64, tag = "2")]
    epoch: u64,
    #[prost(fixed64, tag = "3")]
    tree: u64,
    #[prost(fixed64, tag = "4")]
    cluster: u64,
    #[prost(bool, tag = "5")]
    lost: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn history(epoch: u64, cluster: u64) -> History {
        History {
            epoch: Epoch(epoch),
            tree: 1,
            cluster,
            reason: Reload::Restored,
        }
    }

    #[test]
    fn what_is_found_is_judged_by_what_is_known() {
        let known = Known {
            history: history(1, 7),
            encoded: Bytes::new(),
            since: Revision(2),
            seen: Revision(50),
        };
        let (same, other) = (history(1, 7), history(2, 7));
        let cases = [
            (None, None, 7, 1, Verdict::Begin(Reload::Restored)),
            (None, Some(&same), 7, 1, Verdict::Adopt),
            (None, Some(&same), 8, 60, Verdict::Renew),
            (Some(&known), None, 7, 60, Verdict::Begin(Reload::Lost)),
            (Some(&known), Some(&same), 7, 50, Verdict::Same),
            (Some(&known), Some(&same), 7, 49, Verdict::Renew),
            (Some(&known), Some(&same), 8, 60, Verdict::Renew),
            (Some(&known), Some(&other), 7, 60, Verdict::Adopt),
            (Some(&known), Some(&other), 7, 3, Verdict::Adopt),
        ];
        for (known, found, cluster, revision, expected) in cases {
            let verdict = judge(known, found, cluster, Revision(revision));
            assert_eq!(verdict, expected, "{found:?} in {cluster} at {revision}");
        }
    }

    proptest! {
        #[test]
        fn histories_survive_etcd(epoch: u64, tree: u64, cluster: u64, lost: bool) {
            let reason = if lost { Reload::Lost } else { Reload::Restored };
            let history = History { epoch: Epoch(epoch), tree, cluster, reason };
            prop_assert_eq!(History::decode(&history.encode()).ok(), Some(history));
        }

        #[test]
        fn nonsense_is_refused_or_read(bytes: Vec<u8>) {
            let _ = History::decode(&bytes);
        }
    }
}
