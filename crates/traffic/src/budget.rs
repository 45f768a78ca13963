//! The retry budget: how many calls may be tried again, so that retries can't multiply what an ailing service has to bear.
//!
//! A bucket over the last ten seconds, kept in ten slots. Each first try deposits 1; a retry costs `100/budget`; what
//! `min_per_second` allows is always there. The numbers come from the policy that holds at the moment of a retry.

use std::time::Duration;

use parking_lot::Mutex;
use paste_model::Retries;

use crate::nanos::{SECOND, nanos};

const SLOTS: usize = 10;
/// A retry costs 100 and a first try deposits `budget`: the definition's numbers times `budget`, so that they are integers.
const COST: i64 = 100;

/// What a service's callers have deposited and spent. One for each service, shared by all who call it.
#[derive(Debug, Default)]
pub struct RetryBudget(Mutex<[Slot; SLOTS]>);

#[derive(Debug, Default, Clone, Copy)]
struct Slot {
    second: u64,
    deposits: i64,
    retries: i64,
}

impl RetryBudget {
    /// Notes a first try.
    pub fn deposit(&self, now: Duration) {
        slot(&mut self.0.lock(), now).deposits += 1;
    }

    /// Pays for a retry, or refuses it where the balance doesn't suffice.
    pub fn withdraw(&self, retries: &Retries, now: Duration) -> bool {
        let mut slots = self.0.lock();
        let allowed = balance(&slots, retries, now) >= COST;
        if allowed {
            slot(&mut slots, now).retries += 1;
        }
        allowed
    }

    /// How many retries could be paid for now.
    pub fn left(&self, retries: &Retries, now: Duration) -> u64 {
        let left = balance(&self.0.lock(), retries, now) / COST;
        u64::try_from(left).unwrap_or(0)
    }
}

/// What could be spent, in hundredths of a retry. Below 0 where deposits went by before what was bought with them.
fn balance(slots: &[Slot; SLOTS], retries: &Retries, now: Duration) -> i64 {
    let second = nanos(now) / SECOND;
    let reserve = i64::from(retries.min_per_second) * SLOTS as i64 * COST;
    slots
        .iter()
        .filter(|slot| slot.second.saturating_add(SLOTS as u64) > second)
        .fold(reserve, |balance, slot| {
            balance + slot.deposits * i64::from(retries.budget) - slot.retries * COST
        })
}

/// The slot of `now`, emptied if it held another second.
fn slot(slots: &mut [Slot; SLOTS], now: Duration) -> &mut Slot {
    let second = nanos(now) / SECOND;
    let slot = &mut slots[(second % SLOTS as u64) as usize % SLOTS];
    if slot.second < second {
        *slot = Slot {
            second,
            ..Slot::default()
        };
    }
    slot
}
