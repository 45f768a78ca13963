//! Processes whose wall clock is wrong, and jumps while they run. The other clock can't be wrong.

use std::fs;
use std::path::{Path, PathBuf};

/// What makes a process see another time: Debian's `faketime`.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found
        .find(|library| library.exists())
        .expect("this test needs faketime: apt-get install faketime")
}

/// A wall clock of one process or of several.
pub struct WallClock {
    file: PathBuf,
}

impl WallClock {
    /// A clock that is off by `offset`, for example `+3600s`; it is kept in `file`.
    pub fn new(file: &Path, offset: &str) -> Self {
        let clock = Self {
            file: file.to_owned(),
        };
        clock.set(offset);
        clock
    }

    /// Sets it to another offset, at once.
    pub fn set(&self, offset: &str) {
        // Renamed into place: nobody ever reads half of it.
        let written = self.file.with_extension("new");
        fs::write(&written, offset).expect("a new file");
        fs::rename(written, &self.file).expect("in the same folder");
    }

    /// The environment of a process that goes by it.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}
