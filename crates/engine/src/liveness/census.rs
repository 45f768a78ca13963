//! How many instances each service and each zone has, and how many of a zone's are unhealthy: what the guards compare
//! with. Kept up to date by every transition, in memory that is bounded by the zones and services there are.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;
use paste_model::{Label, Member, ServiceKey};

/// A zone within its region. Instances that name no zone belong to none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Zone {
    region: Option<Label>,
    zone: Label,
}

impl Zone {
    /// The zone of a member, if it names one.
    pub(super) fn of(member: &Member) -> Option<Self> {
        Some(Self {
            region: member.instance.region.clone(),
            zone: member.instance.zone.clone()?,
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{}/{}", region.as_str(), self.zone.as_str()),
            None => f.write_str(self.zone.as_str()),
        }
    }
}

/// Instances of a zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) all: usize,
    pub(super) unhealthy: usize,
}

impl Tally {
    /// Whether at least `percent` of the instances are unhealthy.
    pub(super) fn reaches(self, percent: u8) -> bool {
        self.all > 0 && self.unhealthy * 100 >= self.all * usize::from(percent)
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Census {
    services: HashMap<ServiceKey, usize, RandomState>,
    zones: HashMap<Zone, Tally, RandomState>,
}

impl Census {
    /// Follows one member from what it was to what it is.
    pub(super) fn follow(
        &mut self,
        service: &ServiceKey,
        before: Option<&Member>,
        after: Option<&Member>,
    ) {
        match (before, after) {
            (None, Some(_)) => *self.services.entry(service.clone()).or_default() += 1,
            (Some(_), None) => {
                if let Some(count) = self.services.get_mut(service) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        self.services.remove(service);
                    }
                }
            }
            _ => {}
        }
        let place = |member: Option<&Member>| {
            member.and_then(|member| Some((Zone::of(member)?, !member.healthy())))
        };
        let (before, after) = (place(before), place(after));
        if before == after {
            return;
        }
        if let Some((zone, unhealthy)) = before
            && let Some(tally) = self.zones.get_mut(&zone)
        {
            tally.all = tally.all.saturating_sub(1);
            tally.unhealthy = tally.unhealthy.saturating_sub(usize::from(unhealthy));
            if tally.all == 0 {
                self.zones.remove(&zone);
            }
        }
        if let Some((zone, unhealthy)) = after {
            let tally = self.zones.entry(zone).or_default();
            tally.all += 1;
            tally.unhealthy += usize::from(unhealthy);
        }
    }

    /// Instances of a service.
    pub(super) fn service(&self, service: &ServiceKey) -> usize {
        self.services.get(service).copied().unwrap_or(0)
    }

    /// Instances of a zone.
    pub(super) fn zone(&self, zone: &Zone) -> Tally {
        self.zones.get(zone).copied().unwrap_or_default()
    }
}
