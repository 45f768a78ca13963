//! Key-value pairs that an owner attaches to an instance.

use compact_str::CompactString;

use crate::limits::{METADATA_BYTES_MAX, METADATA_KEYS_MAX};

/// Pairs in key order, each key once; at most 64 keys and 4 KiB in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(Box<[(CompactString, CompactString)]>);

/// Metadata over a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// Too many keys.
    #[error("metadata has {0} keys; the limit (metadata_keys_max) is {METADATA_KEYS_MAX}")]
    Keys(usize),
    /// Too many bytes.
    #[error("metadata has {0} bytes; the limit (metadata_bytes_max) is {METADATA_BYTES_MAX}")]
    Bytes(usize),
    /// A key is empty or has a control character.
    #[error("metadata key {0:?} must not be empty or hold control characters")]
    Key(CompactString),
    /// A key stands twice.
    #[error("metadata key {0:?} stands twice")]
    Twice(CompactString),
}

impl Metadata {
    /// Checks and sorts `pairs`.
    pub fn new(mut pairs: Vec<(CompactString, CompactString)>) -> Result<Self, InvalidMetadata> {
        if pairs.len() > METADATA_KEYS_MAX {
            return Err(InvalidMetadata::Keys(pairs.len()));
        }
        let bytes = pairs
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        if bytes > METADATA_BYTES_MAX {
            return Err(InvalidMetadata::Bytes(bytes));
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        for (index, (key, _)) in pairs.iter().enumerate() {
            if key.is_empty() || key.chars().any(char::is_control) {
                return Err(InvalidMetadata::Key(key.clone()));
            }
            if pairs.get(index + 1).is_some_and(|next| next.0 == *key) {
                return Err(InvalidMetadata::Twice(key.clone()));
            }
        }
        Ok(Self(pairs.into()))
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// All pairs in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(count: usize, value: &str) -> Vec<(CompactString, CompactString)> {
        (0..count)
            .map(|i| (format!("k{i:03}").into(), value.into()))
            .collect()
    }

    #[test]
    fn limits_are_exact_and_named() {
        assert!(Metadata::new(pairs(64, "")).is_ok());
        let error = Metadata::new(pairs(65, "")).expect_err("over").to_string();
        assert!(error.contains("metadata_keys_max"), "{error}");
        assert!(Metadata::new(pairs(1, &"x".repeat(4092))).is_ok());
        let error = Metadata::new(pairs(1, &"x".repeat(4093)))
            .expect_err("over")
            .to_string();
        assert!(error.contains("metadata_bytes_max"), "{error}");
    }

    #[test]
    fn keys_are_sorted_and_unique() {
        let metadata =
            Metadata::new(vec![("b".into(), "2".into()), ("a".into(), "1".into())]).expect("valid");
        assert_eq!(
            metadata.iter().collect::<Vec<_>>(),
            [("a", "1"), ("b", "2")]
        );
        assert_eq!(metadata.get("b"), Some("2"));
        assert!(Metadata::new(vec![("a".into(), "1".into()), ("a".into(), "2".into())]).is_err());
        assert!(Metadata::new(vec![("".into(), "1".into())]).is_err());
    }
}
