//! An endpoint of a service: the instance as it was last described, and the gauges that outlive descriptions.

use std::sync::Arc;

use paste_model::Member;

use crate::gauges::Gauges;

#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) member: Arc<Member>,
    pub(crate) gauges: Arc<Gauges>,
    /// `address:port`, an IPv6 address in brackets: what it is called when it is hashed.
    pub(crate) key: Box<str>,
}

impl Seat {
    pub(crate) fn new(member: Arc<Member>, gauges: Arc<Gauges>) -> Self {
        let (address, port) = (&member.instance.address, member.instance.port);
        let key = if address.as_str().contains(':') {
            format!("[{address}]:{port}")
        } else {
            format!("{address}:{port}")
        };
        Self {
            member,
            gauges,
            key: key.into(),
        }
    }

    /// Whether `member` is the same endpoint: another address or port is another one.
    pub(crate) fn is_at(&self, member: &Member) -> bool {
        let (own, other) = (&self.member.instance, &member.instance);
        own.port == other.port && own.address == other.address
    }
}
