//! `cargo xtask test`: everything that must hold, cheapest first.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::steps::Steps;
use crate::{Failure, fuzz, process, schemathesis, sdks, tidy, tools};

/// A cold build of everything on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);

/// All tests, once built.
const TESTS_LIMIT: Duration = Duration::from_secs(40 * 60);

/// What reads files only.
const QUICK_LIMIT: Duration = Duration::from_secs(5 * 60);

/// A network that doesn't answer counts as none.
const FETCH_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Runs every check and every test.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let mut steps = Steps::new();
    steps.command(
        "format",
        tools::cargo(root).args(["fmt", "--all", "--check"]),
        QUICK_LIMIT,
    )?;
    steps.run("tidy", || tidy::run(root))?;
    dependencies(root, &mut steps)?;
    steps.command(
        "clippy",
        tools::cargo(root).args([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "--deny",
            "warnings",
        ]),
        BUILD_LIMIT,
    )?;
    steps.run("programs that tests start", || {
        tools::program("etcd", "etcd-server")?;
        tools::program("faketime", "faketime")?;
        tools::program("systemd-analyze", "systemd")
    })?;
    registry(root, &mut steps)?;
    steps.command(
        "tests of all crates, end to end, and the tour of README.md",
        tools::cargo(root).args(["test", "--locked", "--workspace", "--all-features"]),
        TESTS_LIMIT,
    )?;
    let absent = sdks::run(root, &mut steps)?;
    steps.run("fuzz targets", || fuzz::run(root, fuzz::SECONDS_PER_TARGET))?;
    steps.run("schemathesis against the running registry", || {
        schemathesis::run(root)
    })?;
    steps.finish();
    absent.settle()
}

/// Builds the registry, target/debug/paste-registry.
pub(crate) fn registry(root: &Path, steps: &mut Steps) -> Result<(), Failure> {
    steps.command(
        "build the registry for the tests that start it",
        tools::cargo(root).args(["build", "--locked", "--package", "paste-registry"]),
        BUILD_LIMIT,
    )
}

/// Licences, sources and bans need no network beyond cargo's; the advisories do, and are left out where there is none.
fn dependencies(root: &Path, steps: &mut Steps) -> Result<(), Failure> {
    let program = tools::cargo_deny(root)?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .current_dir(root)
            .args(["--log-level", "error"])
            .args(arguments);
        command
    };
    steps.command(
        "licences, sources and bans of the dependencies",
        &mut deny(&["check", "bans", "licenses", "sources"]),
        QUICK_LIMIT,
    )?;
    let name = "advisories on the dependencies";
    let mut fetch = deny(&["fetch", "db"]);
    fetch.stdout(Stdio::null()).stderr(Stdio::null());
    if process::run(&mut fetch, FETCH_LIMIT).is_err() {
        steps.not_checked(name, "the database of advisories can't be reached");
        return Ok(());
    }
    steps.command(
        name,
        &mut deny(&["--offline", "check", "advisories"]),
        QUICK_LIMIT,
    )
}
