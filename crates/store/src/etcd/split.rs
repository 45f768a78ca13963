//! What a watch shows, as batches.
//!
//! All that one transaction of etcd did carries one revision, and a group of commands is one transaction. etcd never tears
//! a revision apart over two answers, but it cuts answers that are too long into fragments; those are joined first. Within
//! a revision, events are in the order in which they were asked for: the changes of a command, then its cause, then those
//! of the next. So a cause closes a batch, and a revision becomes as many batches as commands were committed in it, all of
//! which carry that revision.

use bytes::Bytes;
use paste_model::{Cause, CauseKind, Change, Committed, Principal, Revision, Timestamp};

use super::EtcdError;
use super::layout::{Layout, Place};
use super::transaction::revision;
use super::wire::{Event, EventType, KeyValue, WatchResponse};
use crate::record::{decode_batch, decode_key, decode_value};

/// What an answer of the watch says, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// Batches, whole revisions only.
    Batches(Vec<Committed>),
    /// The record of the history was changed, to this.
    History(Revision, Option<Bytes>),
}

/// Joins the fragments of an answer.
#[derive(Debug, Default)]
pub(super) struct Fragments(Vec<Event>);

impl Fragments {
    /// Takes an answer in; gives all events when it was the last fragment.
    pub(super) fn join(&mut self, answer: WatchResponse) -> Option<Vec<Event>> {
        self.0.extend(answer.events);
        (!answer.fragment).then(|| std::mem::take(&mut self.0))
    }
}

/// Splits the events of whole revisions. `tree` is the one that counts now.
pub(super) fn split(
    layout: &Layout,
    tree: u64,
    events: Vec<Event>,
) -> Result<Vec<Said>, EtcdError> {
    let mut said = Vec::new();
    let mut batches = Vec::new();
    let mut open = Open::default();
    for event in events {
        let put = event.r#type == i32::from(EventType::Put);
        let Some(kv) = event.kv else { continue };
        let at = revision(kv.mod_revision);
        if open.revision != at {
            open.close_foreign(&mut batches);
            open.revision = at;
        }
        match layout.place(&kv.key) {
            Place::Record(of, key) if of == tree => {
                let change = change(key, &kv, put).map_err(|source| unreadable(&kv, source))?;
                open.changes.extend(change);
            }
            Place::Cause if put => {
                let cause = decode_batch(&kv.value).map_err(|source| unreadable(&kv, source))?;
                open.close(&mut batches, cause.cause);
            }
            Place::History => {
                open.close_foreign(&mut batches);
                if !batches.is_empty() {
                    said.push(Said::Batches(std::mem::take(&mut batches)));
                }
                said.push(Said::History(at, put.then_some(kv.value)));
            }
            Place::Record(..) | Place::Cause | Place::Foreign => {}
        }
    }
    open.close_foreign(&mut batches);
    if !batches.is_empty() {
        said.push(Said::Batches(batches));
    }
    Ok(said)
}

/// The batch that is being read.
#[derive(Default)]
struct Open {
    revision: Revision,
    changes: Vec<Change>,
}

impl Open {
    fn close(&mut self, batches: &mut Vec<Committed>, cause: Cause) {
        batches.push(Committed {
            revision: self.revision,
            changes: std::mem::take(&mut self.changes),
            cause,
        });
    }

    /// Changes without a cause are somebody else's, with `etcdctl` perhaps: what is there counts all the same.
    fn close_foreign(&mut self, batches: &mut Vec<Committed>) {
        if !self.changes.is_empty() {
            let cause = Cause {
                kind: CauseKind::Request,
                at: Timestamp::default(),
                by: Principal::anonymous(),
                reason: "written to etcd by something other than the registry".into(),
                about: None,
            };
            self.close(batches, cause);
        }
    }
}

/// The change that an event shows; none of a key that this version doesn't know and that is gone.
fn change(
    key: &[u8],
    kv: &KeyValue,
    put: bool,
) -> Result<Option<Change>, crate::record::RecordError> {
    match (decode_key(key), put) {
        (Ok(key), true) => {
            decode_value(key, kv.value.clone()).map(|record| Some(Change::Put(record)))
        }
        (Ok(key), false) => Ok(Some(Change::Delete(key))),
        (Err(error), true) => Err(error),
        (Err(_), false) => Ok(None),
    }
}

/// The error of a record that can't be read.
pub(super) fn unreadable(kv: &KeyValue, source: crate::record::RecordError) -> EtcdError {
    EtcdError::Record {
        key: String::from_utf8_lossy(&kv.key).into_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
