//! What many items cost: memory, and time at the start.

use std::thread;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;

use super::super::start::start;
use crate::load::{self, request};
use crate::measure::{Goal, Outcome, median, resident_bytes};
use crate::servers::{self, Folder, Server};
use crate::{Arguments, Failure};

const ITEMS: usize = 100_000;
/// Most items of one release.
const TOGETHER: usize = 32;
/// Items of a group.
const GROUP: usize = 100;
/// Until what a burst of work left behind is given back.
const CALM: Duration = Duration::from_secs(3);

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    let folder = tempfile::tempdir_in(&arguments.binaries)?;
    let mut registry = servers::registry(arguments, Folder::kept(folder.path()))?;
    thread::sleep(CALM);
    let idle = resident_bytes(registry.pid());
    fill(runtime, &registry)?;
    thread::sleep(CALM);
    let published = resident_bytes(registry.pid()) - idle;
    registry.terminate()?;
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(start(arguments, runtime, Folder::kept(folder.path()))?);
    }
    let registry = servers::registry(arguments, Folder::kept(folder.path()))?;
    thread::sleep(CALM);
    let started = resident_bytes(registry.pid()) - idle;
    let row = |what: &str| format!("{ITEMS} configuration items, {what}");
    let each = |bytes: f64| bytes / ITEMS as f64;
    Ok([
        (row("memory once published"), "bytes each", each(published)),
        (row("memory after a start"), "bytes each", each(started)),
        (row("start"), "ms", median(times)),
    ]
    .into_iter()
    .map(|(row, unit, value)| Outcome::recorded(row, unit, value, Goal::AtMost))
    .collect())
}

fn fill(runtime: &Runtime, server: &Server) -> Result<(), Failure> {
    runtime.block_on(async {
        let mut stream = load::connect(server.address(), 0).await?;
        let mut buffer = Vec::new();
        for first in (0..ITEMS).step_by(TOGETHER) {
            let items: Vec<_> = (first..(first + TOGETHER).min(ITEMS))
                .map(|number| {
                    serde_json::json!({
                        "group": format!("group-{}", number / GROUP),
                        "key": format!("item-{number}.properties"),
                        "content": format!("number = {number}\npool = 10\nurl = http://10.0.0.7:8080/\n"),
                    })
                })
                .collect();
            let body = serde_json::json!({ "items": items }).to_string();
            let post = request("POST", "/api/v1/configs/release", Some(&body));
            stream.write_all(&post).await?;
            load::read_answer(&mut stream, &mut buffer).await?;
        }
        Ok(())
    })
}
