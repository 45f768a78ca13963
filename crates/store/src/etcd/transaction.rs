//! A group of commands as one transaction of etcd, and its answer as theirs.
//!
//! ```text
//! if   history = <as known>, fence = <the last of this lane>
//! then put fence
//!      per command: if <what it expects> then <its changes>, put cause else read what it expects
//! else read history, read fence
//! ```
//!
//! Each command is a transaction inside the transaction, so that one whose comparison fails fails alone. Its cause is put
//! after its changes: on the change stream it closes the batch.

use bytes::Bytes;
use paste_model::{Expect, Key, Revision};

use super::EtcdError;
use super::command::{Command, Text};
use super::history::Known;
use super::layout::Layout;
use super::wire::{
    Against, Answer, Compare, CompareResult, CompareTarget, DeleteRangeRequest, KeyValue,
    Operation, PutRequest, RangeRequest, RequestOp, ResponseHeader, ResponseOp, TxnRequest,
    TxnResponse,
};

/// Where and under which conditions a group is committed.
pub(super) struct Frame<'a> {
    pub(super) layout: &'a Layout,
    pub(super) known: &'a Known,
    pub(super) lane: usize,
    /// The last transaction of the lane, as it stands in etcd.
    pub(super) last: &'a Bytes,
    /// This transaction.
    pub(super) next: &'a Bytes,
}

/// What became of a group.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was committed; per command, where it failed.
    Committed(ResponseHeader, Vec<Option<Conflict>>),
    /// Nothing of it was: the history or the fence is another.
    Stale {
        header: ResponseHeader,
        fence: Option<Bytes>,
    },
}

/// A failed expectation: the key, and where it is now.
pub(super) type Conflict = (Key, Option<Revision>);

/// The transaction that commits `group`.
pub(super) fn build(frame: &Frame<'_>, group: &[Command]) -> TxnRequest {
    let (layout, known) = (frame.layout, frame.known);
    let fence = layout.fence(frame.lane);
    let put_fence = put(fence.clone(), frame.next.clone());
    let commands = group.iter().enumerate().map(|(slot, command)| {
        let cause = put(layout.cause(frame.lane, slot), command.cause.clone());
        Operation::Txn(nested(frame, command, cause))
    });
    TxnRequest {
        compare: vec![
            is_value(layout.history(), known.encoded.clone()),
            is_value(fence.clone(), frame.last.clone()),
        ],
        success: std::iter::once(put_fence)
            .chain(commands)
            .map(RequestOp::from)
            .collect(),
        failure: vec![
            Operation::Range(one(layout.history())).into(),
            Operation::Range(one(fence)).into(),
        ],
    }
}

fn nested(frame: &Frame<'_>, command: &Command, cause: Operation) -> TxnRequest {
    let changes = command.changes.iter().map(|(text, value)| {
        let key = frame.key(text);
        RequestOp::from(match value {
            Some(value) => put(key, value.clone()),
            None => delete(key),
        })
    });
    let mut success: Vec<RequestOp> = changes.collect();
    if success.len() >= command.list_length {
        let lists = success.chunks(command.list_length).map(|list| {
            RequestOp::from(Operation::Txn(TxnRequest {
                success: list.to_vec(),
                ..TxnRequest::default()
            }))
        });
        success = lists.collect();
    }
    success.push(cause.into());
    let expected = command.expect.iter();
    TxnRequest {
        compare: expected
            .clone()
            .map(|(_, text, expect)| compare(frame.key(text), *expect))
            .collect(),
        success,
        failure: expected
            .map(|(_, text, _)| {
                Operation::Range(RangeRequest {
                    keys_only: true,
                    ..one(frame.key(text))
                })
                .into()
            })
            .collect(),
    }
}

impl Frame<'_> {
    fn key(&self, text: &Text) -> Bytes {
        match text.aside {
            true => self.layout.aside(&text.key),
            false => self.layout.record(self.known.history.tree, &text.key),
        }
    }
}

