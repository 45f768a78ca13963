//! Settings of a service.

use compact_str::CompactString;

use crate::limits::PROTECT_THRESHOLD_DEFAULT;

/// Percentage of healthy instances below which all instances with status `up` are served. 0 switches protection off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtectThreshold(u8);

impl ProtectThreshold {
    /// A percentage from 0 to 100; `None` beyond.
    pub fn new(percent: u8) -> Option<Self> {
        (percent <= 100).then_some(Self(percent))
    }

    /// The percentage.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// Whether `healthy` of `total` instances are too few.
    pub fn protects(self, healthy: usize, total: usize) -> bool {
        healthy < total && healthy.saturating_mul(100) < total.saturating_mul(usize::from(self.0))
    }
}

impl Default for ProtectThreshold {
    fn default() -> Self {
        Self(PROTECT_THRESHOLD_DEFAULT)
    }
}

/// What a service's owners set for it. A service with instances exists without settings, with these defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceSettings {
    /// When all are served because too few are healthy.
    pub protect_threshold: ProtectThreshold,
    /// Who answers for it; at most [`crate::limits::OWNERS_MAX`].
    pub owners: Vec<CompactString>,
    /// For people; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub description: CompactString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protection_begins_strictly_below_the_threshold() {
        let half = ProtectThreshold::default();
        assert!(!half.protects(0, 0), "nothing to protect");
        assert!(!half.protects(1, 2));
        assert!(half.protects(49, 100));
        assert!(
            !ProtectThreshold::new(0).expect("valid").protects(0, 10),
            "0 switches it off"
        );
        assert!(ProtectThreshold::new(100).expect("valid").protects(9, 10));
        assert!(!ProtectThreshold::new(100).expect("valid").protects(10, 10));
        assert!(ProtectThreshold::new(101).is_none());
    }
}
