//! The tools that the tests need, at exact versions, in `.tools/` or already on the machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Failure, process};

/// The release of cargo-deny whose answers the tests rely on.
const CARGO_DENY: &str = "0.20.2";

/// Building cargo-deny takes four minutes on two slow cores.
const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Cargo, the one that runs this task, at the top of the repository.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// A cargo-deny of the right version: the machine's, or one built into `.tools/`.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, Failure> {
    let tools = root.join(".tools");
    let built = tools.join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), built.clone()] {
        let version = process::output(Command::new(&candidate).arg("--version"));
        if version.is_ok_and(|version| version.trim().ends_with(CARGO_DENY)) {
            return Ok(candidate);
        }
    }
    println!("    cargo-deny {CARGO_DENY} is missing; building it takes some minutes, once");
    let package = format!("cargo-deny@{CARGO_DENY}");
    process::run(
        cargo(root)
            .args(["install", "--quiet", "--locked", "--root"])
            .arg(&tools)
            .arg(package),
        INSTALL_LIMIT,
    )?;
    Ok(built)
}

/// Schemathesis in a Python environment of its own, made again whenever the pinned versions change.
pub(crate) fn schemathesis(root: &Path) -> Result<PathBuf, Failure> {
    let environment = root.join(".tools/python");
    let program = environment.join("bin/schemathesis");
    let pinned = root.join("xtask/requirements.txt");
    let wanted = fs::read_to_string(&pinned)?;
    let stamp = environment.join("requirements.txt");
    if program.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(program);
    }
    println!("    installing schemathesis into .tools/python, once");
    process::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
        INSTALL_LIMIT,
    )
    .map_err(|failure| format!("{failure}; install python3 and python3-venv"))?;
    process::run(
        Command::new(environment.join("bin/pip"))
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--requirement",
            ])
            .arg(&pinned),
        INSTALL_LIMIT,
    )?;
    fs::write(&stamp, wanted)?;
    Ok(program)
}

/// A program of the machine; its Debian package is installed if it is missing.
pub(crate) fn program(program: &str, package: &str) -> Result<(), Failure> {
    match present(program) {
        true => Ok(()),
        false => install(program, package),
    }
}

fn present(program: &str) -> bool {
    let found = format!("command -v {program} || ls /usr/sbin/{program}");
    process::output(Command::new("sh").args(["-c", &found])).is_ok()
}

fn install(program: &str, package: &str) -> Result<(), Failure> {
    println!("    {program} is missing: installing the package {package}");
    let install = || {
        apt_get(&[
            "install",
            "--yes",
            "--quiet",
            "--no-install-recommends",
            package,
        ])
    };
    // A fresh machine has no lists of packages, or old ones.
    install()
        .or_else(|_| apt_get(&["update", "--quiet"]).and_then(|()| install()))
        .map_err(|failure| format!("{failure}; install {package} yourself, as root").into())
}

fn apt_get(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(arguments);
    process::run(&mut command, INSTALL_LIMIT)
}
