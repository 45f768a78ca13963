//! `cargo xtask bench-sdks`: what choosing and calling cost in each language, beside that language's own means.
//!
//! Each SDK has a program that measures it and prints a JSON object a line; the crate `traffic` has two. They run one after the other, beside one
//! registry, and what they print is kept as it is, in `bench/runs/<date>-sdks/`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::registry::Registry;
use crate::steps::Steps;
use crate::{Failure, process, tools};

/// Building what is measured.
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);

/// A program that measures: the file for what it prints, the folder it is started in, and how.
const PROGRAMS: [(&str, &str, &[&str]); 6] = [
    (
        "choosing.txt",
        ".",
        &[
            "cargo",
            "bench",
            "-q",
            "-p",
            "paste-traffic",
            "--bench",
            "choosing",
        ],
    ),
    (
        "tail.txt",
        ".",
        &[
            "cargo",
            "bench",
            "-q",
            "-p",
            "paste-traffic",
            "--bench",
            "tail",
        ],
    ),
    (
        "python.jsonl",
        "sdk/python",
        &[".venv/bin/python", "bench.py"],
    ),
    (
        "typescript.jsonl",
        "sdk/typescript",
        &["node", "--expose-gc", "dist-test/bench.js"],
    ),
    ("go.jsonl", "sdk/go", &["go", "run", "./cmd/bench"]),
    (
        "java.jsonl",
        "sdk/java",
        &[
            "java",
            "-cp",
            "client/target/paste-registry-client-0.1.0.jar:samples/target/paste-registry-samples-0.1.0.jar",
            "registry.paste.bench.Bench",
        ],
    ),
];

/// What has to be built for them, each in its folder.
const BUILDS: [(&str, &[&str]); 5] = [
    (
        ".",
        &["cargo", "build", "-q", "--release", "-p", "paste-registry"],
    ),
    // Makes the environment; the tests are only listed.
    (
        "sdk/python",
        &["python3", "check.py", "--collect-only", "-q"],
    ),
    ("sdk/typescript", &["npm", "ci", "--no-audit", "--no-fund"]),
    ("sdk/typescript", &["npm", "run", "build:test"]),
    (
        "sdk/java",
        &[
            "mvn",
            "-B",
            "-ntp",
            "-q",
            "-DskipTests",
            "-pl",
            "samples",
            "-am",
            "package",
        ],
    ),
];

/// Builds, measures, and keeps what came out. Wants an idle machine.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let mut steps = Steps::new();
    for (folder, words) in BUILDS {
        let mut command = Command::new(words[0]);
        command.current_dir(root.join(folder)).args(&words[1..]);
        steps.command(
            &format!("{folder}: {}", words.join(" ")),
            &mut command,
            BUILD_LIMIT,
        )?;
    }
    let date = process::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let record = root.join(format!("bench/runs/{}-sdks", date.trim()));
    fs::create_dir_all(&record)?;
    let binary = root.join("target/release/paste-registry");
    let log = root.join("target/bench-sdks.log");
    let registry = Registry::start(&binary, root.join("target/bench-sdks-data"), &log)?;
    let url = format!("http://{}", registry.address());
    for (file, folder, words) in PROGRAMS {
        let mut command = Command::new(root.join(folder).join(words[0]));
        if !words[0].contains('/') {
            command = Command::new(words[0]);
        }
        command
            .current_dir(root.join(folder))
            .env("PASTE_REGISTRY_BIN", &binary)
            .env("PASTE_REGISTRY_URL", &url)
            .args(&words[1..]);
        keep(&mut steps, &record, file, &mut command)?;
    }
    let mut rust = tools::cargo(root);
    rust.args([
        "run",
        "-q",
        "--release",
        "-p",
        "paste-registry-client",
        "--example",
        "bench",
        "--",
        &url,
    ]);
    keep(&mut steps, &record, "rust.jsonl", &mut rust)?;
    registry.stop()?;
    steps.finish();
    Ok(())
}

/// Runs a program and keeps what it prints.
fn keep(
    steps: &mut Steps,
    record: &Path,
    file: &str,
    command: &mut Command,
) -> Result<(), Failure> {
    steps.run(file, || {
        let printed = process::output(command)?;
        print!("{printed}");
        Ok(fs::write(record.join(file), printed)?)
    })
}
