//! A fence: the key that says which transaction of a lane was the last.
//!
//! Every transaction of the lane compares it with its last value and overwrites it. Whoever moves it otherwise keeps what
//! is still on its way from ever being applied.

use bytes::Bytes;
use paste_model::{Expect, Revision};
use tokio::time::Instant;

use super::EtcdError;
use super::shared::Shared;
use super::transaction::{compare, found, is_value, one, put, revision};
use super::wire::{KeyValue, Operation, RangeRequest, TxnRequest};

/// The fence of a lane.
pub(super) struct Fence {
    lane: usize,
    /// As it stands in etcd; `None` if that has to be found out.
    value: Option<Bytes>,
}

/// The values of a fence around a transaction whose answer got lost.
pub(super) struct Moves<'a> {
    /// Before it.
    pub(super) last: &'a Bytes,
    /// After it.
    pub(super) next: &'a Bytes,
    /// After it was fenced off.
    pub(super) moved: &'a Bytes,
}

/// What became of a transaction whose answer got lost.
pub(super) enum Settled {
    /// It was not applied, and never will be.
    Never,
    /// It was applied at this revision; per command, whether it held.
    Applied(Revision, Vec<bool>),
    /// Another process moved the fence: nobody can say.
    Nobody,
}

impl Fence {
    pub(super) fn new(lane: usize) -> Self {
        Self { lane, value: None }
    }

    /// Its value; the fence is taken over, whoever had it, if that isn't known.
    pub(super) async fn value(
        &mut self,
        shared: &Shared,
        until: Instant,
    ) -> Result<Bytes, EtcdError> {
        match self.value.clone() {
            Some(value) => Ok(value),
            None => self.take(shared, until).await,
        }
    }

    /// Takes note of its value, or that it isn't known any more.
    pub(super) fn set(&mut self, value: Option<Bytes>) {
        self.value = value;
    }

    /// Takes the fence over, whoever had it.
    async fn take(&mut self, shared: &Shared, until: Instant) -> Result<Bytes, EtcdError> {
        let key = shared.layout.fence(self.lane);
        loop {
            let answer = shared.client.range(one(key.clone()), until).await?;
            let condition = match answer.kvs.into_iter().next() {
                Some(kv) => is_value(key.clone(), kv.value),
                None => compare(key.clone(), Expect::Absent),
            };
            let fence = nonce();
            let request = TxnRequest {
                compare: vec![condition],
                success: vec![put(key.clone(), fence.clone()).into()],
                failure: Vec::new(),
            };
            if shared.client.txn_again(request, until).await?.succeeded {
                self.value = Some(fence.clone());
                return Ok(fence);
            }
        }
    }

    /// Moves the fence away from `last`, or reads where it is instead.
    pub(super) async fn settle(
        &mut self,
        shared: &Shared,
        commands: usize,
        moves: &Moves<'_>,
        until: Instant,
    ) -> Result<Settled, EtcdError> {
        let key = shared.layout.fence(self.lane);
        let (start, end) = shared.layout.causes(self.lane);
        let causes = RangeRequest {
            keys_only: true,
            range_end: end,
            ..one(start)
        };
        let request = TxnRequest {
            compare: vec![is_value(key.clone(), moves.last.clone())],
            success: vec![put(key.clone(), moves.moved.clone()).into()],
            failure: vec![
                Operation::Range(one(key)).into(),
                Operation::Range(causes).into(),
            ],
        };
        let answer = shared.client.txn(request, until).await;
        let answer = answer.map_err(|failure| failure.error)?;
        let mut responses = answer.responses.into_iter();
        let fence = match answer.succeeded {
            true => None,
            false => Some(found(responses.next())?.pop()),
        };
        let fence = match fence {
            // Moved by this try.
            None => {
                self.value = Some(moves.moved.clone());
                return Ok(Settled::Never);
            }
            Some(Some(fence)) if fence.value == *moves.next => fence,
            // Moved by an earlier one whose answer got lost, too.
            Some(Some(fence)) if fence.value == *moves.moved => {
                self.value = Some(fence.value);
                return Ok(Settled::Never);
            }
            Some(_) => return Ok(Settled::Nobody),
        };
        let causes = found(responses.next())?;
        let held = (0..commands).map(|slot| {
            let cause = shared.layout.cause(self.lane, slot);
            let put_then = |kv: &&KeyValue| kv.key == cause;
            let kv = causes.iter().find(put_then);
            kv.is_some_and(|kv| kv.mod_revision == fence.mod_revision)
        });
        self.value = Some(moves.next.clone());
        Ok(Settled::Applied(
            revision(fence.mod_revision),
            held.collect(),
        ))
    }
}

/// A value that no fence ever had.
pub(super) fn nonce() -> Bytes {
    Bytes::copy_from_slice(&rand::random::<[u8; 16]>())
}
