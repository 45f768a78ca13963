//! A release, and when each of a thousand subscribers has it; then, when each has acknowledged it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::super::fanout;
use super::{release, rnacos};
use crate::audience::{self, Audience, CHANGES, PATIENCE, QUIET};
use crate::load::{self, request};
use crate::measure::{Comparison, Goal, Outcome, Sample, median, quantile};
use crate::servers::{self, Server};
use crate::{Arguments, Failure};

const SUBSCRIBERS: usize = 1_000;

/// From the first byte of the release to the last answer to an acknowledgement.
const ACKNOWLEDGED_MS_MAX: f64 = 100.0;

pub(in crate::rows) fn measure(
    arguments: &Arguments,
    runtime: &Runtime,
) -> Result<Vec<Outcome>, Failure> {
    audience::fits(2 * SUBSCRIBERS)?;
    let registry = servers::empty_registry(arguments)?;
    load::once(runtime, &registry, &release("first"))?;
    let bytes = Cell::new(0);
    let ours = || LocalSet::new().block_on(runtime, of_registry(&registry, &bytes));
    let bare = || {
        LocalSet::new().block_on(
            runtime,
            fanout::of_loop(arguments, SUBSCRIBERS, bytes.get()),
        )
    };
    ours()?;
    let comparison = Comparison {
        row: format!(
            "release to {SUBSCRIBERS} subscribers, p99, {} bytes",
            bytes.get()
        ),
        unit: "ms",
        reference_name: "bare loop",
        goal: Goal::AtMost,
        target: Some(fanout::TARGET),
    };
    let mut outcomes = vec![comparison.run(arguments.pairs, bare, ours)?];
    let mut times = Vec::new();
    for _ in 0..arguments.pairs {
        times.push(LocalSet::new().block_on(runtime, acknowledged(&registry))?);
    }
    outcomes.push(Outcome::value(
        format!("release acknowledged by all of {SUBSCRIBERS}"),
        "ms",
        median(times),
        Goal::AtMost,
        ACKNOWLEDGED_MS_MAX,
    ));
    if servers::rnacos(arguments)?.is_some() {
        let comparison = Comparison {
            row: format!("release to {SUBSCRIBERS} subscribers, p99, beside r-nacos"),
            unit: "ms",
            reference_name: "r-nacos, told that there is one",
            goal: Goal::AtMost,
            target: None,
        };
        let told = || {
            let server = servers::rnacos(arguments)?.ok_or("r-nacos is gone")?;
            LocalSet::new().block_on(runtime, rnacos::told(&server, SUBSCRIBERS))
        };
        // Now and then one of its starts keeps nothing that it is given.
        let theirs = || told().or_else(|_| told()).or_else(|_| told());
        match comparison.run(arguments.pairs, theirs, ours) {
            Ok(outcome) => outcomes.push(outcome),
            Err(failure) => println!("  r-nacos is left out: {failure}"),
        }
    }
    Ok(outcomes)
}

fn watch(number: usize) -> Vec<u8> {
    let target = format!("/api/v1/watch?config=news/app.txt&session=s{number}");
    request("GET", &target, None)
}

/// Content that was never released before, always as long.
fn content() -> String {
    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });
    COUNT.set(COUNT.get() + 1);
    format!("{:0100}", COUNT.get())
}

async fn of_registry(server: &Server, bytes: &Cell<usize>) -> Result<Sample, Failure> {
    let mut audience = Audience::gather(server, SUBSCRIBERS, watch).await?;
    let mut samples = Vec::new();
    for _ in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        samples.push(audience.change(&release(&content())).await?);
    }
    bytes.set(audience.bytes_of_one());
    Ok(audience::middle(&samples))
}

/// Milliseconds until all subscribers have acknowledged a release, each over a connection of its own.
async fn acknowledged(server: &Server) -> Result<f64, Failure> {
    let done: Rc<RefCell<Vec<Instant>>> = Rc::default();
    for number in 0..SUBSCRIBERS {
        let mut stream = load::connect(server.address(), number).await?;
        stream.write_all(&watch(number)).await?;
        let acks = load::connect(server.address(), number).await?;
        let done = Rc::clone(&done);
        tokio::task::spawn_local(async move {
            // The end of the server ends it, too.
            let _ended = acknowledge(stream, acks, number, &done).await;
        });
    }
    let mut control = load::connect(server.address(), 0).await?;
    let mut times = Vec::new();
    for _ in 0..=CHANGES {
        tokio::time::sleep(QUIET).await;
        done.borrow_mut().clear();
        let began = Instant::now();
        control.write_all(&release(&content())).await?;
        load::read_answer(&mut control, &mut Vec::new()).await?;
        while done.borrow().len() < SUBSCRIBERS {
            if began.elapsed() > PATIENCE {
                let count = done.borrow().len();
                return Err(format!("only {count} of {SUBSCRIBERS} acknowledged").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut ends: Vec<f64> = done
            .borrow()
            .iter()
            .map(|end| (*end - began).as_secs_f64() * 1e3)
            .collect();
        ends.sort_by(f64::total_cmp);
        times.push(quantile(&ends, 1.0));
    }
    Ok(median(times.into_iter().skip(1).collect()))
}

/// Follows the item, and acknowledges whatever comes.
async fn acknowledge(
    mut stream: TcpStream,
    mut acks: TcpStream,
    number: usize,
    done: &RefCell<Vec<Instant>>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; 4096];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&buffer[..length]);
        let Some((_, after)) = text.split_once("\"release\":") else {
            continue;
        };
        let release: String = after.chars().take_while(char::is_ascii_digit).collect();
        let body = format!(
            r#"{{"session":"s{number}","acks":[{{"group":"news","key":"app.txt","release":{release}}}]}}"#
        );
        acks.write_all(&request("POST", "/api/v1/configs/acks", Some(&body)))
            .await?;
        load::read_answer(&mut acks, &mut Vec::new()).await?;
        done.borrow_mut().push(Instant::now());
    }
}
