//! Several nodes.

pub(super) mod failover;
pub(super) mod heartbeats;
pub(super) mod registration;
pub(super) mod rolling;

use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::Failure;
use crate::load::{self, request};
use crate::servers::Server;

/// Until servers must show what they are waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the answer to a GET holds `text`.
fn shown(runtime: &Runtime, server: &Server, target: &str, text: &str) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let answer = load::once(runtime, server, &request("GET", target, None));
        if answer
            .as_ref()
            .is_ok_and(|answer| String::from_utf8_lossy(answer).contains(text))
        {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{target} never showed {text}").into());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until every node knows all three.
fn settled(runtime: &Runtime, nodes: &[Server]) -> Result<(), Failure> {
    let last = format!("\"name\":\"n{}\"", nodes.len() - 1);
    nodes
        .iter()
        .try_for_each(|node| shown(runtime, node, "/api/v1/cluster", &last))
}
