//! A cluster under traffic and faults by chance, for as long as one likes.

use std::path::Path;
use std::time::Duration;

use crate::{Failure, process, tools};

/// How long it runs when nobody says otherwise.
pub(crate) const SECONDS: u64 = 600;

/// Building, settling, and looking for an order of all that was read and written.
const BESIDES: Duration = Duration::from_secs(60 * 60);

/// Runs the seeded test of `tests/cluster/chaos.rs` for `seconds`; without a `seed` it draws one, and prints it.
pub(crate) fn run(root: &Path, seconds: u64, seed: Option<u64>) -> Result<(), Failure> {
    tools::program("etcd", "etcd-server")?;
    let build = ["build", "--locked", "--package", "paste-registry"];
    process::run(tools::cargo(root).args(build), BESIDES)?;
    let mut test = tools::cargo(root);
    test.args(["test", "--quiet", "--locked", "--package", "paste-tests"])
        .args(["--test", "cluster", "chaos::", "--", "--nocapture"])
        .env("PASTE_CHAOS_SECONDS", seconds.to_string());
    if let Some(seed) = seed {
        test.env("PASTE_CHAOS_SEED", seed.to_string());
    }
    process::run(&mut test, BESIDES + Duration::from_secs(seconds))
}
