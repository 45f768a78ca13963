//! Outlier detection: endpoints that fail are left alone for a while. `conformance/README.md` defines it.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use paste_model::InstanceId;

use super::{Entry, Ledger};
use crate::gauges::Gauges;
use crate::nanos::{duration, nanos};
use crate::seat::Seat;

/// Most ejections that are kept for whoever asks for them.
const EJECTIONS_MAX: usize = 256;

/// An endpoint that is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ejection {
    /// Which.
    pub id: InstanceId,
    /// Until when, on the caller's clock.
    pub until: Duration,
    /// Why.
    pub cause: EjectionCause,
}

/// Why an endpoint is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EjectionCause {
    /// So many calls failed one after another.
    Consecutive,
    /// Too large a share of the calls of an interval failed.
    FailurePercentage,
    /// It succeeded far more rarely than the others.
    SuccessRate,
}

impl Ledger {
    /// Begins the first interval.
    pub(crate) fn begin_interval(&mut self, now: u64) {
        self.interval_began.get_or_insert(now);
    }

    pub(crate) fn interval_end(&self) -> Option<u64> {
        let interval = nanos(self.plan.policy.outlier_detection.interval);
        Some(self.interval_began?.saturating_add(interval))
    }

    /// Ends the interval if it is over.
    pub(crate) fn turn(&mut self, now: u64) {
        let Some(began) = self.interval_began else {
            return;
        };
        if self.interval_end().is_some_and(|end| now < end) {
            return;
        }
        let counts: Vec<_> = self.entries.iter().map(Entry::take_counts).collect();
        for index in self.failing(&counts, now) {
            self.eject(index, EjectionCause::FailurePercentage, now);
        }
        for index in self.rarely_succeeding(&counts, now) {
            self.eject(index, EjectionCause::SuccessRate, now);
        }
        for entry in &mut self.entries {
            if entry.until.is_none_or(|until| until <= began) {
                entry.times = entry.times.saturating_sub(1);
            }
        }
        self.interval_began = Some(now);
    }

    /// Those of whose calls too large a share failed; `counts` are successes and failures.
    fn failing(&self, counts: &[(u32, u32)], now: u64) -> Vec<usize> {
        let settings = &self.plan.policy.outlier_detection;
        let percentage = u64::from(settings.failure_percentage);
        if percentage == 0 {
            return Vec::new();
        }
        let judged = self.judged(counts, settings.failure_percentage_requests, now);
        if judged.len() < usize::from(settings.failure_percentage_hosts) {
            return Vec::new();
        }
        let failing = judged.into_iter().filter(|index| {
            let (successes, failures) = counts[*index];
            let all = u64::from(successes) + u64::from(failures);
            u64::from(failures) * 100 >= percentage * all
        });
        failing.collect()
    }

    fn rarely_succeeding(&self, counts: &[(u32, u32)], now: u64) -> Vec<usize> {
        let Some(settings) = &self.success_rate else {
            return Vec::new();
        };
        let judged = self.judged(counts, settings.requests, now);
        let outliers = settings.outliers(judged.iter().map(|index| counts[*index]));
        outliers.into_iter().map(|at| judged[at]).collect()
    }

    /// Those that aren't ejected and had so many calls.
    fn judged(&self, counts: &[(u32, u32)], requests: u32, now: u64) -> Vec<usize> {
        let entries = self.entries.iter().zip(counts).enumerate();
        let judged = entries.filter(|(_, (entry, (successes, failures)))| {
            let all = u64::from(*successes) + u64::from(*failures);
            !entry.is_ejected(now) && all >= u64::from(requests)
        });
        judged.map(|(index, _)| index).collect()
    }

    /// Ejects an endpoint after so many failures in a row; whether it did.
    pub(crate) fn eject_for_row(&mut self, seat: &Seat, now: u64) -> bool {
        let threshold = u32::from(self.plan.policy.outlier_detection.consecutive_failures);
        // Of several that saw the row become too long, one ejects.
        if threshold == 0 || seat.gauges.consecutive.load(Relaxed) < threshold {
            return false;
        }
        seat.gauges.consecutive.store(0, Relaxed);
        let index = self.entry_of(seat);
        index.is_some_and(|index| self.eject(index, EjectionCause::Consecutive, now))
    }

    fn eject(&mut self, index: usize, cause: EjectionCause, now: u64) -> bool {
        let settings = &self.plan.policy.outlier_detection;
        let endpoints = self.entries.len();
        let ejected = self
            .entries
            .iter()
            .filter(|one| one.is_ejected(now))
            .count();
        let most = usize::from(settings.max_ejected);
        let few = ejected == 0 || (ejected + 1) * 100 <= most * endpoints;
        let entry = &mut self.entries[index];
        if most == 0 || !few || ejected + 1 >= endpoints || entry.is_ejected(now) {
            return false;
        }
        let base = nanos(settings.base_ejection);
        let longest = base.max(nanos(settings.max_ejection));
        entry.times = entry.times.saturating_add(1);
        let lasts = base.saturating_mul(u64::from(entry.times)).min(longest);
        let until = now.saturating_add(lasts);
        entry.until = Some(until);
        if self.ejections.len() < EJECTIONS_MAX {
            self.ejections.push(Ejection {
                id: entry.seat.member.id.clone(),
                until: duration(until),
                cause,
            });
        }
        true
    }

    pub(crate) fn take_ejections(&mut self) -> Vec<Ejection> {
        std::mem::take(&mut self.ejections)
    }

    pub(crate) fn has_ejections(&self) -> bool {
        !self.ejections.is_empty()
    }
}

impl Entry {
    /// Successes and failures since this was last asked.
    fn take_counts(&self) -> (u32, u32) {
        let gauges: &Gauges = &self.seat.gauges;
        (
            gauges.successes.swap(0, Relaxed),
            gauges.failures.swap(0, Relaxed),
        )
    }
}
