//! Replacing everything by a picture, so that no reader sees half of it.
//!
//! The picture is written into a tree of its own, in as many transactions as it takes; nobody reads there. Then **one**
//! transaction makes the record `history` name that tree, with a new epoch: that is the restore. Then the tree that
//! counted before is removed in pieces, which nobody reads any more either. A restore that breaks off before its one
//! transaction has changed nothing that counts; what it leaves behind is a tree that nobody reads.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use paste_model::Revision;

use super::EtcdError;
use super::history::History;
use super::load::after;
use super::shared::Shared;
use super::transaction::{header, is_value, one, put};
use super::wire::{DeleteRangeRequest, Operation, RangeRequest, RequestOp, TxnRequest};
use crate::record::{encode_key, encode_value};
use crate::{Loaded, Reload, StoreError};

/// Records of one transaction.
const RECORDS: usize = 100;
/// Bytes after which a transaction takes no more records.
const BYTES: usize = 512 * 1024;
/// Transactions that are in flight at once.
const IN_FLIGHT: usize = 4;
/// Records that are removed at once.
const REMOVED: i64 = 1_000;

/// Restores `picture`; returns the revision of the new history's beginning.
pub(super) async fn restore(shared: Arc<Shared>, picture: Loaded) -> Result<Revision, StoreError> {
    let known = shared.refresh(shared.read_until()).await?;
    let tree = rand::random();
    let written = async {
        let pieces = pieces(&shared, tree, picture)?;
        futures_util::stream::iter(pieces)
            .map(|piece| write(&shared, piece))
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        Ok::<_, StoreError>(flip(&shared, &known.history, &known.encoded, tree).await?)
    };
    let restored = written.await;
    let unread = match restored {
        Ok(_) => known.history.tree,
        Err(_) => tree,
    };
    if let Err(error) = remove(&shared, unread).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(
            error,
            tree = unread,
            "a tree that nobody reads stays in etcd"
        );
    }
    restored
}

/// The picture as the puts of one transaction each.
fn pieces(shared: &Shared, tree: u64, picture: Loaded) -> Result<Vec<Vec<RequestOp>>, StoreError> {
    let limit = shared.config.request_bytes;
    let count = RECORDS.min(shared.config.txn_ops);
    let mut pieces = Vec::new();
    let (mut piece, mut bytes) = (Vec::new(), 0);
    for entry in picture.entries {
        let key = shared.layout.record(tree, &encode_key(&entry.record.key()));
        let value = encode_value(&entry.record);
        let size = key.len() + value.len();
        if size > limit / 2 {
            return Err(StoreError::TooLarge {
                bytes: size,
                limit: limit / 2,
            });
        }
        if piece.len() >= count || bytes + size > BYTES.min(limit / 2) {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
        bytes += size;
        piece.push(put(key, value).into());
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    Ok(pieces)
}

/// Writing the same values twice into a tree that nobody reads does no harm.
async fn write(shared: &Shared, piece: Vec<RequestOp>) -> Result<(), EtcdError> {
    let request = TxnRequest {
        success: piece,
        ..TxnRequest::default()
    };
    let until = shared.read_until();
    shared.client.txn_again(request, until).await.map(drop)
}

/// Makes `tree` the one that counts.
async fn flip(
    shared: &Shared,
    old: &History,
    encoded: &Bytes,
    tree: u64,
) -> Result<Revision, EtcdError> {
    let history = History::begin(old.cluster, tree, Reload::Restored);
    let key = shared.layout.history();
    let request = TxnRequest {
        compare: vec![is_value(key.clone(), encoded.clone())],
        success: vec![put(key, history.encode()).into()],
        failure: Vec::new(),
    };
    let until = shared.read_until();
    let answer = shared.client.txn_again(request, until).await?;
    header(answer.header)?;
    // Of two tries the first may have been the one: what is there tells.
    let known = shared.refresh(until).await?;
    match known.history == history {
        true => Ok(known.since),
        false => Err(EtcdError::Overtaken),
    }
}

/// Removes a tree that nobody reads, in pieces, so that no watch has to carry all of it at once.
async fn remove(shared: &Shared, tree: u64) -> Result<(), EtcdError> {
    let (start, end) = shared.layout.tree(tree);
    loop {
        let until = shared.read_until();
        let request = RangeRequest {
            range_end: end.clone(),
            limit: REMOVED,
            keys_only: true,
            ..one(start.clone())
        };
        let page = shared.client.range(request, until).await?;
        let Some(last) = page.kvs.last() else {
            return Ok(());
        };
        let delete = DeleteRangeRequest {
            key: start.clone(),
            range_end: after(&last.key),
        };
        let request = TxnRequest {
            success: vec![Operation::DeleteRange(delete).into()],
            ..TxnRequest::default()
        };
        shared.client.txn_again(request, until).await?;
    }
}
