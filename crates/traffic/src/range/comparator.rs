//! One comparator of a range: what it means and how it is written.

use std::fmt;

use semver::Prerelease;

use super::span::{Core, Cut, Span};

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Caret,
    Tilde,
}

/// A version of which only the beginning may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Partial {
    Any,
    Major(u64),
    Minor(u64, u64),
    Full(Core, Prerelease),
}

/// An operator and the version it compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparator {
    pub(super) operator: Operator,
    pub(super) partial: Partial,
}

impl Partial {
    /// Its first version, and where that begins.
    fn floor(&self) -> Cut {
        match self {
            Self::Any => Cut::start(),
            Self::Major(major) => Cut::before([*major, 0, 0], Prerelease::EMPTY),
            Self::Minor(major, minor) => Cut::before([*major, *minor, 0], Prerelease::EMPTY),
            Self::Full(core, prerelease) => Cut::before(*core, prerelease.clone()),
        }
    }

    /// The end of what lies below all its versions, prereleases included.
    fn below(&self) -> Cut {
        match self {
            Self::Any => Cut::start(),
            Self::Major(major) => Cut::below([*major, 0, 0]),
            Self::Minor(major, minor) => Cut::below([*major, *minor, 0]),
            Self::Full(..) => self.floor(),
        }
    }

    /// The end of its versions.
    fn ceiling(&self) -> Cut {
        match self {
            Self::Any => Cut::end(),
            Self::Major(major) => end_of_major(*major),
            Self::Minor(major, minor) => end_of_minor(*major, *minor),
            Self::Full(core, prerelease) => Cut::after(*core, prerelease.clone()),
        }
    }

    /// The end of what is compatible with it: the leftmost number that isn't zero stays.
    fn ceiling_compatible(&self) -> Cut {
        match *self {
            Self::Any => Cut::end(),
            Self::Major(major) => end_of_major(major),
            Self::Minor(0, minor) if minor > 0 => end_of_minor(0, minor),
            Self::Minor(0, _) => end_of_minor(0, 0),
            Self::Minor(major, _) => end_of_major(major),
            Self::Full([0, 0, patch], _) => Cut::after([0, 0, patch], Prerelease::EMPTY),
            Self::Full([0, minor, _], _) => end_of_minor(0, minor),
            Self::Full([major, ..], _) => end_of_major(major),
        }
    }

    /// The end of its patches; of its minors where only the major number is given.
    fn ceiling_patches(&self) -> Cut {
        match *self {
            Self::Full([major, minor, _], _) => end_of_minor(major, minor),
            _ => self.ceiling(),
        }
    }
}

fn end_of_major(major: u64) -> Cut {
    Cut::after([major, u64::MAX, u64::MAX], Prerelease::EMPTY)
}

fn end_of_minor(major: u64, minor: u64) -> Cut {
    Cut::after([major, minor, u64::MAX], Prerelease::EMPTY)
}

impl Comparator {
    /// The versions that satisfy it, by precedence alone.
    pub(super) fn span(&self) -> Span {
        let (start, end) = (Cut::start, Cut::end);
        let partial = &self.partial;
        let (from, to) = match self.operator {
            Operator::Equal => (partial.floor(), partial.ceiling()),
            Operator::Greater => (partial.ceiling(), end()),
            Operator::GreaterEqual => (partial.floor(), end()),
            Operator::Less => (start(), partial.below()),
            Operator::LessEqual => (start(), partial.ceiling()),
            Operator::Caret => (partial.floor(), partial.ceiling_compatible()),
            Operator::Tilde => (partial.floor(), partial.ceiling_patches()),
        };
        Span { from, to }
    }

    /// The core whose prereleases it lets its set match, if it names one.
    pub(super) fn prerelease_core(&self) -> Option<Core> {
        match &self.partial {
            Partial::Full(core, prerelease) if !prerelease.is_empty() => Some(*core),
            _ => None,
        }
    }
}

impl fmt::Display for Comparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match (self.operator, &self.partial) {
            (Operator::Equal, _) => "",
            (Operator::Greater, _) => ">",
            (Operator::Less, _) => "<",
            // Every version is at least, at most and compatible with any version.
            (_, Partial::Any) => "",
            (Operator::GreaterEqual, _) => ">=",
            (Operator::LessEqual, _) => "<=",
            (Operator::Caret, _) => "^",
            (Operator::Tilde, _) => "~",
        };
        let rest = if self.operator == Operator::Equal {
            ".x"
        } else {
            ""
        };
        match &self.partial {
            Partial::Any => write!(f, "{operator}*"),
            Partial::Major(major) => write!(f, "{operator}{major}{rest}"),
            Partial::Minor(major, minor) => write!(f, "{operator}{major}.{minor}{rest}"),
            Partial::Full([major, minor, patch], prerelease) => {
                write!(f, "{operator}{major}.{minor}.{patch}")?;
                if prerelease.is_empty() {
                    Ok(())
                } else {
                    write!(f, "-{prerelease}")
                }
            }
        }
    }
}
