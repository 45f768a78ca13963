//! The native wire types: what the REST API takes and gives, as JSON with schemas.
//!
//! Shared by the REST front, the command line and the Rust SDK. Names are snake_case, durations are strings (`"15s"`),
//! times RFC 3339 in UTC, and what is optional and absent is left out. Reading is strict: see [`decode`].
//!
//! Invariants: a wire type never travels further in than the edge; [`paste_model`] types never become JSON by
//! themselves. Whatever a client may get wrong is refused with the field's path and the rule that it breaks.

mod batch;
mod cluster;
mod config;
mod decode;
mod duration;
mod event;
mod explain;
mod instance;
mod map;
mod namespace;
mod object;
mod overriding;
mod patch;
mod policy;
mod problem;
mod refusal;
mod service;
mod session;
mod stats;
mod status;
mod time;
mod token;
mod watch;

pub use batch::{Action, BatchItem, BatchRequest, BatchResponse, BatchResult};
pub use cluster::{ClusterMode, ClusterNode, ClusterStatus, Owner};
pub use config::{
    Ack, AckRequest, Acknowledged, Applied, Audience, CloneRequest, Cloned, CommentRequest, Config,
    ConfigChanged, ConfigDiff, ConfigFormat, ConfigHunk, ConfigLine, ConfigList, ConfigRelease,
    ConfigSummary, ConfigTerms, Draft, EffectiveConfig, EffectiveList, Gray, GrayRequest, Hidden,
    LineChange, MatchedLine, Publication, Published, Reach, ReleaseItem, ReleaseList,
    ReleaseRequest, ReleaseStage, ReleasedTogether, Releasing, RollbackRequest, Subscriber,
    SubscriberList,
};
pub use decode::{Strictness, decode};
pub use duration::{Duration, InvalidDuration};
pub use event::{Event, EventList};
pub use explain::{Choice, Explanation, InstanceExplanation};
pub use instance::{
    Check, CheckType, Health, HealthDetail, Instance, InstanceList, Port, Registered, Registration,
    Status,
};
pub use map::Map;
pub use namespace::{Namespace, NamespaceList, NamespaceSettings};
pub use overriding::{OverrideEntry, OverrideInfo, OverrideList, OverrideRequest};
pub use patch::MergePatch;
pub use policy::{
    Balancer, BalancerKind, Locality, OutlierDetection, Policy, PolicyHistory, PolicyList,
    PolicyRelease, PolicyRule, PolicySubset, PolicyUsers, Retries, ServicePolicy, SlowStart,
    Timeouts,
};
pub use problem::{Code, FieldError, Problem};
pub use refusal::Refusal;
pub use service::{Service, ServiceList, ServiceSettings};
pub use session::{EndedSession, LoadReport};
pub use stats::{
    CallReport, CallStats, CallerStats, Heartbeat, MinuteStats, ServiceLoad, ServiceStats,
};
pub use status::{Counts, Ready, RegistryStatus, Restored, StoreStatus};
pub use time::Time;
pub use token::{Grant, NewToken, Role, Token, TokenList, TokenSettings};
pub use watch::{Delta, Load, LoadEntry, Reset, WatchRequest};
