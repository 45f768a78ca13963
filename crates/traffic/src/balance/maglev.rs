//! Maglev: a table of 65,537 slots that the candidates fill in turn, each by a permutation of its own. Built and read faster
//! than a ring; when somebody goes, a few more keys than its own move.

use twox_hash::XxHash64;

/// A prime, far above the number of candidates that a service is chosen from.
const SLOTS: usize = 65_537;
const FREE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Maglev(Box<[u32]>);

/// A candidate on its way through the slots.
struct Filler {
    slot: usize,
    skip: usize,
    weight: f64,
    /// It fills a slot each time its weight, added up over the rounds, reaches this.
    due: f64,
}

impl Maglev {
    /// From the key and the weight, above 0, of each candidate in id order.
    pub(crate) fn new(shares: &[(&str, f64)]) -> Self {
        let greatest = shares.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
        let mut fillers: Vec<_> = shares
            .iter()
            .map(|(key, weight)| Filler {
                slot: remainder(XxHash64::oneshot(0, key.as_bytes()), SLOTS),
                skip: remainder(XxHash64::oneshot(1, key.as_bytes()), SLOTS - 1) + 1,
                weight: *weight,
                due: 0.0,
            })
            .collect();
        let mut table = vec![FREE; SLOTS].into_boxed_slice();
        let mut free = SLOTS;
        let mut round = 0.0;
        while free > 0 {
            round += 1.0;
            for (index, filler) in (0..).zip(&mut fillers) {
                if free == 0 {
                    break;
                }
                if round * filler.weight < filler.due {
                    continue;
                }
                filler.due += greatest;
                // The number of slots is prime, so the walk meets each of them, a free one included.
                while table[filler.slot] != FREE {
                    filler.slot = (filler.slot + filler.skip) % SLOTS;
                }
                table[filler.slot] = index;
                free -= 1;
            }
        }
        Self(table)
    }

    /// The owners of all slots, and where among them a walk from `hash` begins.
    pub(crate) fn start(&self, hash: u64) -> (&[u32], usize) {
        (&self.0, remainder(hash, SLOTS))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what is below a usize is one"
)]
fn remainder(hash: u64, of: usize) -> usize {
    (hash % of as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(count: usize) -> Maglev {
        let keys: Vec<_> = (1..=count)
            .map(|number| format!("10.0.0.{number}:80"))
            .collect();
        let shares: Vec<_> = keys.iter().map(|key| (key.as_str(), 1.0)).collect();
        Maglev::new(&shares)
    }

    fn counts(table: &Maglev, count: usize) -> Vec<usize> {
        let owned = |index| table.0.iter().filter(|own| **own as usize == index).count();
        (0..count).map(owned).collect()
    }

    #[test]
    fn five_share_the_table_as_published() {
        let table = owners(5);
        assert_eq!(counts(&table, 5), [13_108, 13_108, 13_107, 13_107, 13_107]);
        for (key, owner) in [("user-1", 1), ("user-2", 2), ("user-3", 4), ("order/42", 1)] {
            let (owners, start) = table.start(XxHash64::oneshot(0, key.as_bytes()));
            assert_eq!(owners[start], owner, "{key}");
        }
    }

    #[test]
    fn slots_are_in_proportion_to_the_weights() {
        let table = Maglev::new(&[("a:1", 1.0), ("b:1", 2.0), ("c:1", 3.0)]);
        for (count, share) in counts(&table, 3).into_iter().zip([1, 2, 3]) {
            assert!(count.abs_diff(SLOTS * share / 6) <= 2, "{share}: {count}");
        }
    }

    #[test]
    fn when_one_goes_few_other_keys_move() {
        let (before, after) = (owners(10), owners(9));
        let moved = (0..SLOTS)
            .filter(|slot| before.0[*slot] != 9 && before.0[*slot] != after.0[*slot])
            .count();
        assert!(moved < SLOTS / 10, "{moved} of {SLOTS}");
    }
}
