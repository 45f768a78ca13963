//! What the store lost and this node still knows is written back.
//!
//! When a store was wiped, or went back to an old backup, what it lacks was deleted by nobody. The view goes on showing it,
//! and the nodes whose view had come furthest write it back: first each what it owns, then all of them whatever is still
//! missing. A record that somebody wrote in the meantime stays as it is.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use futures_util::StreamExt;
use futures_util::stream;
use paste_model::{
    Batch, Cause, CauseKind, Change, Entry, Expect, Key, Principal, Record, Revision,
};
use paste_store::{CommitError, Loaded};

use crate::Engine;
use crate::context::Context;

/// Records that are on their way to the store at once.
const IN_FLIGHT_MAX: usize = 500;
/// Time that the owner of a record has before the others write it as well.
const OWNER_FIRST: Duration = Duration::from_secs(3);
/// Time until what the store didn't take is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A record that the store no longer has as it was known.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    record: Record,
    /// What the store has in its place.
    found: Option<Revision>,
}

/// Adds to `picture` what `known` has and it lacks, or has otherwise: what is known counts.
pub(crate) fn keep_known(picture: &mut Loaded, known: Vec<Entry>) -> Vec<Lost> {
    let places: HashMap<Key, usize, RandomState> = picture
        .entries
        .iter()
        .enumerate()
        .map(|(place, entry)| (entry.record.key(), place))
        .collect();
    let mut lost = Vec::new();
    for Entry { record, .. } in known {
        match places.get(&record.key()) {
            Some(place) if picture.entries[*place].record == record => {}
            Some(place) => {
                let entry = &mut picture.entries[*place];
                lost.push(Lost {
                    found: Some(entry.revision),
                    record: record.clone(),
                });
                entry.record = record;
            }
            None => {
                lost.push(Lost {
                    found: None,
                    record: record.clone(),
                });
                picture.entries.push(Entry {
                    revision: picture.revision,
                    record,
                });
            }
        }
    }
    lost
}

/// Writes `lost` back until the store has all of it, or the node goes down.
pub(crate) async fn run(engine: Engine, lost: Vec<Lost>) {
    let total = lost.len();
    let (ours, others): (Vec<_>, Vec<_>) = lost.into_iter().partition(|lost| {
        let name = owner_name(&lost.record);
        engine.cluster().is_none_or(|cluster| cluster.owns(&name))
    });
    write_all(&engine, ours).await;
    tokio::time::sleep(OWNER_FIRST).await;
    write_all(&engine, others).await;
    tracing::warn!(records = total, "what the store had lost is there again");
}

/// The name by which ownership of a record goes.
fn owner_name(record: &Record) -> String {
    match record {
        Record::Session(id, _) => id.to_string(),
        Record::Instance(key, instance) => instance
            .session
            .as_ref()
            .map_or_else(|| key.to_string(), ToString::to_string),
        Record::Check(key, _) | Record::Override(key, _) => key.to_string(),
        Record::Service(key, _) | Record::Policy(key, _) => key.to_string(),
        Record::Namespace(name, _) => name.to_string(),
        Record::Token(token) => token.id.to_string(),
        Record::Config(key, _) | Record::Release(key, ..) => key.to_string(),
        Record::Blob(..) => String::new(),
    }
}

async fn write_all(engine: &Engine, mut lost: Vec<Lost>) {
    while !lost.is_empty() {
        let writing = stream::iter(lost).map(|lost| write(engine.context(), lost));
        lost = writing
            .buffer_unordered(IN_FLIGHT_MAX)
            .filter_map(std::future::ready)
            .collect()
            .await;
        if !lost.is_empty() {
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Writes a record back; gives it back itself if the store didn't take it.
async fn write(ctx: &Context, lost: Lost) -> Option<Lost> {
    let expect = lost.found.map_or(Expect::Absent, Expect::At);
    let expect = vec![(lost.record.key(), expect)];
    let changes = vec![Change::Put(lost.record.clone())];
    let reason = "written back: the store had lost it";
    match ctx.commit(batch(ctx, expect, changes, reason)).await {
        // In a conflict somebody was faster.
        Ok(_) | Err(CommitError::Conflict { .. } | CommitError::Closed) => None,
        Err(
            CommitError::Busy
            | CommitError::Unavailable(_)
            | CommitError::Unknown(_)
            | CommitError::Failed(_),
        ) => Some(lost),
    }
}

fn batch(ctx: &Context, expect: Vec<(Key, Expect)>, changes: Vec<Change>, reason: &str) -> Batch {
    Batch {
        expect,
        changes,
        cause: Cause {
            kind: CauseKind::Guard,
            at: ctx.clock.wall(),
            by: Principal::node(&ctx.node),
            reason: reason.into(),
            about: None,
        },
    }
}
