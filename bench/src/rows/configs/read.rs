//! Reading an item: as fast as a discovery read of as many bytes.

use tokio::runtime::Runtime;

use super::{ITEM, release, rnacos};
use crate::fill::{self, Shape, fill};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome};
use crate::servers::Server;
use crate::{Arguments, Failure, servers, wrk};

const CONNECTIONS: usize = 64;
const INSTANCES: usize = 10;

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    let registry = servers::empty_registry(arguments)?;
    let shape = Shape {
        instances: INSTANCES,
        per_service: INSTANCES,
    };
    fill(runtime, &registry, shape)?;
    let discovery = format!("/api/v1/services/{}/instances", fill::service(0));
    let bytes = load::once(runtime, &registry, &request("GET", &discovery, None))?.len();
    let content = publish_answer_of(runtime, &registry, bytes)?;
    let comparison = Comparison {
        row: format!("configuration read, {bytes} bytes"),
        unit: "requests/s",
        reference_name: "discovery read",
        goal: Goal::AtLeast,
        target: Some(1.0),
    };
    let get = |server: &Server, target: &str| {
        wrk::run(server, target, None, CONNECTIONS, arguments.seconds)
    };
    let mut outcomes = vec![comparison.run(
        arguments.pairs,
        || get(&registry, &discovery),
        || get(&registry, ITEM),
    )?];
    if let Some(nacos) = servers::rnacos(arguments)? {
        rnacos::publish(runtime, &nacos, &content)?;
        let comparison = Comparison {
            row: format!("configuration read, {bytes} bytes, beside r-nacos"),
            unit: "requests/s",
            reference_name: "r-nacos",
            goal: Goal::AtLeast,
            target: None,
        };
        outcomes.push(comparison.run(
            arguments.pairs,
            || get(&nacos, rnacos::READ),
            || get(&registry, ITEM),
        )?);
    }
    Ok(outcomes)
}

/// Publishes content whose answer has so many bytes; gives the content.
fn publish_answer_of(
    runtime: &Runtime,
    registry: &Server,
    bytes: usize,
) -> Result<String, Failure> {
    load::once(runtime, registry, &release("x"))?;
    let around = load::once(runtime, registry, &request("GET", ITEM, None))?.len() - 1;
    // Its size is in the answer, too, with more digits now.
    let digits = bytes.to_string().len() - 1;
    let content = "x".repeat(bytes.saturating_sub(around + digits).max(1));
    load::once(runtime, registry, &release(&content))?;
    let answer = load::once(runtime, registry, &request("GET", ITEM, None))?.len();
    if answer.abs_diff(bytes) > bytes / 100 {
        return Err(format!("the answer has {answer} bytes and not {bytes}").into());
    }
    Ok(content)
}
