//! `cargo xtask run`: from a fresh clone to a running registry.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::steps::Steps;
use crate::{Failure, tools};

/// Where the registry listens unless the options say otherwise.
const ADDRESS: &str = "127.0.0.1:7750";

/// A first build on two slow cores takes a few minutes.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Builds with the development profile, which is there in a third of the time of a release build, says what to try,
/// and becomes the registry, so that Ctrl-C and signals reach it directly.
pub(crate) fn run(root: &Path, options: &[String]) -> Result<(), Failure> {
    let mut steps = Steps::new();
    steps.command(
        "build the registry (development profile; `cargo xtask build` makes the fast one)",
        tools::cargo(root).args(["build", "--package", "paste-registry"]),
        BUILD_LIMIT,
    )?;
    let data = root.join("target/registry");
    println!("{}", next_steps(&data));
    let mut command = Command::new(root.join("target/debug/paste-registry"));
    command
        .arg("serve")
        .arg("--data-dir")
        .arg(&data)
        .args(["--http", ADDRESS]);
    Err(format!(
        "cannot start the registry: {}",
        command.args(options).exec()
    )
    .into())
}

fn next_steps(data: &Path) -> String {
    format!(
        "
The registry listens on http://{ADDRESS} and keeps its data in {}.
Try in another terminal:

  # register an instance
  curl -X PUT http://{ADDRESS}/api/v1/services/hello/instances/one \\
       -H 'content-type: application/json' -d '{{\"address\": \"127.0.0.1\", \"port\": 8080}}'
  # find it
  curl http://{ADDRESS}/api/v1/services/hello/instances
  # see it change
  curl -N 'http://{ADDRESS}/api/v1/watch?service=hello'

README.md goes on from here; target/debug/paste-registry demo shows it in motion. Ctrl-C stops the registry.
",
        data.display()
    )
}
