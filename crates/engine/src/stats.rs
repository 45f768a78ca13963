//! What processes say of the calls they make, by the service that they call: kept for an hour, in memory, at the node that
//! heard it.
//!
//! What is kept is bounded: so many services, so many callers of each, minutes for the service and tens of minutes for a
//! caller, and of a histogram only as much as was used.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use paste_model::{Namespace, Role, ServiceKey, ServiceName, SessionId, Timestamp};

use crate::{Caller, Engine};

/// Buckets of latency: bucket i holds what took up to 100 µs · 2^(i/2), the last all that took longer.
pub const BUCKETS: usize = paste_traffic::LATENCY_BUCKETS;
const MINUTE: Duration = Duration::from_secs(60);
/// Minutes that are kept of a service, one by one.
const SERVICE_SLOTS: u64 = 60;
/// Of a caller, ten minutes together are kept as one.
const CALLER_SLOTS: u64 = 6;
const CALLER_MINUTES: u64 = 10;
/// Services of which something is kept; of more, nothing is.
const SERVICES_MAX: usize = 1_024;
/// Callers of one service that are told apart; all others are one.
const CALLERS_MAX: usize = 32;
/// The name of a caller that registered nothing, or is one too many.
const NAMELESS: &str = "-";

/// Calls of one process to one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallReport {
    /// The service that was called.
    pub service: ServiceName,
    /// How often.
    pub count: u32,
    /// How many of those failed.
    pub errors: u32,
    /// How many took how long, by bucket; at most [`BUCKETS`].
    pub latency: Vec<u32>,
}

/// Calls that were told of, added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calls {
    /// How many.
    pub count: u64,
    /// How many of those failed.
    pub errors: u64,
    /// How many took how long, by bucket, up to the last that was used; at most [`BUCKETS`].
    pub latency: Vec<u64>,
}

impl Calls {
    fn add(&mut self, report: &CallReport) {
        let latency = report.latency.iter().map(|count| u64::from(*count));
        self.count_in(report.count.into(), report.errors.into(), latency);
    }

    fn merge(&mut self, other: &Self) {
        self.count_in(other.count, other.errors, other.latency.iter().copied());
    }

    fn count_in(&mut self, count: u64, errors: u64, latency: impl ExactSizeIterator<Item = u64>) {
        self.count = self.count.saturating_add(count);
        self.errors = self.errors.saturating_add(errors);
        if latency.len() > self.latency.len() {
            self.latency.resize(latency.len().min(BUCKETS), 0);
        }
        for (sum, more) in self.latency.iter_mut().zip(latency) {
            *sum = sum.saturating_add(more);
        }
    }
}

/// What was told of one service in the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceCalls {
    /// Minutes with their beginnings, oldest first.
    pub minutes: Vec<(Timestamp, Calls)>,
    /// By the service that called, most calls first.
    pub callers: Vec<(String, Calls)>,
}

impl ServiceCalls {
    /// All of it.
    pub fn total(&self) -> Calls {
        let mut total = Calls::default();
        for (_, calls) in &self.minutes {
            total.merge(calls);
        }
        total
    }
}

/// An hour in slots, oldest first; those without calls are left out.
#[derive(Debug, Default)]
struct Hour(VecDeque<(u64, Calls)>);

impl Hour {
    fn add(&mut self, slot: u64, report: &CallReport) {
        if self.0.back().is_none_or(|(newest, _)| *newest != slot) {
            self.0.push_back((slot, Calls::default()));
        }
        if let Some((_, calls)) = self.0.back_mut() {
            calls.add(report);
        }
    }

