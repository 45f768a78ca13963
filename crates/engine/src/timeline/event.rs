//! One line of the timeline, and how it is told from what a batch did.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use paste_catalog::{ConfigItem, Transition};
use paste_model::{
    CauseKind, Change, Committed, ConfigKey, Health, Instance, InstanceId, InstanceKey, Key,
    Member, PolicyHistory, Record, Revision, ServiceKey, Stage, Timestamp,
};

/// Where an event stands: the batch's revision, and its place among that batch's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventCursor {
    /// The batch.
    pub revision: Revision,
    /// The place in it, from 0.
    pub place: u32,
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.revision, self.place)
    }
}

/// A text that is not an event cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event cursor: expected <revision>.<place>")]
pub struct InvalidCursor;

impl FromStr for EventCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (revision, place) = text.split_once('.').unwrap_or((text, "0"));
        Ok(Self {
            revision: Revision(revision.parse().map_err(|_| InvalidCursor)?),
            place: place.parse().map_err(|_| InvalidCursor)?,
        })
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The word used on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// The kind of that word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    /// An instance registered.
    Registered = "registered",
    /// A registration was replaced.
    Updated = "updated",
    /// An instance was deregistered, or its session ended.
    Deregistered = "deregistered",
    /// An instance was removed because its session stayed silent.
    Removed = "removed",
    /// Its health is in doubt.
    Suspect = "suspect",
    /// It is failing.
    Failing = "failing",
    /// It is well again.
    Passing = "passing",
    /// An administrator set its status.
    OverrideSet = "override-set",
    /// An administrator took that back.
    OverrideCleared = "override-cleared",
    /// The service's settings changed.
    ServiceUpdated = "service-updated",
    /// The service's settings were deleted.
    ServiceDeleted = "service-deleted",
    /// The service's policy changed.
    PolicyUpdated = "policy-updated",
    /// The service's policy was removed: the defaults hold.
    PolicyRemoved = "policy-removed",
    /// A configuration item was released.
    ConfigPublished = "config-published",
    /// A configuration item went back to an earlier release.
    ConfigRolledBack = "config-rolled-back",
    /// A configuration item was removed.
    ConfigRemoved = "config-removed",
    /// A release of a configuration item is on trial, or its audience changed.
    ConfigGray = "config-gray",
    /// A release on trial was promoted to everybody.
    ConfigPromoted = "config-promoted",
    /// A release on trial was taken back.
    ConfigAborted = "config-aborted",
    /// A draft of a configuration item was written or thrown away, or its terms changed.
    ConfigUpdated = "config-updated",
    /// A configuration item and its history were dropped, long after it was removed.
    ConfigForgotten = "config-forgotten",
    /// A guard holds something back, or lets go of it.
    Held = "held",
    /// Events are missing before this one.
    Gap = "gap",
}

/// What a line of the timeline is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A service, or an instance of it.
    Service(ServiceKey),
    /// A configuration item.
    Config(ConfigKey),
}

/// One line of the timeline: what changed, when, why, and who saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub cursor: EventCursor,
    /// When, by the clock of the node that committed it.
    pub at: Timestamp,
    /// Of what; `None` for a gap.
    pub subject: Option<Subject>,
    /// Of which instance, where it is about one.
    pub instance: Option<InstanceId>,
    /// What happened.
    pub kind: EventKind,
    /// By whom, or seen by whom.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
}

/// Tells the events of a batch from what it did to the view.
pub(super) fn of_transitions(batch: &Committed, transitions: &[Transition]) -> Vec<Event> {
    let mut teller = Teller::new(batch);
    for transition in transitions {
        match transition {
            Transition::Member { key, before, after } => {
                teller.member(key, before.as_ref(), after.as_ref())
            }
            Transition::Service { key, after, .. } => {
                let kind = if after.is_some() {
                    EventKind::ServiceUpdated
                } else {
                    EventKind::ServiceDeleted
                };
                teller.tell(key, None, kind, None);
            }
            Transition::Policy { key, after, .. } => {
                let kind = policy_kind(after.as_deref());
                teller.tell(key, None, kind, None);
            }
            Transition::Config { key, before, after } => {
                teller.config(key, before.as_deref(), after.as_deref());
            }
            Transition::Namespace { .. }
            | Transition::Token { .. }
            | Transition::Session { .. } => {}
        }
    }
    teller.guard();
    teller.events
}

