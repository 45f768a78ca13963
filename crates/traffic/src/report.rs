//! What an instance reports of its load, and how many calls it can bear by that.

use crate::nanos::SECOND;

/// A report that is older than this has no effect any more.
const EXPIRY: u64 = 180 * SECOND;
/// How much failures count against an instance.
const ERROR_PENALTY: f64 = 1.0;

/// What an instance reports with its answers, in the manner of ORCA.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadReport {
    /// Calls a second that it serves.
    pub requests_per_second: f64,
    /// How busy it is with that, 1 for fully.
    pub utilization: f64,
    /// Calls a second that fail.
    pub errors_per_second: f64,
}

impl LoadReport {
    /// Calls a second that it could serve: those it serves by how busy that makes it, less where calls fail. `None` if the
    /// report says nothing about that.
    pub fn capacity(&self) -> Option<f64> {
        let requests = self.requests_per_second;
        let penalty = self.errors_per_second.max(0.0) / requests * ERROR_PENALTY;
        let capacity = requests / (self.utilization + penalty);
        let says = requests > 0.0 && self.utilization > 0.0 && capacity.is_finite();
        says.then_some(capacity)
    }
}

/// The last that an endpoint reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) calls_per_second: f64,
    pub(crate) reported: u64,
}

impl Capacity {
    pub(crate) fn usable(&self, now: u64) -> Option<f64> {
        let fresh = now.saturating_sub(self.reported) <= EXPIRY;
        fresh.then_some(self.calls_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_make_a_capacity_smaller() {
        for (errors, capacity) in [(0.0, 200.0), (10.0, 100.0 / 0.6), (100.0, 100.0 / 1.5)] {
            let report = LoadReport {
                requests_per_second: 100.0,
                utilization: 0.5,
                errors_per_second: errors,
            };
            let found = report.capacity().expect("says something");
            assert!((found - capacity).abs() < 1e-9, "{errors}: {found}");
        }
    }

    #[test]
    fn what_says_nothing_is_passed_over() {
        for (requests, utilization) in [(0.0, 0.5), (10.0, 0.0), (f64::NAN, 0.5), (-1.0, 0.5)] {
            let report = LoadReport {
                requests_per_second: requests,
                utilization,
                errors_per_second: 0.0,
            };
            assert_eq!(report.capacity(), None, "{report:?}");
        }
    }

    #[test]
    fn reports_count_for_three_minutes() {
        let capacity = Capacity {
            calls_per_second: 5.0,
            reported: 7,
        };
        assert_eq!(capacity.usable(7 + EXPIRY), Some(5.0));
        assert_eq!(capacity.usable(8 + EXPIRY), None);
    }
}
