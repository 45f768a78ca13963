//! From the start of the process until it says that it is ready. There is no reference, so it has all cores.

use std::time::Instant;

use tokio::runtime::Runtime;

use crate::fill::{Shape, fill};
use crate::load::{self, request};
use crate::measure::{Goal, Outcome, median};
use crate::servers::{self, Folder};
use crate::{Arguments, Failure};

const EMPTY_MS_MAX: f64 = 50.0;
const MILLION_MS_MAX: f64 = 3_000.0;

pub(super) fn measure(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let mut times = Vec::new();
    for _ in 0..arguments.pairs {
        times.push(start(arguments, runtime, Folder::temporary(arguments)?)?);
    }
    let mut outcomes = vec![Outcome::value(
        "start, empty",
        "ms",
        median(times),
        Goal::AtMost,
        EMPTY_MS_MAX,
    )];
    for &instances in &arguments.sizes {
        let folder = tempfile::tempdir_in(&arguments.binaries)?;
        let mut registry = servers::registry(arguments, Folder::kept(folder.path()))?;
        fill(
            runtime,
            &registry,
            Shape {
                instances,
                per_service: 10,
            },
        )?;
        registry.terminate()?;
        let mut times = Vec::new();
        for _ in 0..3 {
            times.push(start(arguments, runtime, Folder::kept(folder.path()))?);
        }
        let row = format!("start, {instances} instances");
        outcomes.push(Outcome::value(
            row,
            "ms",
            median(times),
            Goal::AtMost,
            MILLION_MS_MAX,
        ));
    }
    Ok(outcomes)
}

/// Milliseconds; the registry is killed afterwards, so that the next start finds what a crash leaves.
pub(super) fn start(
    arguments: &Arguments,
    runtime: &Runtime,
    folder: Folder,
) -> Result<f64, Failure> {
    let started = Instant::now();
    let registry = servers::registry_at_large(arguments, folder)?;
    while load::once(runtime, &registry, &request("GET", "/readyz", None)).is_err() {}
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
