//! Registrations at three nodes, and how soon another node shows one.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;

use super::super::registration::{address, at_rnacos};
use super::{PATIENCE, settled, shown};
use crate::clusters::{self, Cluster};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome, Sample, quantile};
use crate::servers::Server;
use crate::{Arguments, Failure};

const RATE: &str = "registrations, 3 nodes, 3 etcds, 64 connections";
const WAY: &str = "until another node shows a registration, p99";
const CONNECTIONS: usize = 64;
/// Changes whose way to another node is timed.
const CHANGES: usize = 100;
/// Between two of them.
const QUIET: Duration = Duration::from_millis(50);

const BODY: &str = r#"{"address":"10.0.0.7","port":8080,"version":"1.4.2","zone":"a","ttl":"24h","remove_after":"24h"}"#;

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    let cluster = Cluster::start(arguments, 3, 3)?;
    settled(runtime, &cluster.nodes)?;
    let nodes: Vec<&Server> = cluster.nodes.iter().collect();
    let seconds = arguments.seconds;
    // Each run registers instances of its own.
    let runs = std::cell::Cell::new(0_u64);
    let ours = || {
        runs.set(runs.get() + 1);
        let run = runs.get();
        load::run_over(runtime, &nodes, CONNECTIONS, seconds, move |number| {
            let target = format!(
                "/api/v1/services/service-{}/instances/i{run}-{number}",
                number % 1_000
            );
            request("PUT", &target, Some(BODY))
        })
    };
    let seen = || {
        runtime.block_on(until_seen(nodes[0], nodes[1], &|number| {
            let target = format!("/api/v1/services/seen/instances/i{number}");
            let body = BODY.replace("8080", &(1 + number % 60_000).to_string());
            Change {
                write: request("PUT", &target, Some(&body)),
                read: request("GET", "/api/v1/services/seen/instances", None),
                shows: format!("\"i{number}\""),
            }
        }))
    };
    let Some(theirs) = clusters::rnacos(arguments)? else {
        let (rate, way) = (ours()?.value, seen()?.value);
        return Ok(vec![
            Outcome::recorded(RATE, "registrations/s", rate, Goal::AtLeast),
            Outcome::recorded(WAY, "ms", way, Goal::AtMost),
        ]);
    };
    let peers: Vec<&Server> = theirs.iter().collect();
    for peer in &peers {
        shown(
            runtime,
            peer,
            "/nacos/v1/ns/service/list?pageNo=1&pageSize=1",
            "count",
        )?;
    }
    // Members find each other a moment after they listen.
    std::thread::sleep(Duration::from_secs(5));
    let rate = Comparison {
        row: RATE.to_owned(),
        unit: "registrations/s",
        reference_name: "3 nodes of r-nacos, in memory",
        goal: Goal::AtLeast,
        target: None,
    };
    let way = Comparison {
        row: WAY.to_owned(),
        unit: "ms",
        reference_name: "3 nodes of r-nacos",
        goal: Goal::AtMost,
        target: None,
    };
    Ok(vec![
        way.run(
            arguments.pairs,
            || {
                let told = || runtime.block_on(until_seen(peers[0], peers[1], &seen_at_rnacos));
                // Now and then it hangs up in between.
                told().or_else(|_| told())
            },
            seen,
        )?,
        rate.run(
            arguments.pairs,
            || {
                load::run_over(runtime, &peers, CONNECTIONS, seconds, |number| {
                    at_rnacos(&format!("service-{}", number % 1_000), number)
                })
            },
            ours,
        )?,
    ])
}

/// A write, and the read at another node that shows it.
struct Change {
    write: Vec<u8>,
    read: Vec<u8>,
    shows: String,
}

/// Milliseconds from the first byte of a write at one node until another one's answer shows it.
async fn until_seen(
    writer: &Server,
    reader: &Server,
    change: &dyn Fn(u64) -> Change,
) -> Result<Sample, Failure> {
    thread_local!(static COUNT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
    let mut writing = load::connect(writer.address(), 0).await?;
    let mut reading = load::connect(reader.address(), 0).await?;
    let mut buffer = Vec::new();
    let mut times = Vec::new();
    for _ in 0..CHANGES {
        COUNT.set(COUNT.get() + 1);
        let Change { write, read, shows } = change(COUNT.get());
        tokio::time::sleep(QUIET).await;
        let began = Instant::now();
        writing.write_all(&write).await?;
        load::read_answer(&mut writing, &mut buffer).await?;
        loop {
            reading.write_all(&read).await?;
            // Before the first one there is no such service.
            let answer = load::read_answer(&mut reading, &mut buffer).await;
            if answer.is_ok_and(|answer| String::from_utf8_lossy(&answer).contains(&shows)) {
                break;
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("another node never showed {shows}").into());
            }
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Sample {
        value: quantile(&times, 0.99),
        cpu_us: 0.0,
    })
}

fn seen_at_rnacos(number: u64) -> Change {
    Change {
        write: at_rnacos("seen", number),
        read: request("GET", "/nacos/v1/ns/instance/list?serviceName=seen", None),
        shows: format!("\"{}\"", address(number)),
    }
}