    /// Forgets what is older than `slots`, the one that is running included.
    fn forget(&mut self, now: u64, slots: u64) {
        let oldest = (now + 1).saturating_sub(slots);
        while self.0.front().is_some_and(|(slot, _)| *slot < oldest) {
            self.0.pop_front();
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    minutes: Hour,
    callers: HashMap<String, Hour>,
}

impl Kept {
    fn forget(&mut self, minute: u64) {
        self.minutes.forget(minute, SERVICE_SLOTS);
        self.callers.retain(|_, hour| {
            hour.forget(minute / CALLER_MINUTES, CALLER_SLOTS);
            !hour.0.is_empty()
        });
    }
}

/// What was told of all services.
#[derive(Debug, Default)]
pub(crate) struct StatsBoard(Mutex<Board>);

#[derive(Debug, Default)]
struct Board {
    /// Minutes are counted from here, so that no clock that is set changes what is kept.
    began: Option<Instant>,
    /// The minute in which all of it was last looked through for what is old.
    swept: u64,
    services: HashMap<ServiceKey, Kept>,
}

impl Board {
    /// The time since the beginning, and the minute that it is in.
    fn time(&mut self, now: Instant) -> (Duration, u64) {
        let since = now.saturating_duration_since(*self.began.get_or_insert(now));
        (since, since.as_secs() / MINUTE.as_secs())
    }

    /// Whether there is room for another service; looks for what is old at most once a minute.
    fn has_room(&mut self, minute: u64) -> bool {
        if self.services.len() >= SERVICES_MAX && self.swept != minute {
            self.swept = minute;
            self.services.retain(|_, kept| {
                kept.forget(minute);
                !kept.minutes.0.is_empty()
            });
        }
        self.services.len() < SERVICES_MAX
    }
}

impl StatsBoard {
    fn report(&self, key: &ServiceKey, caller: &str, report: &CallReport, now: Instant) {
        let board = &mut *self.0.lock();
        let (_, minute) = board.time(now);
        if !board.services.contains_key(key) && !board.has_room(minute) {
            return;
        }
        let kept = board.services.entry(key.clone()).or_default();
        kept.minutes.add(minute, report);
        kept.minutes.forget(minute, SERVICE_SLOTS);
        if !kept.callers.contains_key(caller) && kept.callers.len() >= CALLERS_MAX {
            kept.forget(minute);
        }
        let known = kept.callers.contains_key(caller) || kept.callers.len() < CALLERS_MAX;
        let caller = if known { caller } else { NAMELESS };
        let hour = kept.callers.entry(caller.to_owned()).or_default();
        hour.add(minute / CALLER_MINUTES, report);
        hour.forget(minute / CALLER_MINUTES, CALLER_SLOTS);
    }

    fn of(&self, key: &ServiceKey, now: Instant, wall: Timestamp) -> ServiceCalls {
        let board = &mut *self.0.lock();
        let (since, minute) = board.time(now);
        let Some(kept) = board.services.get_mut(key) else {
            return ServiceCalls::default();
        };
        kept.forget(minute);
        let began = |minute: u64| {
            let ago = since.as_millis() - u128::from(minute) * MINUTE.as_millis();
            Timestamp(
                wall.0
                    .saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX)),
            )
        };
        let mut callers: Vec<_> = (kept.callers.iter())
            .map(|(caller, hour)| {
                let mut calls = Calls::default();
                hour.0.iter().for_each(|(_, slot)| calls.merge(slot));
                (caller.clone(), calls)
            })
            .collect();
        callers.sort_by(|(one, a), (other, b)| b.count.cmp(&a.count).then(one.cmp(other)));
        let minutes = kept.minutes.0.iter();
        ServiceCalls {
            minutes: minutes
                .map(|(minute, calls)| (began(*minute), calls.clone()))
                .collect(),
            callers,
        }
    }
}

impl Engine {
    /// Takes note of what a process called. Services that don't exist, or that it may not read, are passed over.
    pub fn report_calls(
        &self,
        caller: &Caller,
        session: &SessionId,
        namespace: &Namespace,
        reports: &[CallReport],
    ) {
        let name = self.name_of(session);
        let now = self.context().clock.now();
        for report in reports {
            let key = ServiceKey {
                namespace: namespace.clone(),
                name: report.service.clone(),
            };
            let catalog = self.catalog();
            let known = catalog.service(key.namespace.as_str(), key.name.as_str());
            if known.is_some() && caller.may(Role::Read, &key) {
                self.stats_board().report(&key, &name, report, now);
            }
        }
    }

