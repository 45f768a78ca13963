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

/// A text that is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// It doesn't consist of numbers and units.
    #[error("give a number and a unit (ms, s, m, h or d), such as 15s or 1h 30m")]
    Malformed,
    /// It is longer than can be counted.
    #[error("it is longer than can be counted")]
    TooLong,
}

/// humantime 2.4 panics where the seconds are the most that can be counted and the rest is a second more, so the numbers
/// are added up here.
impl std::str::FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let mut total = std::time::Duration::ZERO;
        let mut rest = text.trim_start();
        if rest.is_empty() {
            return Err(InvalidDuration::Malformed);
        }
        while !rest.is_empty() {
            let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
            let (unit, after) = split_while(after.trim_start(), |c| c.is_ascii_alphabetic());
            let nanos_each = nanos_of(unit).ok_or(InvalidDuration::Malformed)?;
            if digits.is_empty() {
                return Err(InvalidDuration::Malformed);
            }
            let count: u64 = digits.parse().map_err(|_| InvalidDuration::TooLong)?;
            total = length(count, nanos_each)
                .and_then(|length| total.checked_add(length))
                .ok_or(InvalidDuration::TooLong)?;
            rest = after.trim_start();
        }
        Ok(Self(total))
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const DAY_SECONDS: u64 = 24 * 60 * 60;

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn nanos_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" | "sec" | "second" | "seconds" => NANOS_PER_SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * NANOS_PER_SECOND,
        "h" | "hour" | "hours" => 60 * 60 * NANOS_PER_SECOND,
        "d" | "day" | "days" => DAY_SECONDS * NANOS_PER_SECOND,
        "week" | "weeks" => 7 * DAY_SECONDS * NANOS_PER_SECOND,
        // As humantime counts them, which writes long settings so: a year has 365.25 days, a month a twelfth of that.
        "month" | "months" => 2_630_016 * NANOS_PER_SECOND,
        "year" | "years" => 31_557_600 * NANOS_PER_SECOND,
        _ => return None,
    })
}

fn length(count: u64, nanos_each: u64) -> Option<std::time::Duration> {
    let nanos = u128::from(count) * u128::from(nanos_each);
    let seconds = u64::try_from(nanos / u128::from(NANOS_PER_SECOND)).ok()?;
    let below = u32::try_from(nanos % u128::from(NANOS_PER_SECOND)).ok()?;
    Some(std::time::Duration::new(seconds, below))
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
    fn what_cannot_be_counted_is_refused() {
        for text in [
            "18446744073709551615s1000ms",
            "18446744073709551616s",
            "18446744073709551615d",
            "18446744073709551615s 18446744073709551615s",
        ] {
            assert_eq!(
                text.parse::<Duration>(),
                Err(InvalidDuration::TooLong),
                "{text}"
            );
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(
            "1m".parse(),
            Ok(Duration(std::time::Duration::from_secs(60)))
        );
        for (text, seconds) in [("1h 30m", 5_400), ("2days", 172_800), (" 1 min 1s ", 61)] {
            let length = std::time::Duration::from_secs(seconds);
            assert_eq!(text.parse(), Ok(Duration(length)), "{text}");
        }
        for bad in ["", "15", "s", "-1s", "1 fortnight", "1.5s", "1s 2", "1s,2s"] {
            assert!(bad.parse::<Duration>().is_err(), "{bad}");
        }
    }
}
