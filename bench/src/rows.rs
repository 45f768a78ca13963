//! The rows: what is measured, and what it has to reach (the design's table of numbers).

mod cluster;
mod configs;
mod delta;
mod discovery;
mod fanout;
mod heartbeat;
mod memory;
mod registration;
mod renewal;
mod start;

use tokio::runtime::Runtime;

use crate::measure::Outcome;
use crate::{Arguments, Failure};

/// A row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// What it is asked for by.
    pub(crate) name: &'static str,
    /// What it measures.
    pub(crate) what: &'static str,
    /// Measures it.
    pub(crate) measure: fn(&Arguments, &Runtime) -> Result<Vec<Outcome>, Failure>,
}

/// All rows, in the order of the table.
pub(crate) const ROWS: [Row; 17] = [
    Row {
        name: "discovery",
        what: "discovery read of 10 instances, 64 keep-alive connections, beside nginx serving the same bytes",
        measure: discovery::single,
    },
    Row {
        name: "discovery-random",
        what: "discovery over 1,000 services at random, beside the single service",
        measure: discovery::random,
    },
    Row {
        name: "registration",
        what: "registration, fsynced, one PUT each, beside etcd's put on the same disk (and r-nacos in memory)",
        measure: registration::single,
    },
    Row {
        name: "registration-batch",
        what: "registration in batches of 1,000, in instances per second, beside etcd's put",
        measure: registration::in_batches,
    },
    Row {
        name: "heartbeat",
        what: "heartbeat over HTTP, beside a bare HTTP server",
        measure: heartbeat::over_http,
    },
    Row {
        name: "renewal",
        what: "heartbeat in process, on one core, at 100,000 and 1,000,000 sessions",
        measure: renewal::measure,
    },
    Row {
        name: "fanout",
        what: "a change until it is with 1,000 and 10,000 subscribers, beside a bare loop of writes",
        measure: fanout::measure,
    },
    Row {
        name: "memory",
        what: "memory idle, for an instance, and for an idle connection",
        measure: memory::measure,
    },
    Row {
        name: "start",
        what: "time until the registry is ready, empty and with many instances",
        measure: start::measure,
    },
    Row {
        name: "config-read",
        what: "a configuration item read, beside a discovery read of as many bytes (and r-nacos)",
        measure: configs::read::measure,
    },
    Row {
        name: "config-publish",
        what: "a release until it is with 1,000 subscribers, beside a bare loop of writes (and r-nacos), and until all have acknowledged it",
        measure: configs::publish::measure,
    },
    Row {
        name: "config-size",
        what: "memory and start with 100,000 configuration items",
        measure: configs::size::measure,
    },
    Row {
        name: "cluster-heartbeat",
        what: "writes that etcd sees while 100,000 instances are kept alive through three nodes",
        measure: cluster::heartbeats::measure,
    },
    Row {
        name: "cluster-registration",
        what: "registrations, and when another node shows one, with 3 nodes and 3 etcds, beside 3 nodes of r-nacos",
        measure: cluster::registration::measure,
    },
    Row {
        name: "cluster-failover",
        what: "until 10,000 processes of a node that dies are back on others, and who is missing then",
        measure: cluster::failover::measure,
    },
    Row {
        name: "rolling-restart",
        what: "bytes that 1,000 subscribers are sent while all of 5,000 instances are replaced",
        measure: cluster::rolling::measure,
    },
    Row {
        name: "delta",
        what: "processor time of one change in a service of 50,000, beside a service of 50",
        measure: delta::measure,
    },
];
