//! Key -> revision of every record, the only thing that the embedded store keeps in memory: 25 bytes a slot, 40 a key.
//!
//! A key stands here as 128 bits of SipHash under a random secret of this process. Two keys would share a slot only if
//! all 128 bits agreed: among 10 million keys that has a chance of 2^-82, far below that of a memory error; and as
//! the secret never leaves the process and changes with each, nobody can choose keys that collide.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use paste_model::Revision;

/// A key, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyHash([u64; 2]);

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// Hashes keys under the secret of this process.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyHasher(RandomState);

impl KeyHasher {
    pub(super) fn hash(&self, key: &[u8]) -> KeyHash {
        // One keyed function over two domains gives two independent halves.
        let half = |domain: u8| {
            let mut hasher = self.0.build_hasher();
            hasher.write_u8(domain);
            hasher.write(key);
            hasher.finish()
        };
        KeyHash([half(0), half(1)])
    }
}

/// A [`KeyHash`] is as random as any hash of it would be.
#[derive(Debug, Clone, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(super) type KeyMap<T> = HashMap<KeyHash, T, BuildHasherDefault<AsItIs>>;

/// Where each record is in the history.
#[derive(Debug, Clone, Default)]
pub(super) struct Index(KeyMap<u64>);

impl Index {
    /// The revision of the record that is there.
    pub(super) fn get(&self, key: KeyHash) -> Option<Revision> {
        self.0.get(&key).copied().map(Revision)
    }

    /// Notes that the record was written, or is gone.
    pub(super) fn set(&mut self, key: KeyHash, revision: Option<Revision>) {
        match revision {
            Some(Revision(revision)) => self.0.insert(key, revision),
            None => self.0.remove(&key),
        };
    }

    /// Whether the record written then is still the one that is there.
    pub(super) fn holds(&self, key: KeyHash, revision: Revision) -> bool {
        self.get(key) == Some(revision)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
