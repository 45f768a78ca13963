//! What rooms that know of several nodes are tested with.

use std::pin::Pin;

use bytes::Bytes;
use paste_model::{NodeName, Revision, Timestamp};
use paste_store::{Membership, Node, Secret};

use super::{Transport, TransportError};

/// A transport over which nobody is told anything.
#[derive(Debug)]
pub(crate) struct Mute;

impl Transport for Mute {
    fn tell(
        &self,
        _url: &str,
        _secret: &Secret,
        _message: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<(), TransportError>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(crate) fn node_name(name: &str) -> NodeName {
    NodeName::new(name).expect("valid")
}

/// The membership of these nodes; `me` has its lease if it is named.
pub(crate) fn membership(nodes: &[&str], me: Option<&str>) -> Membership {
    let node = |name: &&str| Node {
        name: node_name(name),
        url: format!("http://{name}:7750"),
        joined: Timestamp::default(),
        version: "0.0.0".to_owned(),
        revision: Revision(7),
    };
    Membership {
        own: me.map(|_| Revision(7)),
        nodes: nodes.iter().map(node).collect(),
        secret: Secret::new("5ec2e7"),
    }
}
