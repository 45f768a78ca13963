//! One target, run until its time is over or an input breaks it.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::corpus;
use crate::mutation::Mutator;
use crate::{TARGETS, Target};

/// A run that takes longer has broken its target, too.
pub const RUN_TIME_MAX: Duration = Duration::from_secs(10);

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The target's name.
    pub name: &'static str,
    /// The target.
    pub target: Target,
    /// For how long.
    pub time: Duration,
    /// What decides the inputs.
    pub seed: u64,
    /// Whether each input is written to disk before it is run: for what ends the process.
    pub journal: bool,
}

/// How a campaign went.
#[derive(Debug)]
pub struct Report {
    /// The target's name.
    pub name: &'static str,
    /// Inputs run.
    pub runs: u64,
    /// The time they took.
    pub time: Duration,
    /// The input that broke the target, and how.
    pub failure: Option<(Vec<u8>, String)>,
}

/// The input that is being run, for whoever watches.
#[derive(Debug, Default)]
pub struct Current(Mutex<Option<(Instant, Vec<u8>)>>);

impl Current {
    /// The input that has been running for too long, if one has.
    pub fn stuck(&self) -> Option<Vec<u8>> {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .filter(|(since, _)| since.elapsed() > RUN_TIME_MAX)
            .map(|(_, input)| input.clone())
    }

    fn set(&self, input: &[u8]) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, bytes) = current.get_or_insert_with(|| (Instant::now(), Vec::new()));
        *since = Instant::now();
        bytes.clear();
        bytes.extend_from_slice(input);
    }

    fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Campaign {
    /// Replays the target's seeds, then runs what comes of them.
    pub fn run(self, current: &Current) -> io::Result<Report> {
        let seeds = corpus::seeds(self.name)?;
        let mut replay = seeds.clone().into_iter();
        let mut mutator = Mutator::new(seeds, self.seed);
        let begin = Instant::now();
        let mut report = Report {
            name: self.name,
            runs: 0,
            time: Duration::ZERO,
            failure: None,
        };
        let journal = corpus::failures().join(format!("{}-journal", self.name));
        while report.failure.is_none() && begin.elapsed() < self.time {
            let input = replay.next().unwrap_or_else(|| mutator.next_input());
            if self.journal {
                fs::create_dir_all(corpus::failures())?;
                fs::write(&journal, &input)?;
            }
            current.set(&input);
            if let Err(message) = attempt(self.target, &input) {
                report.failure = Some((shrink(self.target, input, current), message));
            }
            report.runs += 1;
        }
        current.clear();
        report.time = begin.elapsed();
        Ok(report)
    }
}

/// The target of that name.
pub fn find(name: &str) -> Option<(&'static str, Target)> {
    TARGETS.iter().find(|(known, _)| *known == name).copied()
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Makes panics silent: [`attempt`] hands on what they say.
pub fn silence_panics() {
    panic::set_hook(Box::new(|info| PANIC.set(info.to_string())));
}

/// Runs a target once; the error is what it said when it panicked (with [`silence_panics`]).
pub fn attempt(target: Target, input: &[u8]) -> Result<(), String> {
    // A target keeps nothing between two runs that a panic could leave half done.
    panic::catch_unwind(AssertUnwindSafe(|| target(input))).map_err(|_| PANIC.take())
}

/// Takes pieces away as long as the input still breaks the target.
fn shrink(target: Target, mut input: Vec<u8>, current: &Current) -> Vec<u8> {
    let mut size = input.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from + size <= input.len() {
            let mut shorter = input.clone();
            shorter.drain(from..from + size);
            current.set(&shorter);
            if attempt(target, &shorter).is_err() {
                input = shorter;
            } else {
                from += size;
            }
        }
        size /= 2;
    }
    input
}

/// Keeps an input that broke a target, under a name made of its hash.
pub fn keep(name: &str, input: &[u8]) -> io::Result<PathBuf> {
    let hash: String = Sha256::digest(input)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = corpus::failures().join(format!("{name}-{hash}"));
    fs::create_dir_all(corpus::failures())?;
    fs::write(&path, input)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks_on_ab(input: &[u8]) {
        assert!(!(input.contains(&b'a') && input.contains(&b'b')), "both");
    }

    #[test]
    fn what_breaks_a_target_is_caught_and_shrunk() {
        silence_panics();
        assert_eq!(attempt(breaks_on_ab, b"xa"), Ok(()));
        let message = attempt(breaks_on_ab, b"xaxxbxx").expect_err("broken");
        assert!(message.contains("both"), "{message}");
        assert_eq!(
            shrink(breaks_on_ab, b"xaxxbxx".to_vec(), &Current::default()),
            b"ab"
        );
    }
}