    /// What this node was told of calls to a service in the last hour.
    pub fn calls(&self, key: &ServiceKey) -> ServiceCalls {
        let clock = &self.context().clock;
        self.stats_board().of(key, clock.now(), clock.wall())
    }

    /// The service that a session's instances are of; the first by name where they are of several.
    fn name_of(&self, session: &SessionId) -> String {
        let cell = self.catalog().session(session.as_str());
        let members = cell.map(|cell| cell.members()).unwrap_or_default();
        let names = members.into_iter().map(|(key, _)| key.service.name);
        names
            .min()
            .map_or_else(|| NAMELESS.to_owned(), |name| name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(720 * 60_000);

    fn key(name: &str) -> ServiceKey {
        ServiceKey {
            namespace: Namespace::default(),
            name: ServiceName::new(name).expect("valid"),
        }
    }

    fn report(count: u32, latency: &[u32]) -> CallReport {
        CallReport {
            service: ServiceName::new("orders").expect("valid"),
            count,
            errors: 1,
            latency: latency.to_vec(),
        }
    }

    #[test]
    fn calls_are_added_up_by_minute_and_caller_for_an_hour() {
        let (board, start) = (StatsBoard::default(), Instant::now());
        let later = |minutes: u32| start + MINUTE * minutes;
        board.report(&key("orders"), "web", &report(3, &[1, 2]), start);
        board.report(&key("orders"), "app", &report(10, &[0, 10]), start);
        board.report(&key("orders"), "web", &report(1, &[1]), later(1));
        let told = board.of(&key("orders"), later(1), NOON);
        let counts: Vec<_> = (told.minutes.iter())
            .map(|(at, calls)| (at.0, calls.count))
            .collect();
        assert_eq!(counts, [(NOON.0 - 60_000, 13), (NOON.0, 1)]);
        let callers: Vec<_> = (told.callers.iter())
            .map(|(caller, calls)| (caller.as_str(), calls.count, calls.errors))
            .collect();
        assert_eq!(callers, [("app", 10, 1), ("web", 4, 2)]);
        assert_eq!(told.total().latency, [2, 12]);

        let told = board.of(&key("orders"), later(60), NOON);
        assert_eq!(
            told.total().count,
            1,
            "the first minute is over an hour old"
        );
        let gone = board.of(&key("orders"), later(70), NOON);
        assert_eq!(gone, ServiceCalls::default());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (board, start) = (StatsBoard::default(), Instant::now());
        let many = CallReport {
            latency: vec![1; BUCKETS + 10],
            ..report(1, &[])
        };
        for number in 0..CALLERS_MAX + 10 {
            board.report(&key("orders"), &format!("c{number}"), &many, start);
        }
        let told = board.of(&key("orders"), start, NOON);
        assert_eq!(told.callers.len(), CALLERS_MAX + 1);
        assert_eq!(told.callers[0].0, NAMELESS);
        assert_eq!(told.total().latency.len(), BUCKETS);
        let late = start + MINUTE * 70;
        board.report(&key("orders"), "fresh", &report(1, &[]), late);
        let told = board.of(&key("orders"), late, NOON);
        assert_eq!(told.callers[0].0, "fresh", "those who left make room");

        for number in 0..SERVICES_MAX + 10 {
            board.report(&key(&format!("s{number}")), "web", &report(1, &[]), late);
        }
        assert_eq!(board.0.lock().services.len(), SERVICES_MAX);
        board.report(&key("other"), "web", &report(1, &[]), late + MINUTE * 61);
        assert_eq!(board.0.lock().services.len(), 1, "what is old makes room");
    }
}
