//! Which addresses may be probed. Whoever registers an instance chooses what the registry connects to, so without this
//! the registry would open doors for them: a cloud's metadata service, or a port on loopback that trusts its peers.
//!
//! A name is looked up once, every address it has is checked, and one that was checked is connected to: a name that
//! changes its mind in between gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use compact_str::{CompactString, format_compact};

use super::range::Range;

/// Most addresses of one name that are tried.
const ADDRESSES_TRIED_MAX: usize = 4;

/// Metadata services outside the link-local ranges, by cloud: AWS (IPv6), Google (IPv6), Alibaba, Oracle, Azure.
const METADATA: [IpAddr; 5] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];

/// Says which addresses may be probed.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub(super) loopback: bool,
    pub(super) forbidden: Vec<Range>,
}

/// Why a target can't be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// It must not be.
    Refused(CompactString),
    /// Its name leads nowhere.
    Unknown(CompactString),
}

impl Guard {
    /// The addresses of `host` to be tried, in order.
    pub(super) async fn resolve(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Unreachable> {
        let found = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| {
                Unreachable::Unknown(format_compact!("can't look up {host}: {error}"))
            })?;
        self.check(host, found.collect())
    }

    /// Refuses all of `found` if one is refused.
    pub(super) fn check(
        &self,
        host: &str,
        mut found: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Unreachable> {
        if found.is_empty() {
            return Err(Unreachable::Unknown(format_compact!(
                "{host} has no address"
            )));
        }
        for address in &found {
            if let Some(why) = self.refusal(address.ip()) {
                let ip = address.ip();
                return Err(Unreachable::Refused(format_compact!(
                    "refused: {ip} is {why}"
                )));
            }
        }
        found.truncate(ADDRESSES_TRIED_MAX);
        Ok(found)
    }

    /// Why an address must not be probed, if so.
    fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        let plain = plain(address);
        let bits = [address, plain];
        if METADATA.contains(&plain) {
            return Some("a metadata service");
        }
        let link_local = match plain {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        if link_local {
            return Some("link-local (metadata services live there)");
        }
        if plain.is_multicast() {
            return Some("a multicast address");
        }
        let nowhere = match plain {
            IpAddr::V4(ip) => ip.octets()[0] == 0 || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_unspecified(),
        };
        if nowhere {
            return Some("not the address of a host");
        }
        if plain.is_loopback() && !self.loopback {
            return Some("loopback, which is probed only while the registry itself listens there");
        }
        let forbidden = |range: &Range| bits.iter().any(|address| range.contains(*address));
        self.forbidden
            .iter()
            .any(forbidden)
            .then_some("in a range that the configuration forbids")
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:0:0/96`), compatible (`::/96`), translated
/// (`64:ff9b::/96`, RFC 6052) or carried (`2002::/16`, RFC 3056); any other address as it is.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(ip) = address else {
        return address;
    };
    let segments = ip.segments();
    let v4 = |high: u16, low: u16| {
        IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(guard: &Guard, address: &str) -> Option<&'static str> {
        guard.refusal(address.parse().expect("valid"))
    }

    #[test]
    fn forbidden_addresses_are_refused_in_every_form() {
        let guard = Guard {
            loopback: false,
            forbidden: vec![
                "10.9.0.0/16".parse().expect("valid"),
                "fd99::/16".parse().expect("valid"),
            ],
        };
        let refused = [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "ff02::1",
            "::ffff:224.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "255.255.255.255",
            "::ffff:255.255.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "10.9.1.1",
            "::ffff:10.9.1.1",
            "fd99::1",
        ];
        for address in refused {
            assert!(refusal(&guard, address).is_some(), "{address}");
        }
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "203.0.113.1",
            "2001:db8::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(refusal(&guard, address), None, "{address}");
        }
        let open = Guard {
            loopback: true,
            forbidden: Vec::new(),
        };
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(refusal(&open, address), None, "{address}");
        }
        assert!(refusal(&open, "169.254.169.254").is_some(), "never");
    }

    #[test]
    fn one_forbidden_address_refuses_the_name() {
        let guard = Guard {
            loopback: true,
            forbidden: Vec::new(),
        };
        let at = |ip: &str| SocketAddr::new(ip.parse().expect("valid"), 80);
        let found = guard.check("h", vec![at("10.0.0.1"), at("169.254.169.254")]);
        assert!(
            matches!(found, Err(Unreachable::Refused(why)) if why.starts_with("refused: 169.254.169.254"))
        );
        let many = (1..=9).map(|last| at(&format!("10.0.0.{last}"))).collect();
        assert_eq!(
            guard.check("h", many).expect("allowed").len(),
            ADDRESSES_TRIED_MAX
        );
        assert!(matches!(
            guard.check("h", Vec::new()),
            Err(Unreachable::Unknown(_))
        ));
    }
}
