//! What processes say of the calls they make, by the service that they call: kept for an hour, in memory, at the node that
//! heard it.

use std::collections::HashMap;

use parking_lot::Mutex;
use paste_model::{Namespace, Role, ServiceKey, ServiceName, SessionId, Timestamp};

use crate::{Caller, Engine};

/// Buckets of latency: bucket i holds what took up to 100 µs · 2^(i/2), the last all that took longer.
pub const BUCKETS: usize = paste_traffic::LATENCY_BUCKETS;
/// Minutes that are kept.
const MINUTES: u64 = 60;
/// Services of which something is kept; of more, nothing is.
const SERVICES_MAX: usize = 4_096;
/// Callers of one service that are told apart; all others are one.
const CALLERS_MAX: usize = 64;
/// The name of a caller that registered nothing, or is one too many.
const NAMELESS: &str = "-";
const MINUTE_MS: u64 = 60_000;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// How many.
    pub count: u64,
    /// How many of those failed.
    pub errors: u64,
    /// How many took how long, by bucket.
    pub latency: [u64; BUCKETS],
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            count: 0,
            errors: 0,
            latency: [0; BUCKETS],
        }
    }
}

impl Calls {
    fn add(&mut self, report: &CallReport) {
        self.count = self.count.saturating_add(report.count.into());
        self.errors = self.errors.saturating_add(report.errors.into());
        for (sum, more) in self.latency.iter_mut().zip(&report.latency) {
            *sum = sum.saturating_add((*more).into());
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.errors = self.errors.saturating_add(other.errors);
        for (sum, more) in self.latency.iter_mut().zip(&other.latency) {
            *sum = sum.saturating_add(*more);
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

/// Minutes by their number since 1970, oldest first.
#[derive(Debug, Default)]
struct Hour(Vec<(u64, Calls)>);

impl Hour {
    fn add(&mut self, minute: u64, report: &CallReport) {
        self.forget_before(minute);
        // A wall clock that was set back adds to the newest minute.
        match self.0.last_mut() {
            Some((last, calls)) if *last >= minute => calls.add(report),
            _ => {
                let mut calls = Calls::default();
                calls.add(report);
                self.0.push((minute, calls));
            }
        }
    }

    fn forget_before(&mut self, now: u64) {
        let oldest = now.saturating_sub(MINUTES - 1);
        let gone = self
            .0
            .iter()
            .take_while(|(minute, _)| *minute < oldest)
            .count();
        self.0.drain(..gone);
    }
}

#[derive(Debug, Default)]
struct Kept {
    hour: Hour,
    callers: HashMap<String, Hour>,
}

impl Kept {
    fn forget_before(&mut self, minute: u64) {
        self.hour.forget_before(minute);
        self.callers.retain(|_, hour| {
            hour.forget_before(minute);
            !hour.0.is_empty()
        });
    }
}

/// What was told of all services.
#[derive(Debug, Default)]
pub(crate) struct StatsBoard(Mutex<HashMap<ServiceKey, Kept>>);

impl StatsBoard {
    fn report(&self, key: ServiceKey, caller: &str, report: &CallReport, now: Timestamp) {
        let minute = now.0 / MINUTE_MS;
        let mut board = self.0.lock();
        if board.len() >= SERVICES_MAX && !board.contains_key(&key) {
            board.retain(|_, kept| {
                kept.forget_before(minute);
                !kept.hour.0.is_empty()
            });
            if board.len() >= SERVICES_MAX {
                return;
            }
        }
        let kept = board.entry(key).or_default();
        kept.hour.add(minute, report);
        let known = kept.callers.contains_key(caller) || kept.callers.len() < CALLERS_MAX;
        let caller = if known { caller } else { NAMELESS };
        let hour = kept.callers.entry(caller.to_owned()).or_default();
        hour.add(minute, report);
    }

    fn of(&self, key: &ServiceKey, now: Timestamp) -> ServiceCalls {
        let mut board = self.0.lock();
        let Some(kept) = board.get_mut(key) else {
            return ServiceCalls::default();
        };
        kept.forget_before(now.0 / MINUTE_MS);
        let minutes = kept.hour.0.iter();
        let mut callers: Vec<_> = (kept.callers.iter())
            .map(|(caller, hour)| {
                let mut calls = Calls::default();
                hour.0.iter().for_each(|(_, minute)| calls.merge(minute));
                (caller.clone(), calls)
            })
            .collect();
        callers.sort_by(|(one, a), (other, b)| b.count.cmp(&a.count).then(one.cmp(other)));
        ServiceCalls {
            minutes: minutes
                .map(|(minute, calls)| (Timestamp(minute * MINUTE_MS), calls.clone()))
                .collect(),
            callers,
        }
    }
}

impl Engine {
    /// Takes note of what a process called. What it may not read is passed over.
    pub fn report_calls(
        &self,
        caller: &Caller,
        session: &SessionId,
        namespace: &Namespace,
        reports: &[CallReport],
    ) {
        let name = self.name_of(session);
        let now = self.context().clock.wall();
        for report in reports {
            let key = ServiceKey {
                namespace: namespace.clone(),
                name: report.service.clone(),
            };
            if caller.may(Role::Read, &key) {
                self.stats_board().report(key, &name, report, now);
            }
        }
    }

    /// What this node was told of calls to a service in the last hour.
    pub fn calls(&self, key: &ServiceKey) -> ServiceCalls {
        self.stats_board().of(key, self.context().clock.wall())
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

    const NOON: Timestamp = Timestamp(MINUTE_MS * 720);

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

    fn later(minutes: u64) -> Timestamp {
        Timestamp(NOON.0 + minutes * MINUTE_MS)
    }

    #[test]
    fn calls_are_added_up_by_minute_and_caller_for_an_hour() {
        let board = StatsBoard::default();
        board.report(key("orders"), "web", &report(3, &[1, 2]), NOON);
        board.report(key("orders"), "app", &report(10, &[0, 10]), NOON);
        board.report(key("orders"), "web", &report(1, &[1]), later(1));
        let told = board.of(&key("orders"), later(1));
        assert_eq!(told.minutes.len(), 2);
        assert_eq!(told.minutes[0].1.count, 13);
        let callers: Vec<_> = (told.callers.iter())
            .map(|(caller, calls)| (caller.as_str(), calls.count, calls.errors))
            .collect();
        assert_eq!(callers, [("app", 10, 1), ("web", 4, 2)]);
        assert_eq!(told.total().latency[..3], [2, 12, 0]);

        let told = board.of(&key("orders"), later(60));
        assert_eq!(
            told.total().count,
            1,
            "the first minute is over an hour old"
        );
        assert_eq!(told.callers.len(), 1);
        assert_eq!(board.of(&key("orders"), later(61)), ServiceCalls::default());
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let board = StatsBoard::default();
        board.report(key("orders"), "web", &report(1, &[]), later(10));
        board.report(key("orders"), "web", &report(1, &[]), later(5));
        assert_eq!(board.of(&key("orders"), later(10)).total().count, 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let board = StatsBoard::default();
        for number in 0..CALLERS_MAX + 10 {
            board.report(key("orders"), &format!("c{number}"), &report(1, &[]), NOON);
        }
        let told = board.of(&key("orders"), NOON);
        assert_eq!(told.callers.len(), CALLERS_MAX + 1);
        assert_eq!(told.callers[0].0, NAMELESS);
        for number in 0..SERVICES_MAX + 10 {
            board.report(key(&format!("s{number}")), "web", &report(1, &[]), NOON);
        }
        assert_eq!(board.0.lock().len(), SERVICES_MAX);
        board.report(key("fresh"), "web", &report(1, &[]), later(61));
        assert_eq!(board.0.lock().len(), 1, "what is old makes room");
    }
}
