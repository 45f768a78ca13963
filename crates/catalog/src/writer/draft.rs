//! What a batch, or a run of them, does to one service.

use std::collections::BTreeMap;
use std::sync::Arc;

use paste_model::{Health, Instance, InstanceId, InstanceKey, Member, Override, Revision};

use crate::cell::{Cell, Desk, Orphan};
use crate::session::{SessionCell, Sessions};
use crate::snapshot::Snapshot;
use crate::terms::{RecordedPolicy, RecordedSettings, Terms};
use crate::transition::Transition;

/// What a batch, or a run of them, does to one service.
pub(super) struct Draft {
    pub(super) cell: Arc<Cell>,
    /// Of the last batch that speaks of it.
    pub(super) revision: Revision,
    /// The settings to have; the outer `None` leaves them as they are.
    pub(super) settings: Option<Option<RecordedSettings>>,
    /// The policy to have; the outer `None` leaves it as it is.
    pub(super) policy: Option<Option<RecordedPolicy>>,
    pub(super) edits: BTreeMap<InstanceId, Edit>,
}

/// What is done to one instance. The outer `None` leaves a part as it is.
#[derive(Default)]
pub(super) struct Edit {
    pub(super) instance: Option<Option<(Arc<Instance>, Revision)>>,
    /// The session of `instance`, where that had to be looked up already.
    pub(super) session: Option<Arc<SessionCell>>,
    pub(super) overridden: Option<Option<Arc<Override>>>,
    pub(super) check_health: Option<Option<Arc<Health>>>,
}

/// A service afterwards.
pub(super) struct Drafted {
    pub(super) cell: Arc<Cell>,
    pub(super) revision: Revision,
    pub(super) before: Option<Arc<Snapshot>>,
    /// `None`: unknown from now on.
    pub(super) after: Option<Arc<Snapshot>>,
    pub(super) ids: Vec<InstanceId>,
    /// Whether another policy holds.
    pub(super) policy: bool,
}

impl Draft {
    pub(super) fn new(cell: Arc<Cell>) -> Self {
        Self {
            cell,
            revision: Revision::ZERO,
            settings: None,
            policy: None,
            edits: BTreeMap::new(),
        }
    }

    pub(super) fn edit(&mut self, id: &InstanceId) -> &mut Edit {
        self.edits.entry(id.clone()).or_default()
    }

    /// Joins the edits with what is there. Swaps nothing yet; `None`: the answer stays as it is.
    pub(super) fn join(
        self,
        sessions: &Sessions,
        transitions: Option<&mut Vec<Transition>>,
    ) -> Option<Drafted> {
        let (cell, revision) = (self.cell, self.revision);
        let before = cell.snapshot.load_full();
        let members = joined(&cell, before.as_deref(), self.edits, sessions);
        let terms_before = before
            .as_deref()
            .map(|snapshot| snapshot.terms().clone())
            .unwrap_or_default();
        let mut terms = terms_before.clone();
        terms.settings = self.settings.unwrap_or(terms.settings);
        terms.policy = self.policy.unwrap_or(terms.policy);
        if members.is_empty() && terms == terms_before {
            return None;
        }
        if let Some(transitions) = transitions {
            tell(
                &cell,
                before.as_deref(),
                &terms_before,
                &terms,
                &members,
                transitions,
            );
        }
        let empty;
        let base = match before.as_deref() {
            Some(before) => before,
            None => {
                empty = Snapshot::empty(Arc::clone(&cell.key), revision);
                &empty
            }
        };
        // Only the end of what is set for it makes an empty service unknown.
        let unsettled = !terms_before.is_empty() && terms.is_empty();
        let policy = terms_before.policy() != terms.policy();
        let after = base.edited(revision, terms, &members);
        Some(Drafted {
            revision,
            before,
            after: (!(unsettled && after.is_empty())).then(|| Arc::new(after)),
            ids: members.into_iter().map(|(id, _)| id).collect(),
            policy,
            cell,
        })
    }
}

/// The members that differ after `edits`, in id order.
fn joined(
    cell: &Cell,
    before: Option<&Snapshot>,
    edits: BTreeMap<InstanceId, Edit>,
    sessions: &Sessions,
) -> Vec<(InstanceId, Option<Arc<Member>>)> {
    let desk = &mut *cell.desk.lock();
    edits
        .into_iter()
        .filter_map(|(id, edit)| {
            let old = before.and_then(|snapshot| snapshot.member(id.as_str()));
            let new = joined_member(desk, &id, old, edit, sessions);
            (old.map(Arc::as_ref) != new.as_ref()).then(|| (id, new.map(Arc::new)))
        })
        .collect()
}

/// An instance with what others wrote about it. Without a registration that is put aside until there is one.
fn joined_member(
    desk: &mut Desk,
    id: &InstanceId,
    old: Option<&Arc<Member>>,
    edit: Edit,
    sessions: &Sessions,
) -> Option<Member> {
    let mut words = match old {
        Some(old) => Orphan {
            overridden: old.overridden.clone(),
            check_health: old.check_health.clone(),
        },
        None => desk.orphans.remove(id).unwrap_or_default(),
    };
    if let Some(overridden) = edit.overridden {
        words.overridden = overridden;
    }
    if let Some(check_health) = edit.check_health {
        words.check_health = check_health;
    }
    let registration = edit
        .instance
        .unwrap_or_else(|| old.map(|old| (Arc::clone(&old.instance), old.revision)));
    let Some((instance, revision)) = registration else {
        if !words.is_empty() {
            desk.orphans.insert(id.clone(), words);
        }
        return None;
    };
    let look_up = || sessions.get(instance.session.as_ref()?.as_str());
    let session = edit.session.or_else(look_up);
    Some(Member {
        id: id.clone(),
        session_health: session.and_then(|session| session.verdict()),
        instance,
        revision,
        overridden: words.overridden,
        check_health: words.check_health,
    })
}

/// Writes down what happens to the service.
fn tell(
    cell: &Cell,
    before: Option<&Snapshot>,
    terms_before: &Terms,
    terms: &Terms,
    members: &[(InstanceId, Option<Arc<Member>>)],
    transitions: &mut Vec<Transition>,
) {
    if terms_before.settings != terms.settings {
        transitions.push(Transition::Service {
            key: (*cell.key).clone(),
            before: value(terms_before.settings.as_ref()),
            after: value(terms.settings.as_ref()),
        });
    }
    if terms_before.policy != terms.policy {
        transitions.push(Transition::Policy {
            key: (*cell.key).clone(),
            before: value(terms_before.policy.as_ref()),
            after: value(terms.policy.as_ref()),
        });
    }
    transitions.extend(members.iter().map(|(id, after)| {
        Transition::Member {
            key: InstanceKey {
                service: (*cell.key).clone(),
                id: id.clone(),
            },
            before: before
                .and_then(|snapshot| snapshot.member(id.as_str()))
                .cloned(),
            after: after.clone(),
        }
    }));
}

fn value<T>(recorded: Option<&(Arc<T>, Revision)>) -> Option<Arc<T>> {
    recorded.map(|(value, _)| Arc::clone(value))
}
