//! Every decoder, fed with what no well-meaning peer would send.

use std::path::Path;
use std::time::Duration;

use crate::{Failure, process, tools};

/// How long each target runs when nobody says otherwise.
pub(crate) const SECONDS_PER_TARGET: u64 = 30;

/// Building the targets and running all of them.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs all targets, in the profile of the tests (every check that the compiler can build in, and nothing to build twice), for `seconds` each; the driver itself stops at the first input that breaks one.
pub(crate) fn run(root: &Path, seconds: u64) -> Result<(), Failure> {
    process::run(
        tools::cargo(root)
            .args(["run", "--quiet", "--package", "paste-fuzz", "--"])
            .args(["--seconds", &seconds.to_string()]),
        LIMIT,
    )
}
