//! Drives the targets: `paste-fuzz [TARGET…] --seconds N [--seed S]`.
//!
//! Exit code 0: every target kept its promises. 1: an input broke one; it is kept in `fuzz/failures/`. 2: wrong usage.
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool speaks on standard output"
)]

use std::hash::{BuildHasher, RandomState};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use clap::Parser;
use paste_fuzz::TARGETS;
use paste_fuzz::campaign::{self, Campaign, Current, Report};

/// Feeds every decoder with what no well-meaning peer would send.
#[derive(Parser)]
struct Arguments {
    /// Targets to run; all of them if none is named
    targets: Vec<String>,
    /// Time for each target, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// What decides the inputs; another one each time unless it is given
    #[arg(long)]
    seed: Option<u64>,
    /// Write each input to fuzz/failures/<target>-journal before it is run: slow, but finds what ends the process
    #[arg(long)]
    journal: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut chosen = Vec::new();
    for name in &arguments.targets {
        match campaign::find(name) {
            Some(target) => chosen.push(target),
            None => {
                let known: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
                println!(
                    "no target is called {name:?}; there are {}",
                    known.join(", ")
                );
                return ExitCode::from(2);
            }
        }
    }
    if chosen.is_empty() {
        chosen = TARGETS.to_vec();
    }
    let seed = arguments
        .seed
        .unwrap_or_else(|| RandomState::new().hash_one(0));
    println!(
        "{} targets, {} s each, --seed {seed}",
        chosen.len(),
        arguments.seconds
    );
    campaign::silence_panics();
    let campaigns = chosen.into_iter().map(|(name, target)| Campaign {
        name,
        target,
        time: Duration::from_secs(arguments.seconds),
        seed,
        journal: arguments.journal,
    });
    match run(campaigns.collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("fuzzing stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the campaigns on all cores. Whether all targets kept their promises.
fn run(campaigns: Vec<Campaign>) -> io::Result<bool> {
    let threads = thread::available_parallelism()?.get().min(campaigns.len());
    let expected = campaigns.len();
    let waiting = Arc::new(Mutex::new(campaigns.into_iter()));
    let (reports, finished) = mpsc::channel();
    let mut watched = Vec::new();
    for _ in 0..threads {
        let (waiting, reports) = (Arc::clone(&waiting), reports.clone());
        let current = Arc::new((Mutex::new(""), Current::default()));
        watched.push(Arc::clone(&current));
        thread::spawn(move || {
            loop {
                let next = waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .next();
                let Some(campaign) = next else { return };
                *current.0.lock().unwrap_or_else(PoisonError::into_inner) = campaign.name;
                if reports.send(campaign.run(&current.1)).is_err() {
                    return;
                }
            }
        });
    }
    let mut kept = true;
    let mut seen = 0;
    while seen < expected {
        match finished.recv_timeout(Duration::from_secs(1)) {
            Ok(report) => {
                kept &= show(&report?)?;
                seen += 1;
            }
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("a thread died")),
            Err(RecvTimeoutError::Timeout) => {
                for current in &watched {
                    if let Some(input) = current.1.stuck() {
                        let name = *current.0.lock().unwrap_or_else(PoisonError::into_inner);
                        let path = campaign::keep(name, &input)?;
                        println!("{name}: an input runs and runs: {}", path.display());
                        return Ok(false);
                    }
                }
            }
        }
    }
    Ok(kept)
}

/// Prints how a campaign went. Whether the target kept its promises.
fn show(report: &Report) -> io::Result<bool> {
    let rate = u128::from(report.runs) * 1_000 / report.time.as_millis().max(1);
    println!("{}: {} runs, {rate}/s", report.name, report.runs);
    let Some((input, message)) = &report.failure else {
        return Ok(true);
    };
    let path = campaign::keep(report.name, input)?;
    println!("{}: broken by {}\n{message}", report.name, path.display());
    Ok(false)
}
