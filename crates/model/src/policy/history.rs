//! What the policy of a service was, who changed it, and why.

use std::sync::Arc;

use compact_str::CompactString;

use super::Policy;
use crate::limits::POLICY_RELEASES_MAX;
use crate::{Principal, Timestamp};

/// One line of a policy's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRelease {
    /// Its number, from 1.
    pub number: u64,
    /// What held from then on; nothing where it was removed.
    pub policy: Option<Arc<Policy>>,
    /// Why.
    pub comment: CompactString,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// The policy of a service with those before it, oldest first; never empty, at most [`POLICY_RELEASES_MAX`] long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyHistory(Vec<PolicyRelease>);

impl PolicyHistory {
    /// One that begins with `first`.
    pub fn new(first: PolicyRelease) -> Self {
        Self(vec![first])
    }

    /// What was kept of one; `None` where it is empty.
    pub fn restore(mut releases: Vec<PolicyRelease>) -> Option<Self> {
        let over = releases.len().saturating_sub(POLICY_RELEASES_MAX);
        releases.drain(..over);
        (!releases.is_empty()).then_some(Self(releases))
    }

    /// The same with one more line; the oldest goes where there are too many.
    #[must_use]
    pub fn with(&self, release: PolicyRelease) -> Self {
        let over = (self.0.len() + 1).saturating_sub(POLICY_RELEASES_MAX);
        let kept = self.0.iter().skip(over).cloned();
        Self(kept.chain([release]).collect())
    }

    /// The newest line.
    pub fn newest(&self) -> &PolicyRelease {
        &self.0[self.0.len() - 1]
    }

    /// The policy that holds.
    pub fn policy(&self) -> Option<&Arc<Policy>> {
        self.newest().policy.as_ref()
    }

    /// All lines, oldest first.
    pub fn releases(&self) -> &[PolicyRelease] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(number: u64) -> PolicyRelease {
        PolicyRelease {
            number,
            policy: None,
            comment: CompactString::default(),
            by: Principal::anonymous(),
            at: Timestamp(0),
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut history = PolicyHistory::new(release(1));
        for number in 2..=POLICY_RELEASES_MAX as u64 + 5 {
            history = history.with(release(number));
        }
        assert_eq!(history.releases().len(), POLICY_RELEASES_MAX);
        assert_eq!(history.releases()[0].number, 6);
        assert_eq!(history.newest().number, POLICY_RELEASES_MAX as u64 + 5);
        assert_eq!(PolicyHistory::restore(Vec::new()), None);
    }
}
