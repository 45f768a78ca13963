//! Intervals of versions.
//!
//! Bounds are not versions but cuts between them. The order of versions is dense (`1.0.0-a` < `1.0.0-a.0` < `1.0.0-b`),
//! so that an interval can't always be closed by a last version; with cuts every comparator is one half-open interval,
//! all are intersected and merged the same way, and no number is ever incremented, so that none can overflow.

use paste_model::Version;
use semver::Prerelease;

/// Major, minor and patch.
pub(super) type Core = [u64; 3];

/// A place between versions. The derived order is that of the places: within a core, first the cut before everything,
/// then those around each prerelease, then those around the release (semver orders the empty prerelease last).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    core: Core,
    prerelease: Option<Prerelease>,
    after: bool,
}

impl Cut {
    /// Before every version of `core`, its prereleases included.
    pub(super) fn below(core: Core) -> Self {
        Self {
            core,
            prerelease: None,
            after: false,
        }
    }

    /// Just before a version.
    pub(super) fn before(core: Core, prerelease: Prerelease) -> Self {
        Self {
            core,
            prerelease: Some(prerelease),
            after: false,
        }
    }

    /// Just after a version.
    pub(super) fn after(core: Core, prerelease: Prerelease) -> Self {
        Self {
            core,
            prerelease: Some(prerelease),
            after: true,
        }
    }

    /// Before all versions.
    pub(super) fn start() -> Self {
        Self::below([0; 3])
    }

    /// After all versions.
    pub(super) fn end() -> Self {
        Self::after([u64::MAX; 3], Prerelease::EMPTY)
    }

    fn precedes(&self, version: &Version) -> bool {
        let core = [version.major, version.minor, version.patch];
        (self.core, self.prerelease.as_ref(), self.after) <= (core, Some(&version.pre), false)
    }
}

/// The versions between two cuts; none if they are out of order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) from: Cut,
    pub(super) to: Cut,
}

impl Span {
    /// Every version.
    pub(super) fn all() -> Self {
        Self {
            from: Cut::start(),
            to: Cut::end(),
        }
    }

    /// The prereleases of `core`.
    pub(super) fn prereleases(core: Core) -> Self {
        Self {
            from: Cut::below(core),
            to: Cut::before(core, Prerelease::EMPTY),
        }
    }

    /// What is in both.
    pub(super) fn intersect(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
    }
}

/// Spans in order, none empty, no two of which touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spans(Box<[Span]>);

impl Spans {
    /// What is in any of `spans`.
    pub(super) fn union(mut spans: Vec<Span>) -> Self {
        spans.retain(|span| span.from < span.to);
        spans.sort();
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.from <= last.to => {
                    if last.to < span.to {
                        last.to = span.to;
                    }
                }
                _ => merged.push(span),
            }
        }
        Self(merged.into())
    }

    /// Whether `version` is in one of them.
    pub(super) fn contains(&self, version: &Version) -> bool {
        let next = self.0.partition_point(|span| span.from.precedes(version));
        next.checked_sub(1)
            .is_some_and(|index| !self.0[index].to.precedes(version))
    }
}
