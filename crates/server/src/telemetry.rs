//! The log, on standard error. Standard output is for results.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::exit::{Done, Exit, Failure};

/// What of the log the configuration asks for.
pub(crate) fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&log.filter).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("log.filter: '{}' is not a filter", log.filter),
            &error,
        )
    })
}

/// Starts the log, once for the process.
pub(crate) fn start(log: &Log) -> Done {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(log)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| Failure::caused(Exit::Failed, "can't start the log", error.as_ref()))
}
