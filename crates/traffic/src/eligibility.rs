//! Who may answer requests at all.
//!
//! An instance is eligible if its status is `up` and its health is not `failing`. When fewer of the `up` instances are
//! healthy than the service's protect threshold says, the registry assumes that its own sight fails rather than that all
//! of them do: every `up` instance is eligible, and the service is *protected*. Protection never serves another status.
//!
//! It is judged on the whole service, before a selector narrows it, for three reasons:
//!
//! - It is a statement about the service, or about the network between it and the registry. The two instances of one
//!   zone say too little: a selector that happens to pick only failing ones must come back empty, not have its pick of
//!   instances known to be failing while healthy ones exist elsewhere.
//! - An instance is then eligible or not, whoever asks; consumers that ask differently can't disagree about it.
//! - A client can't talk the registry out of a verdict by asking for less.

use std::fmt;

use paste_model::{Member, ProtectThreshold, Status};

/// Who of a service may answer: counts taken over all its members, and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eligibility {
    up: usize,
    healthy: usize,
    threshold: ProtectThreshold,
}

impl Eligibility {
    /// Judges the members of a service: all of them, not those that a selector left.
    pub fn of<'m>(
        members: impl IntoIterator<Item = &'m Member>,
        threshold: ProtectThreshold,
    ) -> Self {
        let (mut up, mut healthy) = (0, 0);
        for member in members
            .into_iter()
            .filter(|member| member.status() == Status::Up)
        {
            up += 1;
            healthy += usize::from(member.healthy());
        }
        Self {
            up,
            healthy,
            threshold,
        }
    }

    /// The same from counts that are kept elsewhere: members with status `up`, and those of them that are healthy.
    pub fn counted(up: usize, healthy: usize, threshold: ProtectThreshold) -> Self {
        Self {
            up,
            healthy,
            threshold,
        }
    }

    /// Whether so few are healthy that all `up` ones are served.
    pub fn protected(&self) -> bool {
        self.threshold.protects(self.healthy, self.up)
    }

    /// Whether `member`, one of those that were judged, is eligible.
    pub fn admits(&self, member: &Member) -> bool {
        member.status() == Status::Up && (member.healthy() || self.protected())
    }

    /// Members with status `up`.
    pub fn up(&self) -> usize {
        self.up
    }

    /// Those of them that are not failing.
    pub fn healthy(&self) -> usize {
        self.healthy
    }
}

impl fmt::Display for Eligibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            up,
            healthy,
            threshold,
        } = self;
        write!(f, "{healthy} of {up} instances with status up are healthy")?;
        if self.protected() {
            write!(
                f,
                ", fewer than the protect threshold of {} %: all with status up are served",
                threshold.percent()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
