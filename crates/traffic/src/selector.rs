//! What a consumer asks for: by version, place, tags, metadata and status.
//!
//! A member has one zone, one region and one status, so several wanted values of these mean *any of them*. It has many
//! tags and pairs of metadata, so several of those mean *all of them*. A field without wanted values asks for nothing.
//! Values are compared exactly, byte for byte. Fronts that take repeated or comma-separated parameters put both into
//! the same list.
//!
//! A selector narrows what [`crate::Eligibility`] admits and never widens it: asking for `draining` shows something only
//! where a front lists all members.

use compact_str::CompactString;
use paste_model::{Label, Member, Status};

use crate::VersionRange;
use crate::explain::Mismatch;

/// Most wanted values of one selector, all fields together.
pub const SELECTOR_TERMS_MAX: usize = 64;

/// What a member must be like. The default asks for nothing, and every member matches it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selector {
    /// Its version is in this range. A member without a version is in no range, not even in `*`.
    pub version: Option<VersionRange>,
    /// It runs in any of these zones.
    pub zones: Vec<Label>,
    /// It runs in any of these regions.
    pub regions: Vec<Label>,
    /// It carries all of these tags.
    pub tags: Vec<Label>,
    /// Its metadata holds all of these pairs.
    pub metadata: Vec<(CompactString, CompactString)>,
    /// The status that holds is any of these.
    pub statuses: Vec<Status>,
}

/// A selector that asks for too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selector has {0} values; the limit (selector_terms_max) is {SELECTOR_TERMS_MAX}")]
pub struct InvalidSelector(pub usize);

impl Selector {
    /// Checks the number of wanted values against [`SELECTOR_TERMS_MAX`].
    pub fn validate(&self) -> Result<(), InvalidSelector> {
        let terms = usize::from(self.version.is_some())
            + self.zones.len()
            + self.regions.len()
            + self.tags.len()
            + self.metadata.len()
            + self.statuses.len();
        if terms > SELECTOR_TERMS_MAX {
            Err(InvalidSelector(terms))
        } else {
            Ok(())
        }
    }

    /// Whether it asks for nothing.
    pub fn is_any(&self) -> bool {
        self.version.is_none()
            && self.zones.is_empty()
            && self.regions.is_empty()
            && self.tags.is_empty()
            && self.metadata.is_empty()
            && self.statuses.is_empty()
    }

    /// Whether `member` is what it asks for.
    pub fn matches(&self, member: &Member) -> bool {
        self.is_any() || self.mismatches(member).next().is_none()
    }

    /// Every field in which `member` is not what it asks for, found one by one.
    pub fn mismatches<'a>(&'a self, member: &'a Member) -> impl Iterator<Item = Mismatch<'a>> {
        let instance = &*member.instance;
        let version = self.version.as_ref().and_then(|wanted| {
            let found = instance.version.as_deref();
            let matches = found.is_some_and(|version| wanted.matches(version));
            (!matches).then_some(Mismatch::Version { wanted, found })
        });
        let zone = strange(&self.zones, instance.zone.as_ref()).then_some(Mismatch::Zone {
            wanted: &self.zones,
            found: instance.zone.as_ref(),
        });
        let region = strange(&self.regions, instance.region.as_ref()).then_some(Mismatch::Region {
            wanted: &self.regions,
            found: instance.region.as_ref(),
        });
        let tags = self
            .tags
            .iter()
            .filter(|wanted| !instance.tags.contains(wanted))
            .map(|wanted| Mismatch::Tag { wanted });
        let metadata = self.metadata.iter().filter_map(|(key, wanted)| {
            let found = instance.metadata.get(key);
            (found != Some(wanted)).then_some(Mismatch::Metadata { key, wanted, found })
        });
        let found = member.status();
        let status = (!self.statuses.is_empty() && !self.statuses.contains(&found)).then_some(
            Mismatch::Status {
                wanted: &self.statuses,
                found,
            },
        );
        version
            .into_iter()
            .chain(zone)
            .chain(region)
            .chain(tags)
            .chain(metadata)
            .chain(status)
    }
}

/// Whether values are wanted, and `found` is none of them.
fn strange(wanted: &[Label], found: Option<&Label>) -> bool {
    !wanted.is_empty() && !found.is_some_and(|found| wanted.contains(found))
}

#[cfg(test)]
mod tests;
