//! Runs of members in id order, so that one change among 50,000 members copies one run and not 50,000.
//!
//! Invariants: no chunk is empty or longer than [`CHUNK_MEMBERS_MAX`]; ids grow within a chunk and from chunk to chunk.

use std::sync::Arc;

use paste_model::{InstanceId, Member};

use crate::slots::Slots;

/// Longest chunk. A change copies one chunk and the list of chunks: for 50,000 members, 64 and some 1,000 pointers.
pub(crate) const CHUNK_MEMBERS_MAX: usize = 64;
/// A chunk that shrinks below this joins its neighbour, if both fit.
const CHUNK_MEMBERS_MIN: usize = 16;

/// A run of members in id order; a change of one member copies only its chunk.
#[derive(Debug)]
pub struct Chunk {
    members: Box<[Arc<Member>]>,
    slots: Slots,
}

impl Chunk {
    fn new(members: &[Arc<Member>]) -> Arc<Self> {
        Arc::new(Self {
            members: members.into(),
            slots: Slots::default(),
        })
    }

    /// Its members, in id order; never empty.
    pub fn members(&self) -> &[Arc<Member>] {
        &self.members
    }

    /// Where fronts keep what they encoded of it.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Whether all its members come before `id`.
    fn ends_before(&self, id: &str) -> bool {
        self.members
            .last()
            .is_some_and(|last| last.id.as_str() < id)
    }
}

/// The member of that id.
pub(crate) fn find<'a>(chunks: &'a [Arc<Chunk>], id: &str) -> Option<&'a Arc<Member>> {
    let members = chunks
        .get(chunks.partition_point(|chunk| chunk.ends_before(id)))?
        .members();
    let place = members
        .binary_search_by(|member| member.id.as_str().cmp(id))
        .ok()?;
    members.get(place)
}

/// A new member of that id, or none any more.
pub(crate) type Edit = (InstanceId, Option<Arc<Member>>);

/// The chunks after `edits`, which are in id order, each id once. Untouched chunks are shared.
pub(crate) fn edited(chunks: &[Arc<Chunk>], mut edits: &[Edit]) -> Vec<Arc<Chunk>> {
    let mut next = Vec::with_capacity(chunks.len() + 1);
    let mut rest = chunks;
    while let Some((first, _)) = edits.first() {
        let skipped = rest
            .partition_point(|chunk| chunk.ends_before(first.as_str()))
            .min(rest.len().saturating_sub(1));
        next.extend_from_slice(&rest[..skipped]);
        rest = &rest[skipped..];
        let (old, taken) = match rest {
            [] => (&[][..], edits.len()),
            [chunk] => (chunk.members(), edits.len()),
            [chunk, ..] => (
                chunk.members(),
                edits.partition_point(|(id, _)| !chunk.ends_before(id.as_str())),
            ),
        };
        push(&mut next, merged(old, &edits[..taken]));
        edits = &edits[taken..];
        rest = rest.get(1..).unwrap_or_default();
    }
    next.extend_from_slice(rest);
    next
}

/// Two runs in id order made one; an edit wins over the member it replaces.
fn merged(old: &[Arc<Member>], edits: &[Edit]) -> Vec<Arc<Member>> {
    let mut run = Vec::with_capacity(old.len() + edits.len());
    let mut rest = old;
    for (id, member) in edits {
        let before = rest.partition_point(|member| member.id < *id);
        run.extend_from_slice(&rest[..before]);
        rest = &rest[before..];
        if rest.first().is_some_and(|member| member.id == *id) {
            rest = &rest[1..];
        }
        run.extend(member.clone());
    }
    run.extend_from_slice(rest);
    run
}

/// Appends `run` as chunks of even length, joined to the last chunk when it is short.
fn push(chunks: &mut Vec<Arc<Chunk>>, mut run: Vec<Arc<Member>>) {
    if run.is_empty() {
        return;
    }
    if run.len() < CHUNK_MEMBERS_MIN
        && let Some(last) =
            chunks.pop_if(|last| last.members.len() + run.len() <= CHUNK_MEMBERS_MAX)
    {
        run.splice(0..0, last.members.iter().cloned());
    }
    let pieces = run.len().div_ceil(CHUNK_MEMBERS_MAX);
    let length = run.len().div_ceil(pieces);
    chunks.extend(run.chunks(length).map(Chunk::new));
}

#[cfg(test)]
mod tests;
