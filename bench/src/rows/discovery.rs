//! Discovery reads.

use tokio::runtime::Runtime;

use crate::fill::{self, Shape, fill};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome};
use crate::{Arguments, Failure, servers, wrk};

const CONNECTIONS: usize = 64;
const INSTANCES_PER_SERVICE: usize = 10;
const SERVICES_ASKED_FOR: usize = 1_000;

fn target(service: usize) -> String {
    format!("/api/v1/services/{}/instances", fill::service(service))
}

pub(super) fn single(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let registry = servers::empty_registry(arguments)?;
    let shape = Shape {
        instances: INSTANCES_PER_SERVICE,
        per_service: INSTANCES_PER_SERVICE,
    };
    fill(runtime, &registry, shape)?;
    let answer = load::once(runtime, &registry, &request("GET", &target(0), None))?;
    let nginx = servers::nginx(arguments, &answer)?;
    let comparison = Comparison {
        row: format!("discovery, {} bytes", answer.len()),
        unit: "requests/s",
        reference_name: "nginx",
        goal: Goal::AtLeast,
        target: Some(1.2),
    };
    let seconds = arguments.seconds;
    let outcome = comparison.run(
        arguments.pairs,
        || wrk::run(&nginx, "/answer", None, CONNECTIONS, seconds),
        || wrk::run(&registry, &target(0), None, CONNECTIONS, seconds),
    )?;
    Ok(vec![outcome])
}

pub(super) fn random(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let folder = tempfile::tempdir()?;
    let mut outcomes = Vec::new();
    for &instances in &arguments.sizes {
        let registry = servers::empty_registry(arguments)?;
        let shape = Shape {
            instances,
            per_service: INSTANCES_PER_SERVICE,
        };
        fill(runtime, &registry, shape)?;
        let step = (shape.services() / SERVICES_ASKED_FOR).max(1);
        let targets: Vec<String> = (0..shape.services())
            .step_by(step)
            .take(SERVICES_ASKED_FOR)
            .map(target)
            .collect();
        let one = wrk::random_targets(folder.path(), "GET", &targets[..1])?;
        let all = wrk::random_targets(folder.path(), "GET", &targets)?;
        let comparison = Comparison {
            row: format!("discovery, random, {instances} instances"),
            unit: "requests/s",
            reference_name: "single service",
            goal: Goal::AtLeast,
            target: Some(0.9),
        };
        let load = |script: &std::path::Path| {
            wrk::run(&registry, "/", Some(script), CONNECTIONS, arguments.seconds)
        };
        outcomes.push(comparison.run(arguments.pairs, || load(&one), || load(&all))?);
    }
    Ok(outcomes)
}
