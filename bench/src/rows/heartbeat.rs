//! Heartbeats over HTTP.

use tokio::runtime::Runtime;

use crate::fill::{Shape, fill};
use crate::measure::{Comparison, Goal, Outcome};
use crate::{Arguments, Failure, servers, wrk};

const CONNECTIONS: usize = 64;

/// Sessions that heartbeats come for; ten instances each.
const SESSIONS: usize = 1_000;

pub(super) fn over_http(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let registry = servers::empty_registry(arguments)?;
    fill(
        runtime,
        &registry,
        Shape {
            instances: SESSIONS * 10,
            per_service: 100,
        },
    )?;
    let bare = servers::bare(arguments, "http")?;
    let folder = tempfile::tempdir()?;
    let targets: Vec<String> = (0..SESSIONS)
        .map(|session| format!("/api/v1/sessions/session-{session}/heartbeat"))
        .collect();
    let script = wrk::random_targets(folder.path(), "POST", &targets)?;
    let comparison = Comparison {
        row: "heartbeat over HTTP".to_owned(),
        unit: "requests/s",
        reference_name: "bare HTTP server",
        goal: Goal::AtLeast,
        target: Some(0.9),
    };
    let load = |server| wrk::run(server, "/", Some(&script), CONNECTIONS, arguments.seconds);
    Ok(vec![comparison.run(
        arguments.pairs,
        || load(&bare),
        || load(&registry),
    )?])
}
