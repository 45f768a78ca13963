//! One service as it is at one revision.
//!
//! Invariant: `length`, `up` and `up_healthy` always equal a recount of the chunks.

use std::sync::Arc;

use paste_model::{
    Member, Policy, PolicyHistory, ProtectThreshold, Revision, ServiceKey, ServiceSettings, Status,
};

use crate::chunk::{self, Chunk, Edit};
use crate::slots::Slots;
use crate::terms::Terms;

/// An immutable picture of one service.
#[derive(Debug)]
pub struct Snapshot {
    key: Arc<ServiceKey>,
    revision: Revision,
    terms: Terms,
    chunks: Box<[Arc<Chunk>]>,
    tally: Tally,
    slots: Slots,
}

/// How many members, how many of them have status `up`, and how many of those are healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    length: usize,
    up: usize,
    up_healthy: usize,
}

impl Tally {
    fn of(member: &Member) -> Self {
        let up = member.status() == Status::Up;
        Self {
            length: 1,
            up: usize::from(up),
            up_healthy: usize::from(up && member.healthy()),
        }
    }

    fn add(&mut self, other: Self) {
        self.length += other.length;
        self.up += other.up;
        self.up_healthy += other.up_healthy;
    }

    fn subtract(&mut self, other: Self) {
        self.length -= other.length;
        self.up -= other.up;
        self.up_healthy -= other.up_healthy;
    }
}

impl Snapshot {
    /// A service without settings, policy or members.
    pub(crate) fn empty(key: Arc<ServiceKey>, revision: Revision) -> Self {
        Self {
            key,
            revision,
            terms: Terms::default(),
            chunks: Box::default(),
            tally: Tally::default(),
            slots: Slots::default(),
        }
    }

    /// The picture after `edits` (in id order, each id once), at `revision`.
    pub(crate) fn edited(&self, revision: Revision, terms: Terms, edits: &[Edit]) -> Self {
        let mut tally = self.tally;
        for (id, after) in edits {
            if let Some(before) = self.member(id.as_str()) {
                tally.subtract(Tally::of(before));
            }
            if let Some(after) = after {
                tally.add(Tally::of(after));
            }
        }
        Self {
            key: Arc::clone(&self.key),
            revision,
            terms,
            chunks: chunk::edited(&self.chunks, edits).into(),
            tally,
            slots: Slots::default(),
        }
    }

    /// The same picture at another revision.
    pub(crate) fn at(&self, revision: Revision) -> Self {
        self.edited(revision, self.terms.clone(), &[])
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Which service.
    pub fn key(&self) -> &ServiceKey {
        &self.key
    }

    /// Of the last batch that changed this service's answer.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The service's settings; the defaults when it has none.
    pub fn settings(&self) -> &ServiceSettings {
        self.terms.settings()
    }

    /// The revision of the record of its settings, when it has one.
    pub fn settings_revision(&self) -> Option<Revision> {
        self.terms.settings.as_ref().map(|(_, revision)| *revision)
    }

    /// The policy that holds for its consumers.
    pub fn policy(&self) -> Option<&Arc<Policy>> {
        self.terms.policy()
    }

    /// Its policy with those before it, and the revision of their record; also where the policy was removed.
    pub fn policy_history(&self) -> Option<(&Arc<PolicyHistory>, Revision)> {
        let recorded = self.terms.policy.as_ref();
        recorded.map(|(history, revision)| (history, *revision))
    }

    /// The threshold that holds: that of the policy before that of the settings.
    pub fn protect_threshold(&self) -> ProtectThreshold {
        self.terms.protect_threshold()
    }

    /// Its members, in id order.
    pub fn members(&self) -> Members<'_> {
        Members {
            chunks: self.chunks.iter(),
            run: [].iter(),
            left: self.tally.length,
        }
    }

    /// The member of that id.
    pub fn member(&self, id: &str) -> Option<&Arc<Member>> {
        chunk::find(&self.chunks, id)
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.tally.length
    }

    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.tally.length == 0
    }

    /// Members whose status is `up`.
    pub fn up(&self) -> usize {
        self.tally.up
    }

    /// Members whose status is `up` and who are healthy.
    pub fn up_healthy(&self) -> usize {
        self.tally.up_healthy
    }

    /// Whether so few are healthy that all members with status `up` are eligible.
    pub fn protected(&self) -> bool {
        self.protect_threshold()
            .protects(self.tally.up_healthy, self.tally.up)
    }

    /// Its members in runs, in id order; a change copies only the runs it touches.
    pub fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    /// Where fronts keep what they encoded of it.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }
}

/// The members of a snapshot, in id order.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    chunks: std::slice::Iter<'a, Arc<Chunk>>,
    run: std::slice::Iter<'a, Arc<Member>>,
    left: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a Arc<Member>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(member) = self.run.next() {
                self.left -= 1;
                return Some(member);
            }
            self.run = self.chunks.next()?.members().iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Members<'_> {}
