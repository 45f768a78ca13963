//! XXH64 over bytes that lie apart.

use std::hash::Hasher as _;

use twox_hash::XxHash64;

/// What is no longer is put together before it is hashed, which is faster.
const SHORT: usize = 128;

/// The hash, with seed 0, of all parts joined.
pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    if let [whole] = parts {
        return XxHash64::oneshot(0, whole);
    }
    let length = parts.iter().map(|part| part.len()).sum();
    let mut joined = [0; SHORT];
    if let Some(joined) = joined.get_mut(..length) {
        let mut rest = &mut *joined;
        for part in parts {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        }
        return XxHash64::oneshot(0, joined);
    }
    let mut hasher = XxHash64::with_seed(0);
    for part in parts {
        hasher.write(part);
    }
    hasher.finish()
}
