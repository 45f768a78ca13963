//! A part of a service, by place: who is where, how much of the traffic each place gets, and who may be chosen there.

use crate::candidates::Candidates;
use crate::chance::mulhi;
use crate::locality::{Load, Place, at, loads, places};
use crate::plan::Plan;
use crate::standing::Standing;
use crate::trace::{Notes, Step};
use crate::{Caller, NoInstance};

pub(crate) struct Pool {
    /// Those with somebody up, nearest first.
    spots: Vec<Spot>,
    /// What each of them gets.
    loads: Vec<Load>,
    /// The only one that gets any traffic.
    only: Option<usize>,
}

struct Spot {
    place: Place,
    /// None where it gets no traffic.
    candidates: Option<Candidates>,
}

impl Pool {
    pub(crate) fn new<'s>(
        members: impl Iterator<Item = &'s Standing>,
        plan: &Plan,
        caller: &Caller,
    ) -> Self {
        let locality = &plan.policy.locality;
        let places = places(caller, locality);
        let mut here: Vec<Vec<&Standing>> = vec![Vec::new(); places.len()];
        for member in members.filter(|member| member.up) {
            let first = places
                .iter()
                .position(|place| place.takes(&member.seat.member, caller));
            // `Elsewhere` takes everybody.
            if let Some(first) = first {
                here[first].push(member);
            }
        }
        let mut here: Vec<_> = places
            .into_iter()
            .zip(here)
            .filter(|(_, members)| !members.is_empty())
            .collect();
        let healthy = |members: &[&Standing]| members.iter().filter(|one| one.healthy()).count();
        let counts: Vec<_> = here
            .iter()
            .map(|(_, members)| (healthy(members), members.len()))
            .collect();
        let mut loads = loads(&counts, locality);
        let eligible = here
            .iter()
            .position(|(_, members)| members.iter().any(|one| one.eligible));
        let nobody = loads.iter().all(|load| load.percent == 0);
        if let Some(first) = eligible
            && nobody
            && locality.panic_threshold > 0
        {
            loads[first].percent = 100;
            loads[first].panic = true;
        }
        let spots: Vec<_> = here
            .drain(..)
            .zip(&loads)
            .map(|((place, members), load)| Spot::new(place, &members, *load))
            .collect();
        let mut served = (0..)
            .zip(&spots)
            .filter(|(_, spot)| spot.candidates.is_some());
        let only = match (served.next(), served.next()) {
            (Some((only, _)), None) => Some(only),
            _ => None,
        };
        Self { spots, loads, only }
    }

    /// The candidates of the place whose turn it is. Draws once if several get traffic.
    #[inline]
    pub(crate) fn place<R: FnMut() -> u64>(
        &self,
        random: &mut R,
        notes: &mut Notes<'_>,
    ) -> Result<&Candidates, NoInstance> {
        match self.only {
            Some(only) => self.served(Some(only), None, notes),
            None if self.spots.iter().all(|spot| spot.candidates.is_none()) => {
                self.served(None, None, notes)
            }
            None => {
                let drawn = mulhi(random(), 100);
                self.served(Some(at(&self.loads, drawn)), Some(drawn), notes)
            }
        }
    }

    #[inline]
    fn served(
        &self,
        chosen: Option<usize>,
        drawn: Option<u64>,
        notes: &mut Notes<'_>,
    ) -> Result<&Candidates, NoInstance> {
        notes.add(|| self.told(chosen, drawn));
        let spot = chosen.and_then(|chosen| self.spots.get(chosen));
        let candidates = spot.and_then(|spot| spot.candidates.as_ref());
        candidates.ok_or(NoInstance::AllEjected)
    }

    fn told(&self, chosen: Option<usize>, drawn: Option<u64>) -> Step {
        let places = self.spots.iter().map(|spot| spot.place.clone());
        Step::Locality {
            places: places.zip(self.loads.iter().copied()).collect(),
            chosen,
            drawn,
        }
    }
}

impl Spot {
    fn new(place: Place, members: &[&Standing], load: Load) -> Self {
        let serves = |one: &Standing| {
            if load.panic {
                one.eligible
            } else {
                one.healthy()
            }
        };
        let candidates = || {
            let serving = members.iter().filter(|one| serves(one));
            Candidates::of(serving.map(|one| one.candidate()).collect())
        };
        Self {
            candidates: if load.percent > 0 { candidates() } else { None },
            place,
        }
    }
}
