//! What a chooser keeps between choices, under one lock that nobody takes while nothing changes: the members with what
//! became of them, and from it the next prepared picture.

mod outliers;

use std::sync::Arc;

use paste_model::{Member, Status};

use crate::Caller;
use crate::gauges::Gauges;
use crate::nanos::SECOND;
use crate::plan::{Growth, Plan};
use crate::prepared::Prepared;
use crate::report::Capacity;
use crate::seat::Seat;
use crate::standing::Standing;
use crate::success_rate::SuccessRate;

pub use outliers::{Ejection, EjectionCause};

/// How often reported loads are looked at anew.
const CAPACITY_INTERVAL: u64 = SECOND;

pub(crate) struct Ledger {
    pub(crate) caller: Arc<Caller>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) success_rate: Option<SuccessRate>,
    /// Whether there was a list of members.
    known: bool,
    protected: bool,
    /// In id order.
    pub(crate) entries: Vec<Entry>,
    /// When the interval of outlier detection began.
    interval_began: Option<u64>,
    /// The latest that nobody has asked for yet.
    ejections: Vec<Ejection>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) seat: Arc<Seat>,
    eligible: bool,
    /// When it last became eligible in a service that was known.
    pub(crate) began: Option<u64>,
    /// Until when it is, or was, ejected.
    pub(crate) until: Option<u64>,
    /// How often it was ejected, less good intervals.
    times: u32,
    capacity: Option<Capacity>,
    /// As the last picture shows it.
    shown: Look,
}

/// What changes by itself of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Look {
    ejected: bool,
    /// When its slow start began, if it is in it.
    began: Option<u64>,
    capacity: Option<f64>,
}

impl Ledger {
    pub(crate) fn new(caller: Arc<Caller>, plan: Arc<Plan>, rate: Option<SuccessRate>) -> Self {
        Self {
            caller,
            plan,
            success_rate: rate,
            known: false,
            protected: false,
            entries: Vec::new(),
            interval_began: None,
            ejections: Vec::new(),
        }
    }

    /// Takes in the whole list of members. What is gone loses its state, as does what has another address or port.
    pub(crate) fn update(&mut self, mut members: Vec<Arc<Member>>, protected: bool, now: u64) {
        members.sort_by(|a, b| a.id.cmp(&b.id));
        members.dedup_by(|a, b| a.id == b.id);
        let mut before = std::mem::take(&mut self.entries).into_iter().peekable();
        let known = self.known;
        let entries = members.into_iter().map(|member| {
            while before
                .next_if(|entry| entry.seat.member.id < member.id)
                .is_some()
            {}
            let same = before
                .next_if(|entry| entry.seat.member.id == member.id)
                .filter(|entry| entry.seat.is_at(&member));
            Entry::next(same, member, protected, known, now)
        });
        self.entries = entries.collect();
        self.known = true;
        self.protected = protected;
    }

    /// The picture of `now`.
    pub(crate) fn prepare(&mut self, now: u64) -> Prepared {
        let (growth, window) = (self.growth(now), self.window());
        let mut service = Vec::with_capacity(self.entries.len());
        for entry in &mut self.entries {
            let look = entry.look(window, now);
            entry.shown = look;
            service.push(Standing {
                seat: Arc::clone(&entry.seat),
                up: entry.seat.member.status() == Status::Up,
                eligible: entry.eligible,
                ejected: look.ejected,
                began: look.began,
                capacity: look.capacity,
            });
        }
        Prepared::new(
            Arc::clone(&self.plan),
            service.into(),
            self.protected,
            growth,
            Arc::clone(&self.caller),
        )
    }

    /// Whether the last picture shows something that isn't so any more.
    pub(crate) fn changed(&self, now: u64) -> bool {
        let window = self.window();
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.shown != entry.look(window, now))
    }

    fn window(&self) -> u64 {
        self.plan.slow_start.map_or(0, |growth| growth.window)
    }

    /// Slow start, if it has an effect.
    fn growth(&self, now: u64) -> Option<Growth> {
        let eligible = self.entries.iter().filter(|entry| entry.eligible);
        let ages = eligible.map(|entry| entry.began.map(|began| now.saturating_sub(began)));
        self.plan
            .slow_start
            .filter(|growth| growth.has_effect(ages))
    }

    /// When something changes by itself: an interval or an ejection is over, slow start has ended for somebody, or reported
    /// loads are to be looked at.
    pub(crate) fn due(&self, now: u64) -> u64 {
        let window = self.plan.slow_start.map(|growth| growth.window);
        let events = self.entries.iter().flat_map(|entry| {
            let grown = window
                .zip(entry.began)
                .map(|(window, began)| began.saturating_add(window));
            let loads = entry.capacity.as_ref();
            let loads = loads.and_then(|one| one.usable(now));
            let loads = loads.map(|_| now.saturating_add(CAPACITY_INTERVAL));
            [entry.until, grown, loads]
        });
        let interval = self.interval_end();
        let events = events.flatten().filter(|at| *at > now).chain(interval);
        events.min().unwrap_or(u64::MAX)
    }

    pub(crate) fn entry_of(&mut self, seat: &Seat) -> Option<usize> {
        let id = &seat.member.id;
        let found = self
            .entries
            .binary_search_by(|entry| entry.seat.member.id.cmp(id));
        found
            .ok()
            .filter(|at| Arc::ptr_eq(&self.entries[*at].seat.gauges, &seat.gauges))
    }

    pub(crate) fn report_load(&mut self, id: &str, calls_per_second: f64, now: u64) {
        let found = self
            .entries
            .binary_search_by(|entry| entry.seat.member.id.as_str().cmp(id));
        if let Ok(at) = found {
            self.entries[at].capacity = Some(Capacity {
                calls_per_second,
                reported: now,
            });
        }
    }
}

impl Entry {
    /// `member` as it is now, from what was known of the same endpoint.
    fn next(
        before: Option<Self>,
        member: Arc<Member>,
        protected: bool,
        known: bool,
        now: u64,
    ) -> Self {
        let eligible = member.status() == Status::Up && (member.healthy() || protected);
        let Some(mut entry) = before else {
            return Self {
                seat: Arc::new(Seat::new(member, Arc::new(Gauges::default()))),
                eligible,
                began: (eligible && known).then_some(now),
                until: None,
                times: 0,
                capacity: None,
                shown: Look::default(),
            };
        };
        if eligible && !entry.eligible {
            entry.began = Some(now);
        }
        if !eligible {
            entry.began = None;
        }
        entry.eligible = eligible;
        if !Arc::ptr_eq(&entry.seat.member, &member) {
            let gauges = Arc::clone(&entry.seat.gauges);
            entry.seat = Arc::new(Seat::new(member, gauges));
        }
        entry
    }

    pub(crate) fn is_ejected(&self, now: u64) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    fn look(&self, window: u64, now: u64) -> Look {
        Look {
            ejected: self.is_ejected(now),
            began: self.began.filter(|_| self.grows(window, now)),
            capacity: self.capacity.as_ref().and_then(|one| one.usable(now)),
        }
    }

    fn grows(&self, window: u64, now: u64) -> bool {
        self.began
            .is_some_and(|began| now.saturating_sub(began) < window)
    }
}
