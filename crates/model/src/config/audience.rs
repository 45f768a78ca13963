//! Who is to have a release on trial.

use compact_str::CompactString;

use crate::limits::{AUDIENCE_ENTRIES_MAX, LABEL_BYTES_MAX};
use crate::{InstanceId, SessionId};

/// Who is to have a release on trial: all that is said must apply; of several zones, addresses or instances any one.
/// One that says nothing is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// So many of a hundred, chosen by a stable hash of the session; from 1 to 100.
    pub percent: Option<u8>,
    /// All of these labels.
    pub labels: Vec<(CompactString, CompactString)>,
    /// In one of these zones.
    pub zones: Vec<CompactString>,
    /// At one of these addresses.
    pub addresses: Vec<CompactString>,
    /// One of these instances.
    pub instances: Vec<InstanceId>,
}

/// Somebody who reads an item, as far as it matters to an audience.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receiver {
    /// The session it reads for.
    pub session: Option<SessionId>,
    /// The zones it is in.
    pub zones: Vec<CompactString>,
    /// What it says of itself.
    pub labels: Vec<(CompactString, CompactString)>,
    /// Where it is.
    pub addresses: Vec<CompactString>,
    /// The instances that it is.
    pub instances: Vec<InstanceId>,
}

/// An audience that can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAudience {
    /// It says nothing.
    #[error("must say who: percent, labels, zones, addresses or instances")]
    Nobody,
    /// The percentage is none.
    #[error("percent must be from 1 to 100")]
    Percent,
    /// One list is too long.
    #[error("a list is over the limit (audience_entries_max) of {AUDIENCE_ENTRIES_MAX} entries")]
    TooMany,
    /// One entry is empty or too long.
    #[error("each entry needs 1 to {LABEL_BYTES_MAX} bytes (label_bytes_max)")]
    Entry,
}

impl Audience {
    /// Refuses one that names nobody, or too many.
    pub fn validate(&self) -> Result<(), InvalidAudience> {
        let lengths = [
            self.labels.len(),
            self.zones.len(),
            self.addresses.len(),
            self.instances.len(),
        ];
        if self.percent.is_none() && lengths.iter().all(|length| *length == 0) {
            return Err(InvalidAudience::Nobody);
        }
        if self
            .percent
            .is_some_and(|percent| !(1..=100).contains(&percent))
        {
            return Err(InvalidAudience::Percent);
        }
        if lengths.iter().any(|length| *length > AUDIENCE_ENTRIES_MAX) {
            return Err(InvalidAudience::TooMany);
        }
        let texts = (self.zones.iter().chain(&self.addresses))
            .chain(self.labels.iter().flat_map(|(key, value)| [key, value]));
        if texts
            .into_iter()
            .any(|text| text.is_empty() || text.len() > LABEL_BYTES_MAX)
        {
            return Err(InvalidAudience::Entry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_says_who() {
        let percent = |percent| Audience {
            percent: Some(percent),
            ..Audience::default()
        };
        assert_eq!(Audience::default().validate(), Err(InvalidAudience::Nobody));
        assert_eq!(percent(0).validate(), Err(InvalidAudience::Percent));
        assert_eq!(percent(101).validate(), Err(InvalidAudience::Percent));
        assert_eq!(percent(100).validate(), Ok(()));
        let zones = Audience {
            zones: vec![CompactString::default()],
            ..Audience::default()
        };
        assert_eq!(zones.validate(), Err(InvalidAudience::Entry));
    }
}
