//! What keeps the truth, and where others reach this node: options whose text is a small language.

use std::net::IpAddr;

use super::setting::Setting;

/// What keeps the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A file of this process.
    Embedded,
    /// An etcd, which other nodes use too: `HOST:PORT` of its members.
    Etcd(Vec<String>),
}

/// What an etcd's members are introduced by.
const ETCD: &str = "etcd://";

impl Setting for Backend {
    const KIND: &'static str = "`embedded`, or `etcd://HOST:PORT[,HOST:PORT…]`";

    fn read(text: &str) -> Result<Self, String> {
        if text == "embedded" {
            return Ok(Self::Embedded);
        }
        let wrong = || "is neither embedded nor etcd://HOST:PORT[,HOST:PORT…]".to_owned();
        let members = text.strip_prefix(ETCD).ok_or_else(wrong)?;
        let members: Vec<String> = members.split(',').map(str::to_owned).collect();
        if members.iter().all(|member| host_and_port(member).is_some()) {
            Ok(Self::Etcd(members))
        } else {
            Err(wrong())
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Embedded => "embedded".to_owned(),
            Self::Etcd(members) => format!("{ETCD}{}", members.join(",")),
        }
    }
}

/// Host and port under which somebody is reached: a name or an address, that of IPv6 in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// `HOST:PORT`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Place {
    const KIND: &'static str = "host and port, such as registry-1.example:7750";

    fn read(text: &str) -> Result<Self, String> {
        let (host, _) = host_and_port(text)
            .ok_or_else(|| "is not a host and port such as registry-1.example:7750".to_owned())?;
        let address = host.trim_start_matches('[').trim_end_matches(']');
        if address
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_unspecified())
        {
            return Err("is nowhere: name an address that the other nodes reach".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let valid = match bracketed {
        true => host[1..host.len() - 1]
            .parse::<std::net::Ipv6Addr>()
            .is_ok(),
        false => !host.is_empty() && host.chars().all(plain),
    };
    valid.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_read_as_they_are_written() {
        for text in [
            "embedded",
            "etcd://a:2379",
            "etcd://a:2379,[::1]:2379,10.0.0.1:1",
        ] {
            assert_eq!(
                Backend::read(text).map(|backend| backend.show()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "etcd",
            "etcd://",
            "etcd://a",
            "etcd://a:0",
            "etcd://a:1,",
            "etcd://http://a:1",
            "redis://a:1",
        ] {
            assert!(Backend::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_one_that_others_reach() {
        for (text, valid) in [
            ("registry-1.example:7750", true),
            ("10.0.0.1:7750", true),
            ("[2001:db8::1]:7750", true),
            ("0.0.0.0:7750", false),
            ("[::]:7750", false),
            ("registry-1", false),
            ("http://registry-1:7750", false),
        ] {
            assert_eq!(Place::read(text).is_ok(), valid, "{text}");
        }
    }
}
