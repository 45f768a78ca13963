//! A heartbeat writes nothing, whichever node hears it: counted at etcd.

use tokio::runtime::Runtime;

use super::{settled, shown};
use crate::clusters::Cluster;
use crate::fill::{Shape, fill, service};
use crate::load::{self, request};
use crate::measure::{Goal, Outcome};
use crate::servers::Server;
use crate::{Arguments, Failure};

const SHAPE: Shape = Shape {
    instances: 100_000,
    per_service: 10,
};
/// Sessions: ten instances share one.
const SESSIONS: u64 = 10_000;
const CONNECTIONS: usize = 64;

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    let cluster = Cluster::start(arguments, 3, 1)?;
    settled(runtime, &cluster.nodes)?;
    fill(runtime, &cluster.nodes[0], SHAPE)?;
    let last = format!(
        "/api/v1/services/{}/instances",
        service(SHAPE.services() - 1)
    );
    for node in &cluster.nodes {
        shown(runtime, node, &last, "instance-99999")?;
    }
    let nodes: Vec<&Server> = cluster.nodes.iter().collect();
    let beat = |number: u64| {
        let target = format!("/api/v1/sessions/session-{}/heartbeat", number % SESSIONS);
        request("POST", &target, None)
    };
    let before = revision(runtime, &cluster.etcd[0])?;
    // Long enough for every session to be heard many times, and through every node.
    let seconds = 10 * arguments.seconds;
    let sample = load::run_over(runtime, &nodes, CONNECTIONS, seconds, beat)?;
    let written = revision(runtime, &cluster.etcd[0])?.abs_diff(before);
    let beats = sample.value * seconds as f64;
    Ok(vec![
        Outcome::value(
            format!("writes at etcd during {beats:.0} heartbeats, 100000 instances, 3 nodes"),
            "writes",
            written as f64,
            Goal::AtMost,
            0.0,
        ),
        Outcome::recorded(
            "heartbeats over HTTP, 3 nodes on one machine",
            "requests/s",
            sample.value,
            Goal::AtLeast,
        ),
    ])
}

/// The revision of etcd: it grows with every write, whoever makes it.
fn revision(runtime: &Runtime, etcd: &Server) -> Result<u64, Failure> {
    let range = request("POST", "/v3/kv/range", Some(r#"{"key":"AA=="}"#));
    let answer: serde_json::Value = serde_json::from_slice(&load::once(runtime, etcd, &range)?)?;
    let revision = answer["header"]["revision"].as_str();
    let revision = revision.and_then(|text| text.parse().ok());
    revision.ok_or_else(|| format!("etcd has no revision: {answer}").into())
}
