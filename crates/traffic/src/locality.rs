//! Near before far: how much of the traffic each place gets, by how much of it is healthy.

use std::fmt;

use paste_model::{Label, Locality, Member};

use crate::Caller;

/// Where an instance is, seen from the caller; the nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In its zone.
    Zone(Label),
    /// In its region.
    Region(Label),
    /// In a region that the policy names for when the caller's own can't.
    Failover(Label),
    /// Anywhere else.
    Elsewhere,
}

/// What a place has, and what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Instances with status `up`.
    pub total: usize,
    /// Those that are eligible and not ejected.
    pub healthy: usize,
    /// Its share of the traffic, in percent.
    pub percent: u32,
    /// Whether so few are healthy that ejections don't count.
    pub panic: bool,
}

/// The places that a caller knows, nearest first.
pub(crate) fn places(caller: &Caller, locality: &Locality) -> Vec<Place> {
    let zone = caller.zone.clone().map(Place::Zone);
    let region = caller.region.clone().map(Place::Region);
    let failover = locality.failover_regions.iter().cloned();
    zone.into_iter()
        .chain(region)
        .chain(failover.map(Place::Failover))
        .chain([Place::Elsewhere])
        .collect()
}

impl Place {
    /// Whether `member` is there. A zone is known by its region, too, where both name theirs.
    pub(crate) fn takes(&self, member: &Member, caller: &Caller) -> bool {
        let instance = &member.instance;
        match self {
            Self::Zone(zone) => {
                instance.zone.as_ref() == Some(zone)
                    && (instance.region.is_none()
                        || caller.region.is_none()
                        || instance.region == caller.region)
            }
            Self::Region(region) | Self::Failover(region) => {
                instance.region.as_ref() == Some(region)
            }
            Self::Elsewhere => true,
        }
    }
}

/// The loads of places from (healthy, total), nearest first. All are 0 where next to nobody is healthy.
pub(crate) fn loads(counts: &[(usize, usize)], locality: &Locality) -> Vec<Load> {
    let overprovision = usize::from(locality.overprovision);
    let able: Vec<usize> = counts
        .iter()
        .map(|(healthy, total)| (overprovision * healthy / (*total).max(1)).min(100))
        .collect();
    let norm = able.iter().sum::<usize>().min(100);
    let mut left = 100;
    let mut percents: Vec<usize> = able
        .iter()
        .map(|able| {
            let percent = (able * 100).checked_div(norm).unwrap_or(0).min(left);
            left -= percent;
            percent
        })
        .collect();
    if let Some(first) = able.iter().position(|able| *able > 0) {
        percents[first] += left;
    }
    let threshold = usize::from(locality.panic_threshold);
    let load = |((healthy, total), percent): (&(usize, usize), &usize)| Load {
        total: *total,
        healthy: *healthy,
        percent: u32::try_from(*percent).unwrap_or(100),
        panic: norm < 100 && healthy * 100 < threshold * total,
    };
    counts.iter().zip(&percents).map(load).collect()
}

/// The index of the place that answers for a number drawn below 100.
pub(crate) fn at(loads: &[Load], drawn: u64) -> usize {
    let mut sum = 0;
    let found = loads.iter().position(|load| {
        sum += u64::from(load.percent);
        sum > drawn
    });
    found.unwrap_or(0)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zone(zone) => write!(f, "zone {}", zone.as_str()),
            Self::Region(region) => write!(f, "region {}", region.as_str()),
            Self::Failover(region) => write!(f, "failover region {}", region.as_str()),
            Self::Elsewhere => f.write_str("elsewhere"),
        }
    }
}