/// What etcd's answer says of the `group` that [`build`] made a transaction of.
pub(super) fn read(answer: TxnResponse, group: &[Command]) -> Result<Outcome, EtcdError> {
    let header = header(answer.header)?;
    let mut responses = answer.responses.into_iter();
    if !answer.succeeded {
        let _history = found(responses.next())?;
        let fence = found(responses.next())?.pop().map(|kv| kv.value);
        return Ok(Outcome::Stale { header, fence });
    }
    let mut conflicts = Vec::with_capacity(group.len());
    // The first is that of the fence.
    let mut responses = responses.skip(1);
    for command in group {
        let Some(Some(Answer::Txn(nested))) = responses.next().map(|op| op.response) else {
            return Err(odd("a transaction within one has no answer"));
        };
        conflicts.push(match nested.succeeded {
            true => None,
            false => Some(conflict(command, nested.responses)?),
        });
    }
    Ok(Outcome::Committed(header, conflicts))
}

/// The first expectation of `command` that `responses` contradict.
fn conflict(command: &Command, responses: Vec<ResponseOp>) -> Result<Conflict, EtcdError> {
    let mut responses = responses.into_iter();
    for (key, _, expect) in &command.expect {
        let now = found(responses.next())?
            .pop()
            .map(|kv| revision(kv.mod_revision));
        let holds = match expect {
            Expect::Absent => now.is_none(),
            Expect::Present => now.is_some(),
            Expect::At(revision) => now == Some(*revision),
        };
        if !holds {
            return Ok((key.clone(), now));
        }
    }
    Err(odd("a transaction failed whose conditions hold"))
}

/// The header of an answer, which must be there.
pub(super) fn header(header: Option<ResponseHeader>) -> Result<ResponseHeader, EtcdError> {
    header.ok_or_else(|| odd("it has no header"))
}

/// What a read within a transaction found.
pub(super) fn found(response: Option<ResponseOp>) -> Result<Vec<KeyValue>, EtcdError> {
    match response.and_then(|op| op.response) {
        Some(Answer::Range(range)) => Ok(range.kvs),
        _ => Err(odd("a read within a transaction has no answer")),
    }
}

fn odd(found: &'static str) -> EtcdError {
    EtcdError::Answer { found }
}

/// A revision of etcd, which is never negative, as one of ours.
pub(super) fn revision(number: i64) -> Revision {
    Revision(u64::try_from(number).unwrap_or_default())
}

/// A revision of ours as one of etcd. One that etcd can't have is beyond all that it has.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

pub(super) fn put(key: Bytes, value: Bytes) -> Operation {
    put_under(0, key, value)
}

/// A put of what is gone when `lease` is; 0 is none.
pub(super) fn put_under(lease: i64, key: Bytes, value: Bytes) -> Operation {
    Operation::Put(PutRequest { key, value, lease })
}

fn delete(key: Bytes) -> Operation {
    Operation::DeleteRange(DeleteRangeRequest {
        key,
        range_end: Bytes::new(),
    })
}

/// Reads one key.
pub(super) fn one(key: Bytes) -> RangeRequest {
    RangeRequest {
        key,
        ..RangeRequest::default()
    }
}

/// Whether `key` holds exactly `value`.
pub(super) fn is_value(key: Bytes, value: Bytes) -> Compare {
    Compare {
        result: CompareResult::Equal.into(),
        target: CompareTarget::Value.into(),
        key,
        against: Some(Against::Value(value)),
    }
}

/// Whether `key` is what `expect` says.
pub(super) fn compare(key: Bytes, expect: Expect) -> Compare {
    // A key that isn't there has the revision 0.
    let (result, at) = match expect {
        Expect::Absent => (CompareResult::Equal, 0),
        Expect::Present => (CompareResult::Greater, 0),
        // Nothing was ever written at 0, so that nothing is there at 0: no key may pass for that.
        Expect::At(Revision::ZERO) => (CompareResult::Equal, i64::MAX),
        Expect::At(revision) => (CompareResult::Equal, number(revision)),
    };
    Compare {
        result: result.into(),
        target: CompareTarget::Mod.into(),
        key,
        against: Some(Against::ModRevision(at)),
    }
}

#[cfg(test)]
mod tests;
