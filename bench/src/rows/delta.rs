//! One change in a large service, with a subscriber: its cost must not depend on the others.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::fill::{Shape, fill};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome, Sample, cpu_seconds};
use crate::servers::{self, Server};
use crate::{Arguments, Failure};

const LARGE: usize = 50_000;
const SMALL: usize = 50;

/// "Independent" as far as these machines can tell two equal things apart.
const TARGET: f64 = 1.5;

/// Changes in a run, one after the other.
const CHANGES: usize = 1_000;

pub(super) fn measure(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let of = |instances| {
        let registry = servers::empty_registry(arguments)?;
        fill(
            runtime,
            &registry,
            Shape {
                instances,
                per_service: instances,
            },
        )?;
        Ok::<_, Failure>(registry)
    };
    let (large, small) = (of(LARGE)?, of(SMALL)?);
    let comparison = Comparison {
        row: format!("change in a service of {LARGE}, processor time"),
        unit: "us",
        reference_name: "a service of 50",
        goal: Goal::AtMost,
        target: Some(TARGET),
    };
    let outcome = comparison.run(
        arguments.pairs,
        || runtime.block_on(changes(&small)),
        || runtime.block_on(changes(&large)),
    )?;
    Ok(vec![outcome])
}

/// Processor time of a change, with one subscriber that reads all along.
async fn changes(server: &Server) -> Result<Sample, Failure> {
    let mut subscriber = load::connect(server.address(), 0).await?;
    subscriber
        .write_all(&request("GET", "/api/v1/watch?service=service-0", None))
        .await?;
    let mut control = load::connect(server.address(), 0).await?;
    let mut subscribed = vec![0; 1 << 20];
    // The snapshot of 50,000 is long; its end is followed by the id that the stream resumes from.
    let mut tail = Vec::new();
    while !tail.windows(4).any(|window| window == b"\nid:") {
        let length = subscriber.read(&mut subscribed).await?;
        tail = subscribed[length.saturating_sub(400)..length].to_vec();
    }
    let reader = tokio::spawn(async move {
        // It reads until it is told to stop.
        while subscriber
            .read(&mut subscribed)
            .await
            .is_ok_and(|length| length > 0)
        {}
    });
    let mut buffer = Vec::new();
    let cpu = cpu_seconds(server.pid());
    for number in 0..CHANGES {
        let body = format!(
            r#"{{"address":"10.0.0.7","port":{},"ttl":"24h","remove_after":"24h"}}"#,
            1_000 + number
        );
        let target = "/api/v1/services/service-0/instances/instance-7";
        control
            .write_all(&request("PUT", target, Some(&body)))
            .await?;
        load::read_answer(&mut control, &mut buffer).await?;
    }
    let each = (cpu_seconds(server.pid()) - cpu) * 1e6 / CHANGES as f64;
    reader.abort();
    Ok(Sample {
        value: each,
        cpu_us: each,
    })
}
