//! Guard: expiry has a pace. Per service, never more than 10 instances a second, or half a percent of the service's
//! instances a second if that is more, step to `failing` or are removed; of several nodes each has its share. A step in a zone of which 55 % is unhealthy
//! counts ten times.
//!
//! Each service has a token bucket that holds a second's worth and a queue of the sessions that wait for it. A session
//! steps as a whole, whatever it holds in a service, so a bucket may go into debt: it has to be positive before, and is
//! paid back after. Invariants: a session waits in one queue; who waits goes first, in order; a service that nobody
//! waits for and whose bucket is full costs no memory.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use paste_model::{ServiceKey, SessionId};

use super::config::PaceConfig;

/// What one step asks of one service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Demand {
    pub(super) service: ServiceKey,
    /// Instances that step, those in an unhealthy zone counted more than once.
    pub(super) cost: u64,
    /// Instances of the service.
    pub(super) size: usize,
}

/// The buckets.
#[derive(Debug)]
pub(super) struct Pace {
    config: PaceConfig,
    /// Nodes that share the pace.
    nodes: usize,
    lanes: HashMap<ServiceKey, Lane, RandomState>,
}

#[derive(Debug)]
struct Lane {
    /// Thousandths of an instance; negative is debt.
    tokens_milli: i64,
    rate_per_second: i64,
    refilled: u64,
    waiting: VecDeque<SessionId>,
}

impl Lane {
    fn refill(&mut self, now: u64) {
        let passed = i64::try_from(now.saturating_sub(self.refilled)).unwrap_or(i64::MAX);
        let full = self.rate_per_second.saturating_mul(1_000);
        let fresh = passed.saturating_mul(self.rate_per_second);
        self.tokens_milli = self.tokens_milli.saturating_add(fresh).min(full);
        self.refilled = now;
    }

    fn full(&self) -> bool {
        self.tokens_milli >= self.rate_per_second.saturating_mul(1_000)
    }
}

impl Pace {
    pub(super) fn new(config: PaceConfig) -> Self {
        Self {
            config,
            nodes: 1,
            lanes: HashMap::default(),
        }
    }

    /// Shares the pace with others: so many nodes judge.
    pub(super) fn share(&mut self, nodes: usize) {
        self.nodes = nodes.max(1);
    }

    fn rate(&self, size: usize) -> i64 {
        let share = size.saturating_mul(self.config.permille_per_second as usize) / 1_000;
        let whole = i64::from(self.config.per_second).max(i64::try_from(share).unwrap_or(i64::MAX));
        let nodes = i64::try_from(self.nodes).unwrap_or(1);
        (whole / nodes).max(1)
    }

    /// Lets a step pass, or names the service that it has to wait for. `waited`: it was let out of a queue just now, so
    /// that it need not stand behind those who still wait.
    pub(super) fn ask(
        &mut self,
        now: u64,
        waited: bool,
        demands: &[Demand],
    ) -> Result<(), ServiceKey> {
        for demand in demands {
            let rate_per_second = self.rate(demand.size);
            let lane = self
                .lanes
                .entry(demand.service.clone())
                .or_insert_with(|| Lane {
                    tokens_milli: rate_per_second.saturating_mul(1_000),
                    rate_per_second,
                    refilled: now,
                    waiting: VecDeque::new(),
                });
            lane.rate_per_second = rate_per_second;
            lane.refill(now);
            if lane.tokens_milli < 1_000 || (!waited && !lane.waiting.is_empty()) {
                return Err(demand.service.clone());
            }
        }
        for demand in demands {
            if let Some(lane) = self.lanes.get_mut(&demand.service) {
                let cost = i64::try_from(demand.cost.saturating_mul(1_000)).unwrap_or(i64::MAX);
                lane.tokens_milli = lane.tokens_milli.saturating_sub(cost);
            }
        }
        Ok(())
    }

    /// Queues a session for a service that it was refused by.
    pub(super) fn wait(&mut self, service: &ServiceKey, session: SessionId) {
        if let Some(lane) = self.lanes.get_mut(service) {
            lane.waiting.push_back(session);
        }
    }