/// Tells the events of a batch from its changes alone: for batches from before the view was loaded, of which nobody
/// knows any more what was there before.
pub(super) fn of_changes(batch: &Committed) -> Vec<Event> {
    let mut teller = Teller::new(batch);
    for change in &batch.changes {
        match change {
            Change::Put(Record::Instance(key, _)) => teller.instance(key, EventKind::Registered),
            Change::Delete(Key::Instance(key)) => teller.gone(key),
            Change::Put(Record::Check(key, health)) => {
                let kind =
                    EventKind::from_word(health.state.as_str()).unwrap_or(EventKind::Failing);
                teller.seen(key, kind, health);
            }
            Change::Put(Record::Override(key, _)) => teller.instance(key, EventKind::OverrideSet),
            Change::Delete(Key::Override(key)) => teller.instance(key, EventKind::OverrideCleared),
            Change::Put(Record::Service(key, _)) => {
                teller.tell(key, None, EventKind::ServiceUpdated, None)
            }
            Change::Delete(Key::Service(key)) => {
                teller.tell(key, None, EventKind::ServiceDeleted, None)
            }
            Change::Put(Record::Policy(key, history)) => {
                teller.tell(key, None, policy_kind(Some(history)), None)
            }
            Change::Delete(Key::Policy(key)) => {
                teller.tell(key, None, EventKind::PolicyRemoved, None)
            }
            Change::Put(Record::Release(key, _, release)) => {
                let kind = match (&release.stage, &release.content, release.restores) {
                    (Stage::Gray, ..) => EventKind::ConfigGray,
                    (Stage::Aborted(_), ..) => EventKind::ConfigAborted,
                    (Stage::Released, _, Some(_)) => EventKind::ConfigRolledBack,
                    (Stage::Released, Some(_), None) => EventKind::ConfigPublished,
                    (Stage::Released, None, None) => EventKind::ConfigRemoved,
                };
                teller.add(Subject::Config(key.clone()), None, kind, None);
            }
            _ => {}
        }
    }
    teller.guard();
    teller.events
}

fn policy_kind(history: Option<&PolicyHistory>) -> EventKind {
    if history.is_some_and(|history| history.policy().is_some()) {
        EventKind::PolicyUpdated
    } else {
        EventKind::PolicyRemoved
    }
}

struct Teller<'a> {
    batch: &'a Committed,
    events: Vec<Event>,
}

impl<'a> Teller<'a> {
    fn new(batch: &'a Committed) -> Self {
        Self {
            batch,
            events: Vec::with_capacity(batch.changes.len()),
        }
    }

    fn member(
        &mut self,
        key: &InstanceKey,
        before: Option<&Arc<Member>>,
        after: Option<&Arc<Member>>,
    ) {
        let (before, after) = match (before, after) {
            (None, None) => return,
            (None, Some(_)) => return self.instance(key, EventKind::Registered),
            (Some(_), None) => return self.gone(key),
            (Some(before), Some(after)) => (before, after),
        };
        if before.revision != after.revision {
            self.updated(key, before, after);
        }
        if before.overridden != after.overridden {
            let kind = if after.overridden.is_some() {
                EventKind::OverrideSet
            } else {
                EventKind::OverrideCleared
            };
            self.instance(key, kind);
        }
        if before.health() != after.health() {
            let kind = EventKind::from_word(after.health().as_str()).unwrap_or(EventKind::Failing);
            match after.verdict() {
                Some(health) => self.seen(key, kind, health),
                None => self.instance(key, kind),
            }
        }
    }

    /// A registration was replaced: the reason names what is different, if nobody gave one.
    fn updated(&mut self, key: &InstanceKey, before: &Member, after: &Member) {
        let cause = &self.batch.cause;
        let changed = differences(&before.instance, &after.instance).join(", ");
        let why = (cause.reason.is_empty() && !changed.is_empty())
            .then(|| (cause.by.as_str(), format!("changed: {changed}")));
        let why = why.as_ref().map(|(by, reason)| (*by, reason.as_str()));
        self.tell(&key.service, Some(&key.id), EventKind::Updated, why);
    }

