//! Runs: batches that can be applied together, because what each did can still be told apart.
//!
//! A run is either one batch of any kind, or registrations of different instances, none of which changes a verdict: then
//! each member says which batch it came with.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;
use paste_model::{Change, Committed, InstanceKey, Record};

use crate::session::Sessions;
use crate::transition::Transition;

/// The run that some batches begin with.
pub(super) struct Run<'a> {
    /// At least one.
    pub(super) batches: &'a [Committed],
    /// The batch of each instance that is registered.
    places: HashMap<&'a InstanceKey, usize, RandomState>,
}

impl<'a> Run<'a> {
    /// The longest run that `batches`, of which there is at least one, begin with; and what follows it.
    pub(super) fn first_of(
        batches: &'a [Committed],
        sessions: &Sessions,
    ) -> (Self, &'a [Committed]) {
        let mut places = HashMap::default();
        let joined = batches
            .iter()
            .enumerate()
            .take_while(|(place, batch)| joins(batch, *place, sessions, &mut places))
            .count();
        let (batches, rest) = batches.split_at(joined.max(1));
        (Self { batches, places }, rest)
    }

    /// What each batch did.
    pub(super) fn by_batch(&self, transitions: Vec<Transition>) -> Vec<Vec<Transition>> {
        let last = self.batches.len() - 1;
        if last == 0 {
            return vec![transitions];
        }
        let mut told: Vec<Vec<Transition>> = self.batches.iter().map(|_| Vec::new()).collect();
        for transition in transitions {
            let place = match &transition {
                Transition::Member { key, .. } => self.places.get(key).copied(),
                _ => None,
            };
            told[place.unwrap_or(last)].push(transition);
        }
        told
    }
}

/// Whether `batch` is only registrations, of instances that no batch before it registers.
fn joins<'a>(
    batch: &'a Committed,
    place: usize,
    sessions: &Sessions,
    places: &mut HashMap<&'a InstanceKey, usize, RandomState>,
) -> bool {
    batch.changes.iter().all(|change| match change {
        Change::Put(Record::Instance(key, _)) => match places.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
                true
            }
            Entry::Occupied(_) => false,
        },
        Change::Put(Record::Session(id, session)) => {
            let known = sessions.get(id.as_str());
            session.health.is_none() && known.is_none_or(|cell| cell.verdict().is_none())
        }
        Change::Put(_) | Change::Delete(_) => false,
    })
}
