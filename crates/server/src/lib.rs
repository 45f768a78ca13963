//! The binary `paste-registry`: command line, configuration, boot, telemetry, drain.
//!
//! A library so that its configuration can be read by tests and fuzz targets; everything starts with [`main`].

mod boot;
mod cli;
mod client;
mod commands;
pub mod config;
mod demo;
mod drain;
mod exit;
mod metrics;
mod output;
mod peers;
mod reference;
mod telemetry;

use std::process::ExitCode;

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    match cli::parse() {
        Ok(cli) => commands::run(cli).into(),
        Err(exit) => exit.into(),
    }
}
