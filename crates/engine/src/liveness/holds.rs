//! The holds in force, for people: why somebody is not judged, since when, and until when.
//!
//! Invariant: whatever a guard holds back stands here as long as it does; its beginning and end are events.

use std::collections::HashMap;
use std::time::Duration;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use paste_model::{ServiceKey, SessionId, Timestamp};

use super::census::Zone;

/// Most services whose timelines tell of one hold.
pub(super) const EVENT_SERVICES_MAX: usize = 100;
/// Most holds that a status lists.
const LISTED_MAX: usize = 100;

/// Which guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HoldKind {
    /// The store refuses writes, so nobody is judged.
    Store,
    /// Too many sessions fell silent at once.
    Silence,
    /// Too much of a zone is unhealthy.
    Zone,
    /// Too many instances of a service at once.
    Pace,
    /// A session keeps failing and coming back.
    Flapping,
    /// Another node is there and can't be heard, so nobody is judged who was heard last through it.
    Deaf,
}

impl HoldKind {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Store,
        Self::Silence,
        Self::Zone,
        Self::Pace,
        Self::Flapping,
        Self::Deaf,
    ];

    /// The word used on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Silence => "silence",
            Self::Zone => "zone",
            Self::Pace => "pace",
            Self::Flapping => "flapping",
            Self::Deaf => "deaf",
        }
    }
}

/// A hold as a status shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldStatus {
    /// Which guard holds.
    pub kind: HoldKind,
    /// Why, in words for a person.
    pub reason: CompactString,
    /// Since when.
    pub since: Timestamp,
    /// After what time it ends at the latest, where that is known; counted in liveness time.
    pub ends_in: Option<Duration>,
    /// Sessions that are held now.
    pub affected: usize,
}

/// What a hold is about: at most one of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum HoldKey {
    Store,
    Silence,
    Zone(Zone),
    Pace(ServiceKey),
    Flapping(SessionId),
    Deaf,
}

impl HoldKey {
    fn kind(&self) -> HoldKind {
        match self {
            Self::Store => HoldKind::Store,
            Self::Silence => HoldKind::Silence,
            Self::Zone(_) => HoldKind::Zone,
            Self::Pace(_) => HoldKind::Pace,
            Self::Flapping(_) => HoldKind::Flapping,
            Self::Deaf => HoldKind::Deaf,
        }
    }
}

/// A sentence about a hold, for the timelines of the services that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) reason: CompactString,
    /// At most [`EVENT_SERVICES_MAX`]; none when it concerns the node.
    pub(crate) services: Vec<ServiceKey>,
}

#[derive(Debug)]
struct Hold {
    since: Timestamp,
    until: Option<u64>,
    affected: usize,
    notice: Notice,
}

/// The holds in force.
#[derive(Debug, Default)]
pub(super) struct Holds {
    holds: HashMap<HoldKey, Hold, RandomState>,
    begun: [u64; HoldKind::ALL.len()],
}

impl Holds {
    /// Begins a hold, unless it is there; answers its notice if it was not.
    pub(super) fn begin(
        &mut self,
        key: HoldKey,
        since: Timestamp,
        until: Option<u64>,
        notice: impl FnOnce() -> Notice,
    ) -> Option<Notice> {
        let kind = key.kind();
        match self.holds.entry(key) {
            std::collections::hash_map::Entry::Occupied(_) => None,
            std::collections::hash_map::Entry::Vacant(place) => {
                let notice = notice();
                place.insert(Hold {
                    since,
                    until,
                    affected: 1,
                    notice: notice.clone(),
                });
                self.begun[kind as usize] += 1;
                Some(notice)
            }
        }
    }

    /// Says how many sessions a hold affects now.
    pub(super) fn affects(&mut self, key: &HoldKey, affected: usize) {
        if let Some(hold) = self.holds.get_mut(key) {
            hold.affected = affected;
        }
    }

    /// Ends a hold; answers a notice that says so, if it was in force.
    pub(super) fn end(&mut self, key: &HoldKey, reason: &str) -> Option<Notice> {
        let hold = self.holds.remove(key)?;
        Some(Notice {
            reason: reason.into(),
            services: hold.notice.services,
        })
    }

    /// The keys of holds that `wanted` picks.
    pub(super) fn keys(&self, wanted: impl Fn(&HoldKey, Option<u64>) -> bool) -> Vec<HoldKey> {
        self.holds
            .iter()
            .filter(|(key, hold)| wanted(key, hold.until))
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// How often a hold of each kind has begun, in the order of [`HoldKind::ALL`].
    pub(super) fn begun(&self) -> [u64; HoldKind::ALL.len()] {
        self.begun
    }

    /// How many holds of each kind are in force, in the order of [`HoldKind::ALL`].
    pub(super) fn in_force(&self) -> [usize; HoldKind::ALL.len()] {
        let mut counts = [0; HoldKind::ALL.len()];
        for key in self.holds.keys() {
            counts[key.kind() as usize] += 1;
        }
        counts
    }

    /// The holds in force, those that affect most sessions first; at most 100.
    pub(super) fn list(&self, now: u64) -> Vec<HoldStatus> {
        let mut list: Vec<_> = self
            .holds
            .iter()
            .map(|(key, hold)| HoldStatus {
                kind: key.kind(),
                reason: hold.notice.reason.clone(),
                since: hold.since,
                ends_in: hold
                    .until
                    .map(|until| Duration::from_millis(until.saturating_sub(now))),
                affected: hold.affected,
            })
            .collect();
        list.sort_by(|a, b| (b.affected, a.kind, &a.reason).cmp(&(a.affected, b.kind, &b.reason)));
        list.truncate(LISTED_MAX);
        list
    }
}
