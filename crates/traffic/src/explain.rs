//! Why an instance is served, or isn't.
//!
//! [`explain`] gives all reasons and not only the first, so that who removes one obstacle isn't met by the next. The
//! reasons borrow from what they speak of: a front renders them field by field, a person reads the sentence that each
//! displays as.

mod sentence;

use paste_model::{Health, HealthState, Label, Member, Override, Status, Version};

use crate::{Eligibility, Selector, VersionRange};

/// What became of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It may answer.
    Eligible,
    /// It may answer only because its service is protected: for these reasons it would not.
    Protected(Vec<Reason<'a>>),
    /// It may not, for these reasons: status first, then health, then the selector, field by field. Never empty.
    Excluded(Vec<Reason<'a>>),
}

/// Something that speaks against an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason<'a> {
    /// Its status is not `up`.
    Status {
        /// The status that holds.
        status: Status,
        /// Whose word that is.
        word: Word<'a>,
    },
    /// It is failing. Not a reason while the service is protected.
    Health {
        /// Who found it so.
        witness: Witness,
        /// The verdict, with its reason, observer and time.
        health: &'a Health,
    },
    /// It is not what was asked for.
    Mismatch(Mismatch<'a>),
}

/// Whose word a status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// The owner's, in the registration.
    Owner,
    /// An administrator's, which wins over the owner's.
    Override(&'a Override),
}

/// What a verdict on health rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The session's heartbeats.
    Session,
    /// The registry's own checks.
    Checks,
}

/// One field in which an instance is not what a selector asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch<'a> {
    /// Its version is not in the range, or it has none.
    Version {
        /// What was asked for.
        wanted: &'a VersionRange,
        /// What it is.
        found: Option<&'a Version>,
    },
    /// It is in none of the zones.
    Zone {
        /// What was asked for: any of these.
        wanted: &'a [Label],
        /// What it is.
        found: Option<&'a Label>,
    },
    /// It is in none of the regions.
    Region {
        /// What was asked for: any of these.
        wanted: &'a [Label],
        /// What it is.
        found: Option<&'a Label>,
    },
    /// It lacks a tag.
    Tag {
        /// What was asked for.
        wanted: &'a Label,
    },
    /// Its metadata lacks a pair.
    Metadata {
        /// The key.
        key: &'a str,
        /// The value that was asked for.
        wanted: &'a str,
        /// The value it has, if it has the key.
        found: Option<&'a str>,
    },
    /// The status that holds is none of those.
    Status {
        /// What was asked for: any of these.
        wanted: &'a [Status],
        /// What it is.
        found: Status,
    },
}

/// Explains what `eligibility`, judged on the whole service, and then `selector` make of one of its members.
pub fn explain<'a>(
    member: &'a Member,
    eligibility: &Eligibility,
    selector: &'a Selector,
) -> Verdict<'a> {
    let protected = eligibility.protected();
    let mut reasons: Vec<_> = status_reason(member).into_iter().collect();
    if !protected {
        reasons.extend(health_reasons(member));
    }
    reasons.extend(selector.mismatches(member).map(Reason::Mismatch));
    if !reasons.is_empty() {
        return Verdict::Excluded(reasons);
    }
    let spared: Vec<_> = health_reasons(member).collect();
    if spared.is_empty() {
        Verdict::Eligible
    } else {
        Verdict::Protected(spared)
    }
}

fn status_reason(member: &Member) -> Option<Reason<'_>> {
    let status = member.status();
    let word = member
        .overridden
        .as_deref()
        .map_or(Word::Owner, Word::Override);
    (status != Status::Up).then_some(Reason::Status { status, word })
}

fn health_reasons(member: &Member) -> impl Iterator<Item = Reason<'_>> {
    // The same rule as `Member::verdict`: silence never counts against a persistent instance.
    let session = member
        .session_health
        .as_deref()
        .filter(|_| member.instance.ephemeral);
    [
        (Witness::Session, session),
        (Witness::Checks, member.check_health.as_deref()),
    ]
    .into_iter()
    .filter_map(|(witness, health)| Some((witness, health?)))
    .filter(|(_, health)| health.state == HealthState::Failing)
    .map(|(witness, health)| Reason::Health { witness, health })
}

impl<'a> Verdict<'a> {
    /// Whether it may answer.
    pub fn eligible(&self) -> bool {
        !matches!(self, Self::Excluded(_))
    }

    /// All that speaks against it, the weightiest first.
    pub fn reasons(&self) -> &[Reason<'a>] {
        match self {
            Self::Eligible => &[],
            Self::Protected(reasons) | Self::Excluded(reasons) => reasons,
        }
    }
}

#[cfg(test)]
mod tests;
