//! Where an instance listens: an IP address or a host name.

use std::fmt;
use std::net::IpAddr;

use compact_str::CompactString;

use crate::limits::ADDRESS_BYTES_MAX;

/// An IP address or a host name (RFC 1123), never with a port or brackets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(CompactString);

/// An address that is neither an IP address nor a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// The address is empty.
    #[error("address must not be empty")]
    Empty,
    /// The address is longer than a host name may be.
    #[error("address has {0} bytes; the limit (address_bytes_max) is {ADDRESS_BYTES_MAX}")]
    TooLong(usize),
    /// A label of the host name breaks RFC 1123.
    #[error(
        "address is neither an IP address nor a host name: {0:?} (labels have 1 to 63 letters, digits or '-')"
    )]
    Syntax(String),
}

impl Address {
    /// Checks `text`; an IP address is kept in its canonical form.
    pub fn new(text: &str) -> Result<Self, InvalidAddress> {
        if text.is_empty() {
            return Err(InvalidAddress::Empty);
        }
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(InvalidAddress::TooLong(text.len()));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self(compact_str::format_compact!("{ip}")));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits would be a mistyped IPv4 address (RFC 1123 §2.1).
        let numeric = text
            .rsplit('.')
            .next()
            .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if numeric || !text.split('.').all(label) {
            return Err(InvalidAddress::Syntax(text.to_owned()));
        }
        Ok(Self(CompactString::new(text)))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as a number, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ips_or_host_names() {
        for good in [
            "10.0.0.1",
            "::1",
            "2001:db8::1",
            "localhost",
            "a-b.example.com",
            "my_host",
        ] {
            assert!(Address::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "10.0.0",
            "300.1.1.1",
            "a..b",
            "-a",
            "a/b",
            "host:80",
            "[::1]",
            "a b",
        ] {
            assert!(Address::new(bad).is_err(), "{bad}");
        }
        assert_eq!(
            Address::new("2001:DB8:0::1").expect("valid").as_str(),
            "2001:db8::1"
        );
    }
}
