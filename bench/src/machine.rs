//! The machine a run is true for, and what has to be asked of it first.

use std::fmt;
use std::fs;
use std::process::Command;

use serde::Serialize;

use crate::{Failure, LOAD_CORE};

/// Open files wished for: ten thousand subscribers on both ends, and tens of thousands of idle connections.
const OPEN_FILES_WANTED: u64 = 131_072;

/// What a record says of the machine.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    /// The day, in UTC.
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) system: String,
    pub(crate) open_files: u64,
    pub(crate) versions: Vec<String>,
}

impl Machine {
    /// A folder name for this machine.
    pub(crate) fn slug(&self) -> String {
        let text = format!("{}-{}-cores", self.processor, self.cores).to_lowercase();
        let parts: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("-")
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {} cores, {}, {}",
            self.processor, self.cores, self.memory, self.system
        )?;
        writeln!(f, "{} open files", self.open_files)?;
        f.write_str(&self.versions.join("\n"))
    }
}

/// Moves this process to the load's core, raises its limit of open files as far as it may, and looks around.
pub(crate) fn prepare() -> Result<Machine, Failure> {
    let cores = std::thread::available_parallelism()?.get();
    if cores <= LOAD_CORE {
        return Err("a bench needs two cores: one for the server, one for the load".into());
    }
    let pid = std::process::id().to_string();
    say("taskset", &["-c", "-p", &LOAD_CORE.to_string(), &pid])?;
    let limit = format!("--nofile={OPEN_FILES_WANTED}:{OPEN_FILES_WANTED}");
    if say("prlimit", &["--pid", &pid, &limit]).is_err() {
        println!("the limit of open files can't be raised; rows use what there is");
    }
    Ok(Machine {
        date: say("date", &["-u", "+%Y-%m-%d"])?,
        processor: field("/proc/cpuinfo", "model name"),
        cores,
        memory: field("/proc/meminfo", "MemTotal"),
        system: say("uname", &["-srm"])?,
        open_files: open_files(),
        versions: versions(),
    })
}

/// How many files this process may open.
pub(crate) fn open_files() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        .unwrap_or(1024)
}

fn versions() -> Vec<String> {
    let commands: [(&str, &[&str]); 5] = [
        ("git", &["describe", "--always", "--dirty"]),
        ("rustc", &["--version"]),
        ("nginx", &["-v"]),
        ("etcd", &["--version"]),
        ("wrk", &["-v"]),
    ];
    let first_line = |(program, arguments): (&str, &[&str])| {
        let said = Command::new(program).args(arguments).output().ok()?;
        let said = [said.stdout, said.stderr].concat();
        let line = String::from_utf8_lossy(&said)
            .lines()
            .next()?
            .trim()
            .to_owned();
        Some(format!("{program}: {line}"))
    };
    commands.into_iter().filter_map(first_line).collect()
}

fn say(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{program}: {complaint}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_once(':'));
    value.map_or_else(
        || "unknown".to_owned(),
        |(_, value)| value.trim().to_owned(),
    )
}
