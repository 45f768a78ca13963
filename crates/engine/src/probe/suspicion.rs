//! The prober's doubt about its own network.
//!
//! It counts targets of which a probe failed that had passed before. More than 30 % of all targets, at least 20, of 3 or
//! more services, within one interval: then the likeliest cause is on our side, and nothing is written. Single failures
//! count, and not only the third that makes a check failing, and from the twentieth target on a verdict waits until its
//! target has failed for an interval, so that the silence is there before the verdicts.
//!
//! It ends when so many pass again that it would not have begun, and after 5 min at the latest: failures can be real,
//! and then what is known is written after all. Targets that sat a silence out count in no other.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use compact_str::{CompactString, format_compact};
use foldhash::fast::RandomState;
use paste_model::{InstanceKey, ServiceKey};

use super::config::Config;

/// Most services whose timelines tell of one silence.
const EVENT_SERVICES_MAX: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Suspicion {
    /// Targets that fail and passed before, and since when.
    turned: HashMap<InstanceKey, Duration, RandomState>,
    /// What turned up to here counts no more.
    forgiven: Duration,
    silence: Option<Silence>,
    /// Enough targets of enough services turned lately, though perhaps not enough of all: since when they count, and for
    /// how long from then on a verdict waits.
    doubt: Option<(Duration, Duration)>,
    /// After a silence, when who still fails has had the time to pass again.
    reprieve: Duration,
}

#[derive(Debug)]
struct Silence {
    from: Duration,
    until: Duration,
    services: Vec<ServiceKey>,
}

/// A sentence for the timelines of these services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) reason: CompactString,
    pub(super) services: Vec<ServiceKey>,
    /// Whether the silence begins; else it ends.
    pub(super) begins: bool,
}

impl Suspicion {
    /// A target's probe failed, and it had passed before.
    pub(super) fn turned(&mut self, target: &InstanceKey, now: Duration) {
        self.turned.entry(target.clone()).or_insert(now);
    }

    /// A target passes, or is gone.
    pub(super) fn passes(&mut self, target: &InstanceKey) {
        self.turned.remove(target);
    }

    /// Whether nothing is to be written now.
    pub(super) fn silent(&self) -> bool {
        self.silence.is_some()
    }

    /// Until when a verdict on a target has to wait, if it must.
    pub(super) fn doubts(&self, target: &InstanceKey, now: Duration) -> Option<Duration> {
        let turned = *self.turned.get(target)?;
        let doubt = self.doubt.filter(|(from, _)| turned > *from);
        let until = doubt.map_or(self.reprieve, |(_, wait)| self.reprieve.max(turned + wait));
        (until > now).then_some(until)
    }

    /// Begins or ends a silence, as the counts among `targets` ask for.
    pub(super) fn decide(
        &mut self,
        config: &Config,
        targets: usize,
        now: Duration,
    ) -> Option<Notice> {
        if let Some(silence) = &self.silence {
            let (from, until) = (silence.from, silence.until);
            let failing = self.turned.values().filter(|at| **at >= from).count();
            let passed = !many(config, failing, targets);
            if !passed && now < until {
                return None;
            }
            let services = self.silence.take()?.services;
            self.forgiven = now;
            if passed {
                // The others are on their way back: a probe each, and one more to be sure.
                self.reprieve = now + config.interval.mul_f64(1.5);
            }
            let why = if passed {
                "they pass again"
            } else {
                "it lasted long enough"
            };
            return Some(Notice {
                reason: format_compact!(
                    "resumed: the results of probes are written again, because {why}"
                ),
                services,
                begins: false,
            });
        }
        self.doubt = None;
        if self.turned.len() < config.suspicion_targets_min {
            return None;
        }
        let from = now.saturating_sub(config.interval).max(self.forgiven);
        let recent = || self.turned.iter().filter(|(_, at)| **at > from);
        let count = recent().count();
        let services: HashSet<_> = recent().map(|(key, _)| &key.service).collect();
        if count < config.suspicion_targets_min || services.len() < config.suspicion_services_min {
            return None;
        }
        if !many(config, count, targets) {
            self.doubt = Some((from, config.interval));
            return None;
        }
        let mut services: Vec<_> = services.into_iter().cloned().collect();
        let reason = format_compact!(
            "held: {count} of {targets} probed instances in {} services fail at once; the prober suspects its own \
             network and writes nothing for {:?} unless they pass earlier",
            services.len(),
            config.suspicion_max
        );
        services.sort();
        services.truncate(EVENT_SERVICES_MAX);
        self.silence = Some(Silence {
            from,
            until: now + config.suspicion_max,
            services: services.clone(),
        });
        Some(Notice {
            reason,
            services,
            begins: true,
        })
    }
}

fn many(config: &Config, failing: usize, targets: usize) -> bool {
    failing >= config.suspicion_targets_min.max(1)
        && failing.saturating_mul(100) > targets.saturating_mul(config.suspicion_percent.into())
}
