//! One change, and when each of many subscribers has it.

use std::cell::Cell;

use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use crate::audience::{self, Audience, CHANGES, QUIET};
use crate::load::request;
use crate::measure::{Comparison, Goal, Outcome, Sample};
use crate::servers::{self, Server};
use crate::{Arguments, Failure};

const SUBSCRIBERS: [usize; 2] = [1_000, 10_000];

/// Of the bare loop's time.
pub(super) const TARGET: f64 = 1.5;

pub(super) fn measure(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    for subscribers in SUBSCRIBERS {
        audience::fits(subscribers)?;
        let registry = servers::empty_registry(arguments)?;
        // How long a change is, the bare loop learns from a first audience, which also warms up.
        let bytes = Cell::new(0);
        let ours =
            || LocalSet::new().block_on(runtime, of_registry(&registry, subscribers, &bytes));
        let bare =
            || LocalSet::new().block_on(runtime, of_loop(arguments, subscribers, bytes.get()));
        ours()?;
        let comparison = Comparison {
            row: format!(
                "change to {subscribers} subscribers, p99, {} bytes",
                bytes.get()
            ),
            unit: "ms",
            reference_name: "bare loop",
            goal: Goal::AtMost,
            target: Some(TARGET),
        };
        outcomes.push(comparison.run(arguments.pairs, bare, ours)?);
    }
    Ok(outcomes)
}

/// A fresh audience of the registry: one change to warm up, then the middle one of a few.
async fn of_registry(
    server: &Server,
    count: usize,
    bytes: &Cell<usize>,
) -> Result<Sample, Failure> {
    let watch = request("GET", "/api/v1/watch?service=news", None);
    let mut audience = Audience::gather(server, count, |_| watch.clone()).await?;
    let mut samples = Vec::new();
    for number in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        // Ports tell the changes of an audience apart; its first differs from the last of the one before.
        let port = 8_000 + number;
        let body =
            format!(r#"{{"address":"10.0.0.7","port":{port},"ttl":"24h","remove_after":"24h"}}"#);
        let put = request("PUT", "/api/v1/services/news/instances/one", Some(&body));
        samples.push(audience.change(&put).await?);
    }
    bytes.set(audience.bytes_of_one());
    Ok(audience::middle(&samples))
}

/// The same of a bare loop that writes as many bytes.
pub(super) async fn of_loop(
    arguments: &Arguments,
    count: usize,
    bytes: usize,
) -> Result<Sample, Failure> {
    let server = servers::bare(arguments, "loop")?;
    let mut audience = Audience::gather(&server, count, |_| b"s".to_vec()).await?;
    audience.tell(b"c").await?;
    let mut samples = Vec::new();
    for _ in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        samples.push(audience.write(bytes).await?);
    }
    Ok(audience::middle(&samples))
}
