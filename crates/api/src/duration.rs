//! Lengths of time on the wire: `"15s"`, `"250ms"`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A length of time: a number and a unit (`ms`, `s`, `m`, `h`, `d`), for example `"15s"`. Written in seconds or milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, example = "15s", pattern = r"^([0-9]+(ms|s|m|h|d) ?)+$")]
pub struct Duration(pub std::time::Duration);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        let (unit, nanos_each) = match nanos {
            0 => return write!(f, "{seconds}s"),
            nanos if nanos % 1_000_000 == 0 => ("ms", 1_000_000),
            nanos if nanos % 1_000 == 0 => ("us", 1_000),
            _ => ("ns", 1),
        };
        // What is counted in less than seconds is read again only where its nanoseconds fit into 64 bits.
        match u64::try_from(self.0.as_nanos()) {
            Ok(all) => write!(f, "{}{unit}", all / u64::from(nanos_each)),
            Err(_) => write!(f, "{seconds}s {}{unit}", nanos / nanos_each),
        }
    }
}

impl std::str::FromStr for Duration {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, humantime::DurationError> {
        humantime::parse_duration(text).map(Self)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            de::Error::custom(format_args!(
                "{text:?} is not a duration such as \"15s\": {error}"
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
        fn durations_survive_text(
            // As many large ones as small ones, each with whole milli-, micro- and nanoseconds.
            seconds in any::<u64>(), shift in 0..64_u32, fraction in 0..1_000_000_000_u32,
            coarse in prop::sample::select(vec![1_000_000_000, 1_000_000, 1_000, 1]),
        ) {
            let nanos = fraction / coarse * coarse;
            let duration = Duration(std::time::Duration::new(seconds >> shift, nanos));
            prop_assert_eq!(duration.to_string().parse::<Duration>().ok(), Some(duration));
        }
    }

    #[test]
    fn the_longest_is_readable_and_the_usual_are_short() {
        let longest = Duration(std::time::Duration::MAX);
        assert_eq!(longest.to_string().parse(), Ok(longest));
        for (milliseconds, text) in [(0, "0s"), (1_500, "1500ms"), (15_000, "15s")] {
            let duration = Duration(std::time::Duration::from_millis(milliseconds));
            assert_eq!(duration.to_string(), text);
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(
            "1m".parse(),
            Ok(Duration(std::time::Duration::from_secs(60)))
        );
        for bad in ["", "15", "s", "-1s", "1 fortnight"] {
            assert!(bad.parse::<Duration>().is_err(), "{bad}");
        }
    }
}
