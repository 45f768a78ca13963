//! The text forms of values. A file, a variable and a flag all write an option the same way.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use paste_api::InvalidDuration;
use paste_engine::settings::Range;
use paste_model::NodeName;
use toml::de::DeValue;

/// A value that an option can have.
pub(crate) trait Setting: Sized {
    /// What its text looks like, for the reference.
    const KIND: &'static str;

    /// Reads it; the error continues "'text' …".
    fn read(text: &str) -> Result<Self, String>;

    /// Writes it as it would be read.
    fn show(&self) -> String;
}

/// The text of a value in a TOML file; the error continues "section.option …".
pub(super) fn text_of(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().replace('_', "")),
        DeValue::Float(number) => Ok(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Ok(truth.to_string()),
        DeValue::Array(items) => items
            .iter()
            .map(|item| text_of(item.get_ref()))
            .collect::<Result<Vec<_>, _>>()
            .map(|items| items.join(",")),
        other => Err(format!("must not be a {}", other.type_str())),
    }
}

impl Setting for bool {
    const KIND: &'static str = "true or false";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is neither true nor false".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_number {
    ($($type:ty),*) => {
        $(impl Setting for $type {
            const KIND: &'static str = "whole number, at least 1";

            fn read(text: &str) -> Result<Self, String> {
                match text.parse() {
                    Ok(number) if number > 0 => Ok(number),
                    _ => Err(format!("is not a whole number from 1 to {}", <$type>::MAX)),
                }
            }

            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}

whole_number!(usize, u64, u32);

/// Units that a duration is shown in, with their milliseconds.
const UNITS: [(&str, u128); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Setting for Duration {
    const KIND: &'static str = "duration, such as 250ms, 15s or 1h";

    fn read(text: &str) -> Result<Self, String> {
        match text.parse::<paste_api::Duration>() {
            Ok(duration) if !duration.0.is_zero() => Ok(duration.0),
            Ok(_) => Err("must be more than nothing".to_owned()),
            Err(InvalidDuration::Malformed) => {
                Err("is not a duration such as 250ms, 15s or 1h".to_owned())
            }
            Err(error @ InvalidDuration::TooLong) => Err(format!("is no duration: {error}")),
        }
    }

    fn show(&self) -> String {
        if !self.subsec_nanos().is_multiple_of(1_000_000) {
            return paste_api::Duration(*self).to_string();
        }
        let mut rest = self.as_millis();
        let mut text = String::new();
        for (unit, each) in UNITS {
            if rest >= each {
                text.push_str(&format!("{}{unit}", rest / each));
                rest %= each;
            }
        }
        text
    }
}

impl Setting for SocketAddr {
    const KIND: &'static str = "address and port, such as 127.0.0.1:7750 or [::1]:7750";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is not an IP address and port such as 127.0.0.1:7750".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(..)")
    }
}

impl Setting for Hidden {
    const KIND: &'static str = "text that is never shown";

    /// Takes any text: what is wrong with one would be told with it. It is read where it is used.
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        String::new()
    }
}

impl Setting for PathBuf {
    const KIND: &'static str = "path";

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Setting for String {
    const KIND: &'static str = "text";

    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for NodeName {
    const KIND: &'static str = "name";

    fn read(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|error| format!("won't do: {error}"))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Range {
    const KIND: &'static str = "address range";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "is not a range of addresses such as 10.0.0.0/8".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: &'static str = "list, separated by commas";

    fn read(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(T::read)
            .collect()
    }

    fn show(&self) -> String {
        let items: Vec<_> = self.iter().map(T::show).collect();
        items.join(",")
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl Setting for ByteSize {
    const KIND: &'static str = "size, such as 65536, 64KiB, 8MiB or 1GiB";

    fn read(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit: usize = match &text[digits.len()..] {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err("is not a size such as 65536, 64KiB, 8MiB or 1GiB".to_owned()),
        };
        digits
            .parse::<usize>()
            .ok()
            .filter(|number| *number > 0)
            .and_then(|number| number.checked_mul(unit))
            .map(Self)
            .ok_or_else(|| "is not a size such as 65536, 64KiB, 8MiB or 1GiB".to_owned())
    }

    fn show(&self) -> String {
        match self.0 {
            bytes if bytes % (1 << 30) == 0 => format!("{}GiB", bytes >> 30),
            bytes if bytes % (1 << 20) == 0 => format!("{}MiB", bytes >> 20),
            bytes if bytes % (1 << 10) == 0 => format!("{}KiB", bytes >> 10),
            bytes => bytes.to_string(),
        }
    }
}

/// A share of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u8);

impl Setting for Percent {
    const KIND: &'static str = "percentage from 0 to 100, without the sign";

    fn read(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if number <= 100 => Ok(Self(number)),
            _ => Err("is not a whole number from 0 to 100".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// Declares an option that is one of a few words.
macro_rules! words {
    ($(#[doc = $doc:literal])* $type:ident { $($(#[doc = $word_doc:literal])* $variant:ident = $word:literal,)* }, $kind:literal) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type {
            $($(#[doc = $word_doc])* $variant,)*
        }

        impl Setting for $type {
            const KIND: &'static str = $kind;

            fn read(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(concat!("is not ", $kind).to_owned()),
                }
            }

            fn show(&self) -> String {
                match self {
                    $(Self::$variant => $word.to_owned(),)*
                }
            }
        }
    };
}

words! {
    /// Where requests without a token are taken.
    Anonymous {
        /// From this machine.
        Loopback = "loopback",
        /// Nowhere.
        Never = "never",
    },
    "`loopback` or `never`"
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people.
        Text = "text",
        /// For programs, one object a line.
        Json = "json",
    },
    "`text` or `json`"
}
