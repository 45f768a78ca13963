//! Who asks.

use std::net::{IpAddr, SocketAddr};

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Where it calls from.
    pub remote: SocketAddr,
    /// Where it reached us.
    pub local: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

impl Peer {
    /// Whether it is on this machine: both ends are loopback addresses.
    pub fn is_loopback(&self) -> bool {
        canonical(self.remote).is_loopback() && canonical(self.local).is_loopback()
    }
}

/// The address without the IPv6 clothing of an IPv4 address.
fn canonical(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}
