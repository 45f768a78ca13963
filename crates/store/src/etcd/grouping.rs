//! Which of the commands that wait go into the next transaction.
//!
//! etcd evaluates all comparisons of a transaction before it applies any of it, and transactions of several lanes overtake
//! each other. So a command waits for every earlier one that writes a key it reads or writes, or reads a key it writes,
//! until that one is answered. What each command finds is then what it would have found had all been committed one by one
//! in the order in which they came.

use std::collections::{HashMap, VecDeque};

use super::command::{Command, Touch};

/// Commands that are looked at for one group, so that a storm on one key stays cheap.
const LOOKED_AT_MAX: usize = 2_000;

/// What a group may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) operations: usize,
    pub(super) bytes: usize,
}

/// What has to be known of a command to group it.
pub(super) trait Item {
    fn touches(&self) -> &[Touch];
    fn operations(&self) -> usize;
    fn bytes(&self) -> usize;
}

impl Item for Command {
    fn touches(&self) -> &[Touch] {
        &self.touches
    }

    fn operations(&self) -> usize {
        self.operations()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Keys that are taken: by how many readers, and by how many writers.
#[derive(Debug, Default)]
pub(super) struct Taken(HashMap<u64, (usize, usize)>);

impl Taken {
    pub(super) fn take(&mut self, touches: &[Touch]) {
        for touch in touches {
            let (readers, writers) = self.0.entry(touch.key).or_default();
            *if touch.writes { writers } else { readers } += 1;
        }
    }

    pub(super) fn release(&mut self, touches: &[Touch]) {
        for touch in touches {
            if let Some((readers, writers)) = self.0.get_mut(&touch.key) {
                let count = if touch.writes {
                    &mut *writers
                } else {
                    &mut *readers
                };
                *count -= 1;
                if (*readers, *writers) == (0, 0) {
                    self.0.remove(&touch.key);
                }
            }
        }
    }

    fn stands_against(&self, touches: &[Touch]) -> bool {
        touches.iter().any(|touch| {
            let (readers, writers) = self.0.get(&touch.key).copied().unwrap_or_default();
            writers > 0 || (touch.writes && readers > 0)
        })
    }
}

/// Takes the next group out of `waiting`; `taken` are the keys of what is in flight, and of the group from now on.
pub(super) fn pick<I: Item>(
    waiting: &mut VecDeque<I>,
    taken: &mut Taken,
    limits: Limits,
) -> Vec<I> {
    let mut group: Vec<I> = Vec::new();
    let (mut operations, mut bytes) = (0, 0);
    let mut passed_over = Taken::default();
    let mut stay = VecDeque::new();
    for _ in 0..LOOKED_AT_MAX {
        if operations >= limits.operations {
            break;
        }
        let Some(item) = waiting.pop_front() else {
            break;
        };
        let fits = operations + item.operations() <= limits.operations
            && bytes + item.bytes() <= limits.bytes;
        let free =
            !passed_over.stands_against(item.touches()) && !taken.stands_against(item.touches());
        // One that is too large for any group goes alone.
        if free && (fits || group.is_empty()) {
            operations += item.operations();
            bytes += item.bytes();
            taken.take(item.touches());
            group.push(item);
        } else {
            passed_over.take(item.touches());
            stay.push_back(item);
        }
    }
    while let Some(item) = stay.pop_back() {
        waiting.push_front(item);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    struct Fake {
        number: usize,
        touches: Vec<Touch>,
        operations: usize,
    }

    impl Item for Fake {
        fn touches(&self) -> &[Touch] {
            &self.touches
        }

        fn operations(&self) -> usize {
            self.operations
        }

        fn bytes(&self) -> usize {
            self.operations * 10
        }
    }

    const LIMITS: Limits = Limits {
        operations: 10,
        bytes: 90,
    };

    fn fakes() -> impl Strategy<Value = Vec<Fake>> {
        let touch = (0..6_u64, any::<bool>()).prop_map(|(key, writes)| Touch { key, writes });
        vec((vec(touch, 0..4), 1..13_usize), 0..40).prop_map(|plans| {
            plans
                .into_iter()
                .enumerate()
                .map(|(number, (touches, operations))| Fake {
                    number,
                    touches,
                    operations,
                })
                .collect()
        })
    }

    fn clash(one: &Fake, other: &Fake) -> bool {
        one.touches.iter().any(|a| {
            let same = other.touches.iter().filter(|b| a.key == b.key);
            same.into_iter().any(|b| a.writes || b.writes)
        })
    }

    proptest! {
        /// With up to four groups in flight that end in any order: no two that clash are in flight together, each
        /// command comes after those before it that it clashes with, all come, and no group is over the limits.
        #[test]
        fn the_order_of_those_that_clash_is_kept(fakes in fakes(), ends in vec(0..4_usize, 200)) {
            let mut waiting: VecDeque<_> = fakes.clone().into();
            let mut taken = Taken::default();
            let mut flying: Vec<Vec<Fake>> = Vec::new();
            let mut done = Vec::new();
            let mut ends = ends.into_iter();
            while !(waiting.is_empty() && flying.is_empty()) {
                let group = if flying.len() < 4 { pick(&mut waiting, &mut taken, LIMITS) } else { Vec::new() };
                if group.is_empty() {
                    prop_assert!(!flying.is_empty(), "nothing goes on");
                    let ended = flying.swap_remove(ends.next().unwrap_or(0) % flying.len());
                    for fake in ended {
                        taken.release(&fake.touches);
                        done.push(fake.number);
                    }
                    continue;
                }
                let operations: usize = group.iter().map(Item::operations).sum();
                prop_assert!(group.len() == 1 || operations <= LIMITS.operations);
                prop_assert!(group.len() == 1 || operations * 10 <= LIMITS.bytes);
                prop_assert!(group.is_sorted_by_key(|fake| fake.number));
                for (at, fake) in group.iter().enumerate() {
                    let beside = group[..at].iter().chain(flying.iter().flatten());
                    for other in beside {
                        prop_assert!(!clash(fake, other));
                    }
                    for earlier in &fakes[..fake.number] {
                        prop_assert!(!clash(fake, earlier) || done.contains(&earlier.number));
                    }
                }
                flying.push(group);
            }
            prop_assert_eq!(done.len(), fakes.len());
            prop_assert!(taken.0.is_empty());
        }
    }
}
