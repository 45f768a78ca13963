//! Version ranges: `^1.4`, `>=2 <3`, `1.x || 2.x`, `*`.
//!
//! No syntax for "both of these" is understood by npm and Cargo alike, and a bare version means something else in each
//! language. So the registry has one small grammar of its own, the same for the server and every SDK:
//!
//! ```text
//! range      = set *( "||" set )
//! set        = comparator *( ( "," | SP ) comparator )       all of them must hold
//! comparator = [ operator ] partial                          no operator: "="
//! operator   = "=" | ">" | ">=" | "<" | "<=" | "^" | "~"
//! partial    = X [ "." X [ "." X [ "-" prerelease ] ] ]
//! X          = number | "x" | "*"
//! ```
//!
//! - Spaces may stand around every token. Numbers are those of semver: no leading zeros, at most 2^64 - 1.
//! - A partial version stands for all versions that begin like it: `1.2` is `1.2.x`, `>1.2` is above all of `1.2.x`,
//!   `<1.2` below all of it. What follows an `x` says nothing: `1.x.3` is `1.x`.
//! - `^` allows what doesn't change the leftmost number that isn't zero; `~` allows the last number to grow. Both are as
//!   in npm and Cargo.
//! - A prerelease matches only if, beside lying within the bounds, a comparator of the same set names the same
//!   `major.minor.patch` with a prerelease: who asks for `>=1` doesn't mean `2.0.0-rc.1`.
//! - Build metadata (`+…`) is allowed on a full version, and means nothing, on either side.
//!
//! Refused: `!=`, `~>`, hyphen ranges, a leading `v`, labels such as `latest`, and the empty text.
//!
//! A range is reduced once, when it is parsed, to sorted intervals (`range/span.rs`). The canonical form is kept as text.

mod comparator;
mod parse;
mod span;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use compact_str::CompactString;
use paste_model::Version;

use comparator::Comparator;
use span::{Span, Spans};

/// Longest version range, as written and in its canonical form, in bytes.
pub const VERSION_RANGE_BYTES_MAX: usize = 256;

/// A set of versions, as somebody wrote it down. Equal when the canonical forms are.
#[derive(Clone)]
pub struct VersionRange {
    canonical: CompactString,
    /// Where releases match.
    releases: Spans,
    /// Where prereleases match: each span lies within the prereleases of one `major.minor.patch`.
    prereleases: Spans,
}

/// A text that is not a version range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersionRange {
    /// The text, or its canonical form, is over [`VERSION_RANGE_BYTES_MAX`].
    #[error(
        "version range has {0} bytes; the limit (version_range_bytes_max) is {VERSION_RANGE_BYTES_MAX}"
    )]
    TooLong(usize),
    /// The text breaks the grammar.
    #[error("version range: expected {expected} at byte {position}, found {}", described(*.found))]
    Syntax {
        /// Where, in bytes from the beginning.
        position: usize,
        /// What could have stood there.
        expected: &'static str,
        /// What stood there; `None` at the end.
        found: Option<char>,
    },
    /// A number is over 2^64 - 1.
    #[error("version range: the number at byte {position} is over {}", u64::MAX)]
    Number {
        /// Where, in bytes from the beginning.
        position: usize,
    },
}

fn described(character: Option<char>) -> String {
    character.map_or_else(
        || "the end".to_owned(),
        |character| format!("{character:?}"),
    )
}

impl VersionRange {
    /// Parses `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidVersionRange> {
        bounded(text)?;
        let sets = parse::sets(text)?;
        let canonical = canonical(&sets);
        bounded(&canonical)?;
        let mut releases = Vec::with_capacity(sets.len());
        let mut prereleases = Vec::new();
        for set in &sets {
            let span = set
                .iter()
                .map(Comparator::span)
                .fold(Span::all(), Span::intersect);
            let cores = set.iter().filter_map(Comparator::prerelease_core);
            prereleases.extend(cores.map(|core| span.clone().intersect(Span::prereleases(core))));
            releases.push(span);
        }
        Ok(Self {
            canonical,
            releases: Spans::union(releases),
            prereleases: Spans::union(prereleases),
        })
    }

    /// Whether `version` is in the range.
    pub fn matches(&self, version: &Version) -> bool {
        let spans = if version.pre.is_empty() {
            &self.releases
        } else {
            &self.prereleases
        };
        spans.contains(version)
    }

    /// The canonical form: one spelling for all ways of writing the same comparators.
    pub fn as_str(&self) -> &str {
        &self.canonical
    }
}

fn bounded(text: &str) -> Result<(), InvalidVersionRange> {
    if text.len() > VERSION_RANGE_BYTES_MAX {
        return Err(InvalidVersionRange::TooLong(text.len()));
    }
    Ok(())
}

fn canonical(sets: &[Vec<Comparator>]) -> CompactString {
    let mut text = CompactString::default();
    for (index, set) in sets.iter().enumerate() {
        for (within, comparator) in set.iter().enumerate() {
            text.push_str(match (index, within) {
                (0, 0) => "",
                (_, 0) => " || ",
                _ => ", ",
            });
            // Writing into a string cannot fail.
            let _ = write!(text, "{comparator}");
        }
    }
    text
}

impl FromStr for VersionRange {
    type Err = InvalidVersionRange;

    fn from_str(text: &str) -> Result<Self, InvalidVersionRange> {
        Self::parse(text)
    }
}

impl PartialEq for VersionRange {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for VersionRange {}

impl Hash for VersionRange {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Debug for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
