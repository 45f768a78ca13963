//! A consistent picture: the records of a tree at one revision, page by page.

use std::sync::mpsc;

use bytes::Bytes;
use paste_model::{BlobId, Entry, Revision};

use super::EtcdError;
use super::shared::Shared;
use super::split::unreadable;
use super::transaction::{header, is_value, number, one, revision};
use super::wire::{Answer, KeyValue, Operation, RangeRequest, RangeResponse, TxnRequest};
use crate::record::{RecordError, decode_key, decode_value};

/// Records of a page, to begin with; fewer if their answer is too large.
const PAGE_RECORDS: i64 = 1_000;
/// How often a picture is begun anew because etcd compacted it meanwhile.
const ATTEMPTS_MAX: usize = 3;

/// A page of a picture.
pub(super) enum Page {
    /// A picture begins, anew perhaps, at this revision: what was sent before is void.
    Begin(Revision),
    Records(Vec<KeyValue>),
}

/// Sends a picture, page by page. What is read waits without a bound: all of it is to be held anyway.
pub(super) async fn pages(shared: &Shared, pages: mpsc::Sender<Page>) -> Result<(), EtcdError> {
    let mut attempts = 1;
    loop {
        match picture(shared, &pages).await {
            Err(EtcdError::Compacted(_)) if attempts < ATTEMPTS_MAX => attempts += 1,
            sent => return sent,
        }
    }
}

async fn picture(shared: &Shared, pages: &mpsc::Sender<Page>) -> Result<(), EtcdError> {
    let mut limit = PAGE_RECORDS;
    let (tree, at, first) = first(shared, &mut limit).await?;
    let (_, end) = shared.layout.tree(tree);
    let mut page = first;
    // A reader that left has no use for the rest.
    if pages.send(Page::Begin(at)).is_err() {
        return Ok(());
    }
    loop {
        let last = page.kvs.last().map(|kv| kv.key.clone());
        let more = page.more;
        if pages.send(Page::Records(page.kvs)).is_err() {
            return Ok(());
        }
        let Some(last) = last.filter(|_| more) else {
            return Ok(());
        };
        let request = RangeRequest {
            range_end: end.clone(),
            revision: number(at),
            ..one(after(&last))
        };
        page = read(&mut limit, |limit| {
            let request = RangeRequest {
                limit,
                ..request.clone()
            };
            shared.client.range(request, shared.read_until())
        })
        .await?;
    }
}

/// The first page, with the tree that counts at its revision.
async fn first(
    shared: &Shared,
    limit: &mut i64,
) -> Result<(u64, Revision, RangeResponse), EtcdError> {
    loop {
        let until = shared.read_until();
        let known = shared.known();
        let (start, end) = shared.layout.tree(known.history.tree);
        let answer = read(limit, |limit| {
            let range = RangeRequest {
                range_end: end.clone(),
                limit,
                ..one(start.clone())
            };
            let request = TxnRequest {
                compare: vec![is_value(shared.layout.history(), known.encoded.clone())],
                success: vec![Operation::Range(range).into()],
                failure: Vec::new(),
            };
            shared.client.txn_again(request, until)
        })
        .await?;
        let header = header(answer.header)?;
        shared.observe(&known, &header);
        if !answer.succeeded || header.cluster_id != known.history.cluster {
            shared.refresh(until).await?;
            continue;
        }
        let response = answer.responses.into_iter().next();
        if let Some(Some(Answer::Range(page))) = response.map(|op| op.response) {
            return Ok((known.history.tree, revision(header.revision), page));
        }
        return Err(EtcdError::Answer {
            found: "a page within a transaction has no answer",
        });
    }
}

/// Reads with smaller and smaller limits until the answer is not too large.
async fn read<T, F>(limit: &mut i64, ask: impl Fn(i64) -> F) -> Result<T, EtcdError>
where
    F: Future<Output = Result<T, EtcdError>>,
{
    loop {
        match ask(*limit).await {
            Err(error) if error.is_answer_too_large() && *limit > 1 => *limit /= 2,
            answer => return answer,
        }
    }
}

/// The smallest key after `key`.
pub(super) fn after(key: &Bytes) -> Bytes {
    let mut next = key.to_vec();
    next.push(0);
    next.into()
}

/// Reads a record of `tree`.
pub(super) fn entry(shared: &Shared, kv: &KeyValue) -> Result<Entry, EtcdError> {
    let read = || -> Result<_, RecordError> {
        let key = match shared.layout.place(&kv.key) {
            super::layout::Place::Record(_, key) => key,
            _ => &[],
        };
        Ok(Entry {
            revision: revision(kv.mod_revision),
            record: decode_value(decode_key(key)?, kv.value.clone())?,
        })
    };
    read().map_err(|source| unreadable(kv, source))
}

/// What a single key holds.
pub(super) async fn value(shared: &Shared, key: Bytes) -> Result<Option<Bytes>, EtcdError> {
    let until = shared.read_until();
    let answer = shared.client.range(one(key), until).await?;
    Ok(answer.kvs.into_iter().next().map(|kv| kv.value))
}

/// Every bulky value with the revision that wrote it: keys only, page by page, not all of one moment.
pub(super) async fn blobs(shared: &Shared) -> Result<Vec<(BlobId, Revision)>, EtcdError> {
    let (mut start, end) = shared.layout.blobs();
    let mut blobs = Vec::new();
    loop {
        let request = RangeRequest {
            range_end: end.clone(),
            limit: PAGE_RECORDS,
            keys_only: true,
            ..one(start)
        };
        let page = shared.client.range(request, shared.read_until()).await?;
        let found = page.kvs.iter().filter_map(|kv| {
            let id = shared.layout.blob_id(&kv.key)?;
            Some((id, revision(kv.mod_revision)))
        });
        blobs.extend(found);
        let Some(last) = page.kvs.last().filter(|_| page.more) else {
            return Ok(blobs);
        };
        start = after(&last.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_between_a_key_and_the_next() {
        let next = after(&Bytes::from_static(b"/a"));
        assert!(next > b"/a"[..] && next < b"/a\x01"[..] && next < b"/b"[..]);
    }
}
