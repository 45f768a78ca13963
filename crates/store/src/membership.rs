//! Which nodes share a store, and whether this one is still among them.
//!
//! A node is a member as long as it keeps its lease. What it must not do without one (pass a verdict), it makes depend on
//! its record, [`Key::Node`](paste_model::Key::Node): a batch that expects it at [`Membership::own`] is refused from the
//! moment the lease has run out, whatever the node itself believes.

use std::fmt;
use std::sync::Arc;

use paste_model::{NodeName, Revision, Timestamp};

/// The members as one node knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The revision of this node's own record; `None` while it has no lease, or can't know that it has one.
    pub own: Option<Revision>,
    /// Every node with a lease, this one included while it has one, in name order. While the store can't be reached: those
    /// that were known last.
    pub nodes: Arc<[Node]>,
    /// What nodes show each other, the same for all of a registry.
    pub secret: Secret,
}

/// A node with a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, which no other node has at the same time.
    pub name: NodeName,
    /// Where other nodes reach it: `http://HOST:PORT` or `https://HOST:PORT`.
    pub url: String,
    /// When it joined, by its own clock.
    pub joined: Timestamp,
    /// The version of the program that it runs.
    pub version: String,
    /// The revision that wrote its record: another one is another life.
    pub revision: Revision,
}

/// What nodes show each other: 64 hexadecimal digits. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes over what the store keeps.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// For the wire.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
