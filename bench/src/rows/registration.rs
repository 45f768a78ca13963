//! Registrations, each acknowledged when it is on disk.

use tokio::runtime::Runtime;

use crate::fill::{BATCH_ITEMS, Shape, batch};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome, Sample};
use crate::{Arguments, Failure, etcd, servers};

/// What the design asks for: connections, times etcd's rate.
const SINGLE: [(usize, f64); 2] = [(64, 6.0), (256, 8.0)];

/// Batches go over this many connections; more add waiting only.
const BATCH_CONNECTIONS: usize = 8;

/// How many more instances per second batches bring than etcd takes puts.
const BATCH_TARGET: f64 = 20.0;

/// Instances of one service in the batches.
const BATCH_SERVICE_INSTANCES: usize = 100;

const BODY: &str = r#"{"address":"10.0.0.7","port":8080,"version":"1.4.2","zone":"a"}"#;

/// A thousand services share the instances, each an instance of its own id.
fn put(number: u64) -> Vec<u8> {
    let target = format!(
        "/api/v1/services/service-{}/instances/instance-{number}",
        number % 1_000
    );
    request("PUT", &target, Some(BODY))
}

/// Registrations at a registry that is empty each time.
fn ours(arguments: &Arguments, runtime: &Runtime, connections: usize) -> Result<Sample, Failure> {
    let registry = servers::empty_registry(arguments)?;
    load::run(runtime, &registry, connections, arguments.seconds, put)
}

pub(super) fn single(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    let seconds = arguments.seconds;
    for (connections, times) in SINGLE {
        let comparison = Comparison {
            row: format!("registration, {connections} connections"),
            unit: "registrations/s",
            reference_name: "etcd put",
            goal: Goal::AtLeast,
            target: Some(times),
        };
        // An empty store each time: neither side grows slower by what the run before left.
        outcomes.push(comparison.run(
            arguments.pairs,
            || {
                etcd::puts(
                    runtime,
                    &servers::etcd(arguments)?,
                    connections,
                    seconds,
                    BODY,
                )
            },
            || ours(arguments, runtime, connections),
        )?);
    }
    outcomes.extend(beside_rnacos(arguments, runtime)?);
    Ok(outcomes)
}

/// The address of an instance at r-nacos, which knows instances by their addresses.
pub(super) fn address(number: u64) -> String {
    let (a, b, c) = (number >> 16 & 255, number >> 8 & 255, number & 255);
    format!("10.{a}.{b}.{c}")
}

/// The same registration at r-nacos.
pub(super) fn at_rnacos(service: &str, number: u64) -> Vec<u8> {
    let ip = address(number);
    let target = format!("/nacos/v1/ns/instance?serviceName={service}&ip={ip}&port=8080");
    format!("POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// For information: r-nacos keeps ephemeral instances in memory and writes none to disk.
fn beside_rnacos(arguments: &Arguments, runtime: &Runtime) -> Result<Option<Outcome>, Failure> {
    if servers::rnacos(arguments)?.is_none() {
        return Ok(None);
    }
    let (connections, seconds) = (64, arguments.seconds);
    let comparison = Comparison {
        row: format!("registration, {connections} connections, beside r-nacos"),
        unit: "registrations/s",
        reference_name: "r-nacos, in memory",
        goal: Goal::AtLeast,
        target: None,
    };
    let nacos = |number: u64| at_rnacos(&format!("service-{}", number % 1_000), number);
    let outcome = comparison.run(
        arguments.pairs,
        || {
            let server = servers::rnacos(arguments)?.ok_or("r-nacos is gone")?;
            load::run(runtime, &server, connections, seconds, nacos)
        },
        || {
            load::run(
                runtime,
                &servers::empty_registry(arguments)?,
                connections,
                seconds,
                put,
            )
        },
    )?;
    Ok(Some(outcome))
}

fn batch_rate(arguments: &Arguments, runtime: &Runtime) -> Result<Sample, Failure> {
    let registry = servers::empty_registry(arguments)?;
    let shape = Shape {
        instances: usize::MAX / 2,
        per_service: BATCH_SERVICE_INSTANCES,
    };
    let make = move |number: u64| {
        let number = usize::try_from(number).unwrap_or(0);
        batch(shape, number * BATCH_ITEMS)
    };
    let sample = load::run(
        runtime,
        &registry,
        BATCH_CONNECTIONS,
        arguments.seconds,
        make,
    )?;
    let items = BATCH_ITEMS as f64;
    Ok(Sample {
        value: sample.value * items,
        cpu_us: sample.cpu_us / items,
    })
}

pub(super) fn in_batches(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    let comparison = Comparison {
        row: format!("registration, batches of {BATCH_ITEMS}"),
        unit: "instances/s",
        reference_name: "etcd put, 64 connections",
        goal: Goal::AtLeast,
        target: Some(BATCH_TARGET),
    };
    let outcome = comparison.run(
        arguments.pairs,
        || {
            etcd::puts(
                runtime,
                &servers::etcd(arguments)?,
                64,
                arguments.seconds,
                BODY,
            )
        },
        || batch_rate(arguments, runtime),
    )?;
    Ok(vec![outcome])
}
