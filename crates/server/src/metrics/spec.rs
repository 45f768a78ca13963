//! What is measured: the names, which dashboards rely on, and their documentation.

use prometheus_client::metrics::MetricType;

/// A metric.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its name, without the prefix and, for counters, without `_total`.
    pub(crate) name: &'static str,
    pub(crate) kind: MetricType,
    /// The names of its labels, with what they can be.
    pub(crate) labels: &'static str,
    pub(crate) help: &'static str,
}

macro_rules! specs {
    ($($constant:ident = $kind:ident $name:literal $([$labels:literal])? $help:literal,)*) => {
        $(pub(super) const $constant: Spec = Spec {
            name: $name,
            kind: MetricType::$kind,
            labels: concat!($($labels)?),
            help: $help,
        };)*

        /// All of them, in the order of the page.
        pub(crate) const SPECS: &[&Spec] = &[$(&$constant),*];
    };
}

specs! {
    DRAINING = Gauge "draining" "Whether the node is going down",
    REVISION = Gauge "revision" "The revision that the node's view has reached",
    SERVICES = Gauge "services" "Known services",
    INSTANCES = Gauge "instances" "Registered instances",
    SESSIONS = Gauge "sessions" "Sessions with an instance or a record",
    CONFIGS = Gauge "configs" "Configuration items",
    CONFIG_FOLLOWERS = Gauge "config_streams" "Watch streams that follow configuration",
    CONFIG_ACKS = Gauge "config_acks" "Acknowledgements of configuration that are remembered",
    SUBSCRIBERS = Gauge "subscribers" "Live subscriptions",
    RING_CHANGES = Gauge "ring_changes" "Changes kept for subscribers that follow or resume",
    RING_BYTES = Gauge "ring_bytes" "Bytes kept for subscribers that follow or resume, by estimate",
    SESSIONS_BY_HEALTH = Gauge "sessions_watched" ["health: suspect, failing"] "Sessions that aren't passing",
    SESSION_STREAMS = Gauge "session_streams" "Watch streams that speak for a session",
    SESSION_STEPS = Counter "session_steps" ["to: passing, suspect, failing, removed"] "Steps of sessions since the start",
    PAUSES = Counter "pauses" "Gaps in the node's own ticking since the start: it was paused, or its machine was",
    HOLDS = Gauge "holds" ["guard: store, silence, zone, pace, flapping, deaf"] "Judgements that a guard holds back now",
    HOLDS_BEGUN = Counter "holds_begun" ["guard: store, silence, zone, pace, flapping, deaf"] "Times that a guard began to hold back since the start",
    NODES = Gauge "nodes" "Nodes that are there; 1 for a node that is alone",
    MEMBER = Gauge "node_member" "Whether this node has its place among the others: one that hasn't judges nobody",
    ISOLATED = Gauge "node_isolated" "Whether this node is cut off from the store or from its place among the others",
    STALE = Gauge "node_stale_seconds" "For how long this node hasn't reached the store; 0 while it does",
    OWNED = Gauge "sessions_owned" "Sessions that this node watches over",
    NODE_LAG = Gauge "node_lag_revisions" ["node: those that are there"] "Revisions by which a node was behind the furthest when it was last heard, which is at least once a second",
    NODE_HEARD = Gauge "node_heard_seconds" ["node: those that are there"] "Time since a node was last heard; 0 for this one",
    SIGNS_WAITING = Gauge "signs_waiting" "Signs of life, heard here, that wait to be told to other nodes",
    SIGNS_TOLD = Counter "signs_told" "Signs told to other nodes since the start",
    SIGNS_TAKEN = Counter "signs_taken" "Signs taken from other nodes since the start",
    TELL_FAILURES = Counter "node_messages_failed" "Messages that another node didn't take, since the start",
    PROBE_TARGETS = Gauge "probe_targets" "Instances that are probed",
    PROBE_FAILING = Gauge "probe_targets_failing" "Instances that fail a check",
    PROBES_IN_FLIGHT = Gauge "probes_in_flight" "Probes on their way",
    PROBES = Counter "probes" "Probes done since the start",
    PROBE_FAILURES = Counter "probe_failures" "Probes that failed since the start",
    PROBER_SILENT = Gauge "prober_silent" "Whether the prober suspects its own network, and judges nobody",
    EVENTS = Counter "events" "Events told in the timeline since the start",
    EVENTS_DROPPED = Counter "events_dropped" "Events missing from the timeline because the disk was too slow or failed",
    STORE_FAILED = Gauge "store_failed" "Whether the store refuses writes",
    STORE_REVISION = Gauge "store_revision" "The newest committed revision",
    STORE_DISK = Gauge "store_disk_bytes" "Size of the store on disk",
    STORE_WAITING = Gauge "store_commits_waiting" "Commits waiting to be written",
    COMMITS = Counter "commits" ["outcome: done, conflict, refused, unknown"] "What became of this node's commits since the start; a conflict is tried again unless a client named a condition",
    CONNECTIONS_OPEN = Gauge "connections_open" "Connections open now",
    CONNECTIONS = Counter "connections" "Connections accepted since the start",
    CONNECTIONS_REFUSED = Counter "connections_refused" "Connections answered 503 because too many were open",
    ACCEPT_ERRORS = Counter "accept_errors" "Failures to accept a connection, such as a lack of file descriptors",
    CONNECTIONS_CUT_OFF = Counter "connections_cut_off" ["reason: head, write, handshake"] "Connections cut off because the peer was too slow",
    REQUESTS = Counter "requests" ["route: a fixed list; status: 1xx to 5xx"] "Requests answered",
    REQUEST_SECONDS = Histogram "request_seconds" ["route: a fixed list"] "Time from a request's head to its answer's head",
    CHANGE_SECONDS = Histogram "change_seconds" "Time from the commit of a change until it is handed to a subscriber's socket",
    STREAMS_OPEN = Gauge "streams_open" "Watch streams open now",
    POLLS_WAITING = Gauge "polls_waiting" "Requests waiting now: long polls, and those for what another node has told a client",
    RESIDENT_BYTES = Gauge "process_resident_bytes" "Memory in use",
    OPEN_FILES = Gauge "process_open_files" "Open files, connections included",
    BUILD = Gauge "build" ["version: the registry's"] "Always 1; the label says which version runs",
}
