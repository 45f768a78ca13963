//! What a developer types: `cargo xtask run`, `test`, `sdks`, `build`, `tidy`, `fuzz`, `chaos`, `bench`, `bench-sdks`.
//!
//! Continuous integration runs `cargo xtask test` and nothing else, so whatever fails there fails here too. Every step
//! says what it does and how long it took; the first one that fails ends the command with an exit code other than 0.
#![expect(
    clippy::print_stdout,
    reason = "a command line speaks through its output"
)]

mod bench;
mod chaos;
mod fuzz;
mod process;
mod registry;
mod release;
mod schemathesis;
mod sdks;
mod start;
mod steps;
mod tidy;
mod tools;
mod verify;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A failure in words for a person.
type Failure = Box<dyn Error + Send + Sync>;

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build and start the registry at 127.0.0.1:7750, with its data under target/registry
    Run {
        /// Further options of `paste-registry serve`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Install or check what the tests need, then run every check and every test
    Test,
    /// Check the client SDKs, and let them play the scenarios that all have to pass
    Sdks,
    /// Measure the SDKs, each beside its language's own means; keeps a record under bench/runs/
    BenchSdks,
    /// Check the house rules that the compiler doesn't know
    Tidy,
    /// Build the complete release binary, target/release/paste-registry
    Build,
    /// Run the fuzz targets
    Fuzz {
        /// How long each target runs, in seconds
        #[arg(long, default_value_t = fuzz::SECONDS_PER_TARGET)]
        seconds: u64,
    },
    /// Let a cluster run under traffic and faults by chance, and check its promises
    Chaos {
        /// For how long, in seconds
        #[arg(long, default_value_t = chaos::SECONDS)]
        seconds: u64,
        /// What the dice begin with; drawn and printed unless given
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measure beside nginx, etcd and others; keeps a record under bench/runs/
    Bench {
        /// The rows to measure (all of them when none is named; `cargo xtask bench --list` names them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rows: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let root = root();
    let done = match arguments.task {
        Task::Run { options } => start::run(&root, &options),
        Task::Test => verify::run(&root),
        Task::Sdks => sdks::alone(&root),
        Task::BenchSdks => sdks::numbers::run(&root),
        Task::Tidy => tidy::run(&root),
        Task::Build => release::run(&root),
        Task::Fuzz { seconds } => fuzz::run(&root, seconds),
        Task::Chaos { seconds, seed } => chaos::run(&root, seconds, seed),
        Task::Bench { rows } => bench::run(&root, &rows),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the repository: this package's folder is directly under it.
fn root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), PathBuf::from)
}
