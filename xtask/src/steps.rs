//! A list of steps, each announced before it starts and timed when it ends.

use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Failure, process};

/// Runs steps one after the other and counts them.
pub(crate) struct Steps {
    started: Instant,
    done: usize,
    unchecked: Vec<String>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            done: 0,
            unchecked: Vec::new(),
        }
    }

    /// Runs one step; the first failure is the caller's to pass on.
    pub(crate) fn run(
        &mut self,
        name: &str,
        step: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        println!("==> {name}");
        io::stdout().flush()?;
        let started = Instant::now();
        step().map_err(|failure| format!("{name}: {failure}"))?;
        println!("    {name}: ok, {:.1} s", started.elapsed().as_secs_f64());
        self.done += 1;
        Ok(())
    }

    /// A step that is one command.
    pub(crate) fn command(
        &mut self,
        name: &str,
        command: &mut Command,
        limit: Duration,
    ) -> Result<(), Failure> {
        self.run(name, || process::run(command, limit))
    }

    /// Notes what couldn't be looked at, so that nobody takes silence for success.
    pub(crate) fn not_checked(&mut self, name: &str, reason: &str) {
        println!("    {name}: not checked: {reason}");
        self.unchecked.push(name.to_owned());
    }

    /// The closing line.
    pub(crate) fn finish(self) {
        let elapsed = self.started.elapsed().as_secs();
        println!(
            "All {} steps passed in {} min {} s.",
            self.done,
            elapsed / 60,
            elapsed % 60
        );
        if !self.unchecked.is_empty() {
            println!("Not checked: {}.", self.unchecked.join(", "));
        }
    }
}
