//! Verdicts, and the batches that carry them out.
//!
//! A verdict expects the session's record to be what it was when it was judged, and a removal expects each instance to
//! be what it was when it named the session: whoever was faster wins, and the verdict is thought over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use compact_str::CompactString;
use paste_catalog::SessionCell;
use paste_model::{
    Batch, Cause, CauseKind, Change, Expect, Health, HealthState, InstanceKey, Key, Member,
    NodeName, Principal, Record, ServiceKey, Session, Timestamp,
};

use super::holds::Notice;
use super::track::Step;

/// Most instances that one batch removes: it expects something of each, of their session and of this node.
const REMOVED_MAX: usize = paste_store::EXPECTATIONS_MAX - 2;

/// Something to be committed.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// A session's step.
    Step(Judgement),
    /// A guard begins to hold something back.
    Hold(Notice),
    /// A guard lets go.
    Resume(Notice),
    /// The store refused writes: find out whether it takes them again.
    Attempt,
}

/// A session's step.
#[derive(Debug, Clone)]
pub(crate) struct Judgement {
    pub(crate) cell: Arc<SessionCell>,
    pub(crate) step: Step,
    /// The last renewal it was judged by.
    pub(crate) seen: u64,
    pub(crate) reason: CompactString,
}

/// Who says it, and when.
#[derive(Debug, Clone)]
pub(super) struct Speaker<'a> {
    pub(super) node: &'a NodeName,
    pub(super) at: Timestamp,
}

impl Speaker<'_> {
    fn cause(&self, kind: CauseKind, reason: &CompactString, about: Option<ServiceKey>) -> Cause {
        Cause {
            kind,
            at: self.at,
            by: Principal::node(self.node),
            reason: reason.clone(),
            about,
        }
    }
}

impl Judgement {
    /// Whether the session renewed since it was judged: nobody is condemned who is alive.
    pub(super) fn overtaken(&self) -> bool {
        self.step != Step::Passing && self.cell.pulse().load(Ordering::SeqCst) > self.seen
    }

    /// The batches that carry it out, to be committed in order as long as none fails.
    pub(super) fn batches(&self, speaker: &Speaker<'_>) -> Vec<Batch> {
        let (session, revision) = self.cell.record();
        let key = Key::Session(self.cell.id().clone());
        let expect = (key.clone(), revision.map_or(Expect::Absent, Expect::At));
        let state = match self.step {
            Step::Passing => None,
            Step::Suspect => Some(HealthState::Suspect),
            Step::Failing => Some(HealthState::Failing),
            Step::Remove => return self.removal(speaker, &session, key, expect),
        };
        let health = state.map(|state| Health {
            state,
            reason: self.reason.clone(),
            observer: CompactString::new(speaker.node.as_str()),
            since: speaker.at,
        });
        vec![Batch {
            expect: vec![expect],
            changes: vec![record(
                key,
                Session {
                    health,
                    ..(*session).clone()
                },
            )],
            cause: speaker.cause(CauseKind::Liveness, &self.reason, None),
        }]
    }

    fn removal(
        &self,
        speaker: &Speaker<'_>,
        session: &Session,
        key: Key,
        expect: (Key, Expect),
    ) -> Vec<Batch> {
        let members = self.cell.members();
        let stays = members.iter().any(|(_, member)| !member.instance.ephemeral);
        let gone: Vec<_> = members
            .iter()
            .filter(|(_, member)| member.instance.ephemeral)
            .collect();
        let mut batches: Vec<_> = gone
            .chunks(REMOVED_MAX)
            .map(|chunk| self.removed(speaker, &expect, chunk))
            .collect();
        if batches.is_empty() {
            batches.push(self.removed(speaker, &expect, &[]));
        }
        // The session's own record goes with the last of its instances.
        if let (Some(last), true) = (batches.last_mut(), expect.1 != Expect::Absent) {
            last.changes.push(if stays {
                record(
                    key,
                    Session {
                        health: None,
                        ..session.clone()
                    },
                )
            } else {
                Change::Delete(key)
            });
        }
        batches
    }

    fn removed(
        &self,
        speaker: &Speaker<'_>,
        session: &(Key, Expect),
        members: &[&(InstanceKey, Arc<Member>)],
    ) -> Batch {
        let mut expect = vec![session.clone()];
        let mut changes = Vec::new();
        for (key, member) in members {
            expect.push((Key::Instance(key.clone()), Expect::At(member.revision)));
            changes.push(Change::Delete(Key::Instance(key.clone())));
            if member.check_health.is_some() || !member.instance.checks.is_empty() {
                changes.push(Change::Delete(Key::Check(key.clone())));
            }
        }
        Batch {
            expect,
            changes,
            cause: speaker.cause(CauseKind::Liveness, &self.reason, None),
        }
    }
}

/// Only what departs from the defaults is kept.
fn record(key: Key, session: Session) -> Change {
    match key {
        Key::Session(id) if session != Session::default() => {
            Change::Put(Record::Session(id, session))
        }
        key => Change::Delete(key),
    }
}

impl Notice {
    /// One batch without changes for each timeline that it belongs in.
    pub(super) fn batches(&self, speaker: &Speaker<'_>) -> Vec<Batch> {
        let about = self.services.iter().cloned().map(Some);
        let node = self.services.is_empty().then_some(None);
        about
            .chain(node)
            .map(|about| Batch {
                expect: Vec::new(),
                changes: Vec::new(),
                cause: speaker.cause(CauseKind::Guard, &self.reason, about),
            })
            .collect()
    }
}
