//! The OpenAPI document held against the running server.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::registry::Registry;
use crate::{Failure, process, tools};

/// Whole run, with the time that an unoptimised server needs.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Cases per operation in the phases that invent requests.
const EXAMPLES_PER_OPERATION: u32 = 30;

/// CPython 3.11 parses source in two threads at once only with luck ("AST constructor recursion depth mismatch",
/// python/cpython#106905), and the tool parses its own lambdas as it goes.
const WORKERS: &str = "1";

/// A stream never ends, which schemathesis can't read; `tests/` follows it instead.
const STREAM: &str = "/api/v1/watch";

/// Starts a registry, lets schemathesis speak to it, and stops it: it must still leave cleanly after all that.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let program = tools::schemathesis(root)?;
    let binary = root.join("target/debug/paste-registry");
    let log = root.join("target/schemathesis.log");
    let registry = Registry::start(&binary, root.join("target/schemathesis-data"), &log)?;
    let base = format!("http://{}", registry.address());
    process::run(
        Command::new(program)
            // It keeps its cache where it runs.
            .current_dir(root.join("target"))
            .arg("--config-file")
            .arg(root.join("xtask/schemathesis.toml"))
            .arg("run")
            .args([
                "--workers",
                WORKERS,
                "--max-examples",
                &EXAMPLES_PER_OPERATION.to_string(),
                "--no-color",
            ])
            .args(["--url", &base, "--exclude-path", STREAM])
            .arg(format!("{base}/openapi.json")),
        LIMIT,
    )
    .map_err(|failure| format!("{failure}; the server's log is in {}", log.display()))?;
    registry.stop()
}
