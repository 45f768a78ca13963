//! `cargo xtask bench`: what it takes to measure, then the bench itself (`bench/`).

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::steps::Steps;
use crate::{Failure, process, tools};

/// Building release binaries, or installing packages.
const INSTALL_LIMIT: Duration = Duration::from_secs(40 * 60);

/// r-nacos is one row of many; a machine that can't build it in this time goes without.
const RNACOS_LIMIT: Duration = Duration::from_secs(10 * 60);

/// All rows at all sizes.
const BENCH_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// Programs from Debian packages: the program, the package.
const PROGRAMS: [(&str, &str); 4] = [
    ("nginx", "nginx-light"),
    ("etcd", "etcd-server"),
    ("wrk", "wrk"),
    ("taskset", "util-linux"),
];

/// Installs what is missing, builds, and measures the rows.
pub(crate) fn run(root: &Path, rows: &[String]) -> Result<(), Failure> {
    let mut steps = Steps::new();
    steps.run("references", || {
        for (program, package) in PROGRAMS {
            tools::program(program, package)?;
        }
        Ok(())
    })?;
    rnacos(root, &mut steps)?;
    steps.command(
        "build the registry and the bench",
        tools::cargo(root).args([
            "build",
            "--release",
            "--package",
            "paste-registry",
            "--package",
            "paste-bench",
        ]),
        INSTALL_LIMIT,
    )?;
    steps.command(
        "measure",
        Command::new(root.join("target/release/paste-bench"))
            .current_dir(root)
            .args(rows),
        BENCH_LIMIT,
    )?;
    steps.finish();
    Ok(())
}

/// Builds r-nacos into `.tools/`, unless it is there; its row is left out where that fails.
fn rnacos(root: &Path, steps: &mut Steps) -> Result<(), Failure> {
    let tools_folder = root.join(".tools");
    if tools_folder.join("bin/rnacos").exists() {
        return Ok(());
    }
    println!("    r-nacos is missing: building it, once");
    let built = process::run(
        tools::cargo(root)
            .args(["install", "--quiet", "--locked", "--root"])
            .arg(&tools_folder)
            .arg("rnacos"),
        RNACOS_LIMIT,
    );
    if let Err(failure) = built {
        steps.not_checked("r-nacos", &failure.to_string());
    }
    Ok(())
}
