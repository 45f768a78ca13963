//! `cargo xtask build`: the complete release binary.

use std::path::Path;
use std::time::Duration;

use crate::steps::Steps;
use crate::{Failure, tools};

/// A cold release build on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);

/// Leaves `target/release/paste-registry`.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let mut steps = Steps::new();
    steps.command(
        "build the release binary",
        tools::cargo(root).args(["build", "--release", "--package", "paste-registry"]),
        BUILD_LIMIT,
    )?;
    println!("{}", root.join("target/release/paste-registry").display());
    Ok(())
}