    /// Lets out of each queue as many sessions as there are tokens, to ask again.
    pub(super) fn release(&mut self, now: u64) -> Vec<SessionId> {
        let mut out = Vec::new();
        self.lanes.retain(|_, lane| {
            lane.refill(now);
            let whole = usize::try_from(lane.tokens_milli / 1_000).unwrap_or(0);
            let count = whole.min(lane.waiting.len());
            out.extend(lane.waiting.drain(..count));
            !lane.full() || !lane.waiting.is_empty()
        });
        out
    }

    /// Sessions waiting for a service.
    pub(super) fn waiting(&self, service: &ServiceKey) -> usize {
        self.lanes.get(service).map_or(0, |lane| lane.waiting.len())
    }

    /// Steps a second that a service allows.
    pub(super) fn rate_of(&self, service: &ServiceKey) -> i64 {
        self.lanes
            .get(service)
            .map_or(0, |lane| lane.rate_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_model::{Namespace, ServiceName};

    fn demand(service: &str, cost: u64, size: usize) -> Demand {
        Demand {
            service: ServiceKey {
                namespace: Namespace::default(),
                name: ServiceName::new(service).expect("valid"),
            },
            cost,
            size,
        }
    }

    /// Steps let through in `seconds`, when everybody asks at every tick.
    fn passed(cost: u64, size: usize, seconds: u64) -> usize {
        let mut pace = Pace::new(PaceConfig::default());
        let mut passed = 0;
        for tick in 0..seconds * 4 {
            while pace
                .ask(tick * 250, true, &[demand("a", cost, size)])
                .is_ok()
            {
                passed += 1;
            }
        }
        passed
    }

    #[test]
    fn the_pace_is_ten_a_second_or_half_a_percent() {
        // A full bucket at the start, then the rate; the last tick is a quarter of a second before the end.
        let cases = [
            ("small service", 1, 10, 10 + 97),
            ("half a percent of 10,000", 1, 10_000, 50 + 487),
            ("an unhealthy zone", 10, 10, 11),
            ("a session with 30 instances there", 30, 10, 4),
        ];
        for (name, cost, size, expected) in cases {
            let found = passed(cost, size, 10);
            assert!(
                found.abs_diff(expected) <= 1,
                "{name}: {found}, not {expected}"
            );
        }
    }

    #[test]
    fn who_waits_goes_first_and_idle_services_cost_nothing() {
        let mut pace = Pace::new(PaceConfig::default());
        let one = [demand("a", 1, 1)];
        let session = |name: &str| SessionId::new(name).expect("valid");
        for _ in 0..10 {
            assert!(pace.ask(0, false, &one).is_ok());
        }
        assert_eq!(pace.ask(0, false, &one), Err(one[0].service.clone()));
        pace.wait(&one[0].service, session("s1"));
        pace.wait(&one[0].service, session("s2"));
        assert!(pace.release(50).is_empty(), "half a token");
        assert!(
            pace.ask(100, false, &one).is_err(),
            "not before those who wait"
        );
        assert_eq!(pace.release(100), [session("s1")]);
        assert!(pace.ask(100, true, &one).is_ok());
        assert_eq!(pace.release(200), [session("s2")]);
        assert_eq!(pace.waiting(&one[0].service), 0);
        assert!(pace.release(5_000).is_empty());
        assert!(pace.lanes.is_empty());
    }

    #[test]
    fn a_step_in_two_services_needs_both() {
        let mut pace = Pace::new(PaceConfig::default());
        let both = [demand("a", 1, 1), demand("b", 1, 1)];
        for _ in 0..10 {
            assert!(pace.ask(0, false, &both[1..]).is_ok());
        }
        assert_eq!(pace.ask(0, false, &both), Err(both[1].service.clone()));
        for _ in 0..10 {
            assert!(
                pace.ask(0, false, &both[..1]).is_ok(),
                "nothing was taken of a"
            );
        }
    }
}
