//! A ring of hashes: each candidate has entries on it in proportion to its weight, and a key belongs to the next entry.

use crate::hash::hash;

const SCALE_MAX: f64 = 4096.0;

#[derive(Debug)]
pub(crate) struct Ring {
    hashes: Box<[u64]>,
    /// Whose entry it is, as an index of the candidates.
    owners: Box<[u32]>,
}

impl Ring {
    /// From the key and the weight, above 0, of each candidate in id order.
    pub(crate) fn new(shares: &[(&str, f64)], size: u16) -> Self {
        let total = shares.iter().fold(0.0, |sum, (_, weight)| sum + weight);
        let weights = || shares.iter().map(|(_, weight)| weight / total);
        let least = weights().fold(f64::INFINITY, f64::min);
        let scale = ((least * f64::from(size)).ceil() / least).min(SCALE_MAX);
        let mut entries = Vec::new();
        let mut target = 0.0;
        for (index, ((key, _), weight)) in (0..).zip(shares.iter().zip(weights())) {
            target += scale * weight;
            let mut number = 0_u32;
            while (entries.len() as f64) < target {
                let digits = compact_str::format_compact!("_{number}");
                entries.push((hash(&[key.as_bytes(), digits.as_bytes()]), index));
                number += 1;
            }
        }
        entries.sort_unstable();
        let (hashes, owners): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        Self {
            hashes: hashes.into(),
            owners: owners.into(),
        }
    }

    /// The owners of all entries, and where among them a walk from `hash` begins.
    pub(crate) fn start(&self, hash: u64) -> (&[u32], usize) {
        (
            &self.owners,
            self.hashes.partition_point(|entry| *entry < hash),
        )
    }
}
