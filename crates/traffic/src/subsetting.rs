//! Subsetting: each client keeps to a part of many instances, so that not everybody is connected with everybody.
//!
//! By rendezvous hashing, so that when an instance comes or goes only the clients that have it change anything.

use crate::hash::hash;

/// Up to so many instances a client keeps to all of them.
const ALL: usize = 200;
const LEAST: usize = 100;

/// The `size` of the instances `ids` to which `client` keeps, as indices in ascending order: those with the greatest
/// `XXH64(id ‖ 0x00 ‖ client)`, the greater id of equals. All of them where there are no more.
pub fn subset<I: AsRef<str>>(ids: &[I], client: &str, size: usize) -> Vec<usize> {
    let mut ranked: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(index, id)| (score(id.as_ref(), client), id.as_ref(), index))
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    let mut chosen: Vec<_> = ranked.iter().take(size).map(|(.., index)| *index).collect();
    chosen.sort_unstable();
    chosen
}

/// To how many of so many instances a client keeps: all up to 200, else their square root, at least 100.
pub fn subset_size(instances: usize) -> usize {
    if instances <= ALL {
        return instances;
    }
    LEAST.max((instances - 1).isqrt() + 1)
}

fn score(id: &str, client: &str) -> u64 {
    hash(&[id.as_bytes(), &[0], client.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backends(count: usize) -> Vec<String> {
        (0..count)
            .map(|number| format!("10.0.0.{number}:80"))
            .collect()
    }

    #[test]
    fn when_one_goes_only_its_clients_change() {
        let before = backends(100);
        let after: Vec<_> = before[..99].to_vec();
        let mut touched = 0;
        for client in (0..500).map(|number| format!("client-{number}")) {
            let old = subset(&before, &client, 20);
            let new = subset(&after, &client, 20);
            let kept = old.iter().filter(|one| new.contains(one)).count();
            if old.contains(&99) {
                touched += 1;
                assert_eq!(kept, 19, "one of 20 was replaced");
            } else {
                assert_eq!(old, new);
            }
        }
        assert!((50..150).contains(&touched), "a fifth of 500: {touched}");
    }
}
