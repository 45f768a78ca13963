//! Points in time on the wire: RFC 3339 in UTC, to the millisecond.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use paste_model::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write, in milliseconds since 1970.
const LAST_MILLIS: u64 = 253_402_300_799_999;

/// A point in time: RFC 3339 in UTC, for example `"2026-11-23T06:00:00.000Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T06:00:00.000Z")]
pub struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(Timestamp(at.0.min(LAST_MILLIS)))
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_millis(self.0.0);
        humantime::format_rfc3339_millis(time).fmt(f)
    }
}

impl std::str::FromStr for Time {
    type Err = humantime::TimestampError;

    fn from_str(text: &str) -> Result<Self, humantime::TimestampError> {
        let time = humantime::parse_rfc3339(text)?;
        let since = time
            .duration_since(UNIX_EPOCH)
            .map_err(|_| humantime::TimestampError::OutOfRange)?;
        u64::try_from(since.as_millis())
            .map(|millis| Self::from(Timestamp(millis)))
            .map_err(|_| humantime::TimestampError::OutOfRange)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            de::Error::custom(format_args!(
                "{text:?} is not a time in UTC such as \"2026-11-23T06:00:00Z\": {error}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_survive_text(millis in 0..=LAST_MILLIS) {
            let time = Time::from(Timestamp(millis));
            prop_assert_eq!(time.to_string().parse::<Time>().ok(), Some(time));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_its_last() {
        assert_eq!(
            Time::from(Timestamp(u64::MAX)).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
        assert!("2026-11-23".parse::<Time>().is_err());
    }
}
