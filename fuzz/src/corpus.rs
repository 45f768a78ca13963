//! The seeds on disk: `corpus/<target>/<what it shows>`, one input a file.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the seeds of a target are.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target)
}

/// Where inputs go that break a target.
pub fn failures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("failures")
}

/// The seeds of a target in the order of their names, which makes a campaign the same everywhere.
pub fn seeds(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = fs::read_dir(folder(target))?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(fs::read).collect()
}
