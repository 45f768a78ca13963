//! Measures the registry beside the peer or limit that each number names.
//!
//! A reference and the registry take turns within one run, on one core each, under the same load from another core,
//! because machines are noisy: what is reported is the median of the ratios of neighbours. Beside every rate stands
//! the server's own processor time per request, which noise moves less. A bench is never a test.
#![expect(
    clippy::print_stdout,
    reason = "a command line speaks through its output"
)]

mod audience;
mod clusters;
mod etcd;
mod fill;
mod load;
mod machine;
mod measure;
mod report;
mod rows;
mod servers;
mod wrk;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::measure::Outcome;
use crate::rows::Row;

/// A failure in words for a person.
type Failure = Box<dyn Error + Send + Sync>;

/// The core that servers run on; load comes from [`LOAD_CORE`].
const SERVER_CORE: usize = 0;
/// The core that load comes from.
const LOAD_CORE: usize = 1;

/// Measures rows and keeps a record of them.
#[derive(Parser, Clone)]
#[command(name = "paste-bench")]
struct Arguments {
    /// Rows to measure; all when none is named
    rows: Vec<String>,
    /// Name the rows and stop
    #[arg(long)]
    list: bool,
    /// Interleaved pairs per comparison
    #[arg(long, default_value_t = 7)]
    pairs: usize,
    /// Length of each run, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Instances in the registry, where size matters
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    sizes: Vec<usize>,
    /// Where records are kept
    #[arg(long, default_value = "bench/runs")]
    record: PathBuf,
    /// Where the release binaries lie
    #[arg(long, default_value = "target/release")]
    binaries: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        for row in rows::ROWS {
            println!("{:16} {}", row.name, row.what);
        }
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let chosen = chosen(&arguments.rows)?;
    let machine = machine::prepare()?;
    println!("{machine}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut failures = Vec::new();
    for row in chosen {
        println!("\n== {}: {}", row.name, row.what);
        // One row that can't be measured must not cost the others.
        match (row.measure)(arguments, &runtime) {
            Ok(measured) => {
                for outcome in &measured {
                    println!("{outcome}");
                }
                outcomes.extend(measured);
            }
            Err(failure) => {
                println!("not measured: {failure}");
                failures.push(format!("{}: {failure}", row.name));
            }
        }
        report::keep(arguments, &machine, &outcomes, &failures)?;
    }
    println!("\n{}", report::table(&outcomes));
    match failures.as_slice() {
        [] => Ok(()),
        failures => Err(format!("not measured: {}", failures.join("; ")).into()),
    }
}

fn chosen(names: &[String]) -> Result<Vec<Row>, Failure> {
    if names.is_empty() {
        return Ok(rows::ROWS.to_vec());
    }
    let find = |name: &String| {
        let row = rows::ROWS.iter().find(|row| row.name == name);
        row.copied()
            .ok_or_else(|| format!("no row is called {name}; --list names them").into())
    };
    names.iter().map(find).collect()
}