    /// A node saw how an instance does.
    fn seen(&mut self, key: &InstanceKey, kind: EventKind, health: &Health) {
        let by = format!("node:{}", health.observer);
        self.tell(
            &key.service,
            Some(&key.id),
            kind,
            Some((&by, &health.reason)),
        );
    }

    fn instance(&mut self, key: &InstanceKey, kind: EventKind) {
        self.tell(&key.service, Some(&key.id), kind, None);
    }

    fn gone(&mut self, key: &InstanceKey) {
        let silent = self.batch.cause.kind == CauseKind::Liveness;
        self.instance(
            key,
            if silent {
                EventKind::Removed
            } else {
                EventKind::Deregistered
            },
        );
    }

    /// A guard's word changes nothing, so the cause says what it is about.
    fn guard(&mut self) {
        if let (CauseKind::Guard, Some(service)) = (self.batch.cause.kind, &self.batch.cause.about)
        {
            self.tell(service, None, EventKind::Held, None);
        }
    }

    fn config(&mut self, key: &ConfigKey, before: Option<&ConfigItem>, after: Option<&ConfigItem>) {
        let Some(after) = after else {
            let kind = EventKind::ConfigForgotten;
            return self.add(Subject::Config(key.clone()), None, kind, None);
        };
        if before.is_some_and(|before| before.item == after.item) {
            // Only old releases were dropped.
            return;
        }
        let kind = config_kind(before, after);
        self.add(Subject::Config(key.clone()), None, kind, None);
    }

    fn tell(
        &mut self,
        service: &ServiceKey,
        instance: Option<&InstanceId>,
        kind: EventKind,
        why: Option<(&str, &str)>,
    ) {
        self.add(Subject::Service(service.clone()), instance, kind, why);
    }

    fn add(
        &mut self,
        subject: Subject,
        instance: Option<&InstanceId>,
        kind: EventKind,
        why: Option<(&str, &str)>,
    ) {
        let cause = &self.batch.cause;
        let (by, reason) = why.unwrap_or((cause.by.as_str(), cause.reason.as_str()));
        self.events.push(Event {
            cursor: EventCursor {
                revision: self.batch.revision,
                place: u32::try_from(self.events.len()).unwrap_or(u32::MAX),
            },
            at: cause.at,
            subject: Some(subject),
            instance: instance.cloned(),
            kind,
            by: by.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// The fields in which two registrations differ, as the API names them.
fn differences(before: &Instance, after: &Instance) -> Vec<&'static str> {
    [
        ("address", before.address == after.address),
        ("port", before.port == after.port),
        ("ports", before.ports == after.ports),
        ("protocol", before.protocol == after.protocol),
        ("version", before.version == after.version),
        ("weight", before.weight == after.weight),
        ("region", before.region == after.region),
        ("zone", before.zone == after.zone),
        ("tags", before.tags == after.tags),
        ("metadata", before.metadata == after.metadata),
        ("status", before.status == after.status),
        ("checks", before.checks == after.checks),
        ("session", before.session == after.session),
        ("ephemeral", before.ephemeral == after.ephemeral),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(field, _)| field)
    .collect()
}

/// What happened to a configuration item that is there.
fn config_kind(before: Option<&ConfigItem>, after: &ConfigItem) -> EventKind {
    let item = |found: &ConfigItem| (found.item.released, found.item.gray.clone());
    let (was, tried) = before.map(item).unwrap_or_default();
    let (is, tries) = item(after);
    match (tried, tries) {
        (Some(tried), None) if is == Some(tried.release) => EventKind::ConfigPromoted,
        (Some(_), None) => EventKind::ConfigAborted,
        (tried, tries) if tried != tries => EventKind::ConfigGray,
        _ if is == was => EventKind::ConfigUpdated,
        _ => match after.releases.get(&after.item.last) {
            Some((release, _)) if release.restores.is_some() => EventKind::ConfigRolledBack,
            _ if is.is_none() => EventKind::ConfigRemoved,
            _ => EventKind::ConfigPublished,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_cursors_survive_text() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_word(kind.as_str()), Some(*kind));
        }
        let cursor = EventCursor {
            revision: Revision(7),
            place: 3,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!("x.1".parse::<EventCursor>().is_err());
    }
}
