//! The nouns of the registry and their rules: names, instances, sessions, health, and the batches that change them.
//!
//! Invariants: nothing here does I/O, reads a clock, is asynchronous or knows a wire format. Every type that can be
//! wrong is checked when it is made, so that the rest of the house can trust what it is handed.

mod address;
mod change;
mod config;
mod health;
mod ids;
mod instance;
pub mod limits;
mod member;
mod metadata;
mod namespace;
mod r#override;
mod policy;
mod principal;
mod revision;
mod service;
mod session;
mod time;
mod token;

pub use address::{Address, InvalidAddress};
pub use change::{Batch, BlobId, Cause, CauseKind, Change, Committed, Entry, Expect, Key, Record};
pub use config::{
    Audience, ConfigKey, Content, Draft, Format, Gray, InvalidAudience, Item, Receiver, Release,
    ReleaseNumber, Seal, Stage,
};
pub use health::{Health, HealthState};
pub use ids::{
    ConfigGroup, ConfigName, InstanceId, InstanceKey, InvalidName, Namespace, NodeName, ServiceKey,
    ServiceName, SessionId, TokenId,
};
pub use instance::{
    Check, CheckKind, Instance, InvalidInstance, Label, NamedPort, Port, Status, Version, Weight,
};
pub use member::Member;
pub use metadata::{InvalidMetadata, Metadata};
pub use namespace::NamespaceSettings;
pub use r#override::Override;
pub use policy::{
    Balancer, BalancerKind, InvalidPolicy, Locality, OutlierDetection, Policy, PolicyHistory,
    PolicyRelease, Retries, Rule, SlowStart, Subset, Thousandths, Timeouts, Users,
};
pub use principal::Principal;
pub use revision::{Epoch, InvalidPosition, Position, Revision};
pub use service::{ProtectThreshold, ServiceSettings};
pub use session::Session;
pub use time::Timestamp;
pub use token::{ConfigScope, Grant, Role, Scope, Token, TokenHash};
