//! The only door for writes, and the watch over who is alive.
//!
//! A command checks who asks, turns into a batch, is committed to the store, and waits until the view has reached its
//! revision. Invariants:
//!
//! - Nothing but [`feed`] holds the catalog's writer: no command touches the view.
//! - A heartbeat commits nothing; only a change of state is written.
//! - Time enters through [`Clock`] alone.

mod access;
mod backup;
mod clock;
mod cluster;
mod commands;
mod commits;
mod configs;
mod context;
mod error;
mod feed;
mod liveness;
mod load;
mod probe;
mod registration;
mod start;
mod stats;
mod status;
mod timeline;
mod writeback;

pub use access::Caller;
pub use clock::{Clock, SystemClock};
pub use cluster::{ClusterStatus, InvalidSigns, NodeStatus, Transport, TransportError};
pub use commands::{BatchItem, Outcome, PolicyTerms, RecordedPolicy, Stored};
pub use commits::CommitCounts;
pub use configs::{
    Ack as ConfigAck, Clone as ConfigClone, Cloned as ConfigsCloned, Diff as ConfigDiff, Effective,
    Following, Found as ConfigFound, GrayTerms, HistoryPage, Hunk, LineChange, Publication,
    Published, Reach, Removal, SearchPage, SeveralItem, Shown, Subscriber, Terms, Vault,
    VaultError, Wanted as ConfigsWanted, Which, check_content, fits_schema, unified,
};
pub use error::{EngineError, StartError};
pub use liveness::{HoldKind, HoldStatus, LivenessStatus, StreamGuard};
pub use load::LoadReport;
pub use probe::ProbeStatus;
pub use registration::Registration;
pub use start::{Config, Engine};
pub use stats::{BUCKETS, CallReport, Calls, ServiceCalls};
pub use status::EngineStatus;
pub use timeline::{Event, EventCursor, EventKind, InvalidCursor, Subject, TimelineStatus};

pub mod settings {
    //! What of the engine can be configured, one section a room.

    pub use crate::configs::Config as Configs;
    pub use crate::liveness::{
        Config as Liveness, FlappingConfig as Flapping, PaceConfig as Pace,
        SilenceConfig as Silence, ZoneConfig as Zone,
    };
    pub use crate::probe::{Config as Probes, InvalidRange, Range};
    pub use crate::timeline::Config as Timeline;
}
