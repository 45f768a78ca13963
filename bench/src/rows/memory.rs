//! Resident memory.

use std::thread;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;

use crate::fill::{Shape, fill};
use crate::load::{self, request};
use crate::machine;
use crate::measure::{Goal, Outcome, resident_bytes};
use crate::{Arguments, Failure, servers};

const IDLE_MB_MAX: f64 = 20.0;
const INSTANCE_BYTES_MAX: f64 = 700.0;
const CONNECTION_KIB_MAX: f64 = 20.0;

/// As many as the design speaks of, if the machine allows.
const CONNECTIONS: u64 = 50_000;

/// Files that aren't idle connections.
const OTHER_FILES: u64 = 500;

/// Until what a burst of work left behind is given back.
const CALM: Duration = Duration::from_secs(3);

pub(super) fn measure(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let registry = servers::empty_registry(arguments)?;
    thread::sleep(CALM);
    let idle = resident_bytes(registry.pid());
    let mut outcomes = vec![Outcome::value(
        "memory, idle",
        "MB",
        idle / 1e6,
        Goal::AtMost,
        IDLE_MB_MAX,
    )];
    outcomes.push(connections(runtime, &registry, idle)?);
    for &instances in &arguments.sizes {
        let registry = servers::empty_registry(arguments)?;
        fill(
            runtime,
            &registry,
            Shape {
                instances,
                per_service: 10,
            },
        )?;
        thread::sleep(CALM);
        let each = (resident_bytes(registry.pid()) - idle) / instances as f64;
        let mut outcome = Outcome::value(
            format!("memory, {instances} instances"),
            "bytes each",
            each,
            Goal::AtMost,
            INSTANCE_BYTES_MAX,
        );
        // The promise is about a million; with few, what they share weighs more.
        outcome.target = outcome.target.filter(|_| instances >= 1_000_000);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Connections that have asked once and stay open.
fn connections(
    runtime: &Runtime,
    registry: &servers::Server,
    idle: f64,
) -> Result<Outcome, Failure> {
    let count = CONNECTIONS.min(machine::open_files().saturating_sub(OTHER_FILES));
    runtime.block_on(async {
        let mut open = Vec::new();
        let mut buffer = Vec::new();
        for number in 0..usize::try_from(count)? {
            let mut stream = load::connect(registry.address(), number).await?;
            stream.write_all(&request("GET", "/healthz", None)).await?;
            load::read_answer(&mut stream, &mut buffer).await?;
            open.push(stream);
        }
        let each = (resident_bytes(registry.pid()) - idle) / count as f64 / 1024.0;
        let row = format!("memory, {count} idle connections");
        Ok(Outcome::value(
            row,
            "KiB each",
            each,
            Goal::AtMost,
            CONNECTION_KIB_MAX,
        ))
    })
}
