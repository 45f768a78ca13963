//! Positions in the registry's history.

use std::fmt;
use std::str::FromStr;

/// A number that grows with every committed batch, the same on every node. Zero is before the first batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision before the first batch.
    pub const ZERO: Self = Self(0);

    /// The revision that follows this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The random id of one history: it changes when the store was wiped, restored or went back. Written as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A revision of a named history, as it leaves the house: `<epoch>-<revision>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The history.
    pub epoch: Epoch,
    /// The point in it.
    pub revision: Revision,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.revision)
    }
}

/// A text that is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a position: expected <16 hex digits>-<revision>")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (epoch, revision) = text.split_once('-').ok_or(InvalidPosition)?;
        let digits = |text: &str, hex: bool| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (hex && matches!(b, b'a'..=b'f')))
        };
        if epoch.len() != 16 || !digits(epoch, true) || !digits(revision, false) {
            return Err(InvalidPosition);
        }
        Ok(Self {
            epoch: Epoch(u64::from_str_radix(epoch, 16).map_err(|_| InvalidPosition)?),
            revision: Revision(revision.parse().map_err(|_| InvalidPosition)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn positions_survive_text(epoch: u64, revision: u64) {
            let position = Position { epoch: Epoch(epoch), revision: Revision(revision) };
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn any_text_is_refused_or_canonical(text in "[0-9a-f+ -]{0,40}") {
            if let Ok(position) = text.parse::<Position>() {
                prop_assert_eq!(position.epoch.to_string(), text.split('-').next().unwrap_or_default());
            }
        }
    }
}
