//! The spine of the house: records, the keys they live under, and the batches that change them together.

use std::sync::Arc;

use bytes::Bytes;
use compact_str::CompactString;
use sha2::{Digest, Sha256};

use crate::{
    ConfigKey, Health, Instance, InstanceKey, Item, Namespace, NamespaceSettings, NodeName,
    Override, PolicyHistory, Principal, Release, ReleaseNumber, Revision, ServiceKey,
    ServiceSettings, Session, SessionId, Timestamp, Token, TokenId,
};

/// SHA-256 of a bulky value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What a record is stored under. Different authors write different records, so that a re-registration doesn't reset
/// health and a verdict doesn't rewrite a registration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Settings of a namespace.
    Namespace(Namespace),
    /// Settings of a service.
    Service(ServiceKey),
    /// How the consumers of a service choose among its instances.
    Policy(ServiceKey),
    /// What an owner registered.
    Instance(InstanceKey),
    /// The liveness of a process.
    Session(SessionId),
    /// What the probes found of an instance.
    Check(InstanceKey),
    /// An administrator's word on an instance.
    Override(InstanceKey),
    /// An access token.
    Token(TokenId),
    /// A configuration item: which release is in use.
    Config(ConfigKey),
    /// One line of a configuration item's history.
    Release(ConfigKey, ReleaseNumber),
    /// A bulky value: kept outside load and changes.
    Blob(BlobId),
    /// A node's being a member. The store itself writes and removes it; others only expect it.
    Node(NodeName),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Settings of a namespace; a namespace exists when it has them.
    Namespace(Namespace, NamespaceSettings),
    /// Settings of a service.
    Service(ServiceKey, Arc<ServiceSettings>),
    /// How the consumers of a service choose among its instances, with what held before.
    Policy(ServiceKey, Arc<PolicyHistory>),
    /// What an owner registered.
    Instance(InstanceKey, Arc<Instance>),
    /// The liveness of a process.
    Session(SessionId, Session),
    /// What the probes found of an instance.
    Check(InstanceKey, Health),
    /// An administrator's word on an instance.
    Override(InstanceKey, Arc<Override>),
    /// An access token.
    Token(Arc<Token>),
    /// A configuration item.
    Config(ConfigKey, Arc<Item>),
    /// One line of a configuration item's history.
    Release(ConfigKey, ReleaseNumber, Arc<Release>),
    /// A bulky value.
    Blob(BlobId, Bytes),
}

impl Record {
    /// The key it is stored under.
    pub fn key(&self) -> Key {
        match self {
            Self::Namespace(name, _) => Key::Namespace(name.clone()),
            Self::Service(key, _) => Key::Service(key.clone()),
            Self::Policy(key, _) => Key::Policy(key.clone()),
            Self::Instance(key, _) => Key::Instance(key.clone()),
            Self::Session(id, _) => Key::Session(id.clone()),
            Self::Check(key, _) => Key::Check(key.clone()),
            Self::Override(key, _) => Key::Override(key.clone()),
            Self::Token(token) => Key::Token(token.id.clone()),
            Self::Config(key, _) => Key::Config(key.clone()),
            Self::Release(key, number, _) => Key::Release(key.clone(), *number),
            Self::Blob(id, _) => Key::Blob(*id),
        }
    }
}

/// One step of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Write a record, new or in place of an older one.
    Put(Record),
    /// Remove a record; nothing happens where there is none.
    Delete(Key),
}

impl Change {
    /// The key that it changes.
    pub fn key(&self) -> Key {
        match self {
            Self::Put(record) => record.key(),
            Self::Delete(key) => key.clone(),
        }
    }
}

/// What must be true of a key for a batch to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No record is there.
    Absent,
    /// A record is there, whichever.
    Present,
    /// The record that is there was written at this revision.
    At(Revision),
}

/// What kind of act led to a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// Somebody asked for it.
    Request,
    /// A session fell silent, came back or ran out.
    Liveness,
    /// The registry's own probes found it.
    Probe,
    /// A guard held something back; such a batch changes no record.
    Guard,
    /// A reader wanted to be sure that it sees all that was written before; such a batch changes no record.
    Sync,
}

impl CauseKind {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Liveness => "liveness",
            Self::Probe => "probe",
            Self::Guard => "guard",
            Self::Sync => "sync",
        }
    }
}

/// Why a batch was committed, when and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The kind of act.
    pub kind: CauseKind,
    /// When, by the clock of the node that committed it.
    pub at: Timestamp,
    /// By whom.
    pub by: Principal,
    /// Why, in words for a person; may be empty where the change says it all.
    pub reason: CompactString,
    /// The service that a batch without changes speaks of.
    pub about: Option<ServiceKey>,
}

/// Changes that are committed together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What must be true.
    pub expect: Vec<(Key, Expect)>,
    /// What changes; a key at most once.
    pub changes: Vec<Change>,
    /// Why.
    pub cause: Cause,
}

/// A batch as it comes back on the change stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its place in the history.
    pub revision: Revision,
    /// What changed (bulky values left out).
    pub changes: Vec<Change>,
    /// Why.
    pub cause: Cause,
}

/// A record with the revision that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The revision that wrote it.
    pub revision: Revision,
    /// The record.
    pub record: Record,
}
