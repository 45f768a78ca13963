//! The contract, and what is particular to the embedded store: its files, its faults, its checkpoints.

mod checkpoints;
mod damage;
mod faults;

use std::cell::RefCell;
use std::fs;
use std::sync::{Arc, Weak};

use tempfile::TempDir;

use super::*;
use crate::suite::{Place, batch, blob, commit, put};

/// A directory, and what a kill leaves of it.
struct Directory {
    root: TempDir,
    config: Config,
    open: RefCell<Weak<Shared>>,
}

impl Directory {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().expect("a directory"),
            config: Config::default(),
            open: RefCell::default(),
        }
    }

    /// One in which a checkpoint follows the other, but all of the log is kept.
    fn restless() -> Self {
        let config = Config {
            log_bytes: 1,
            batches_kept: u64::MAX,
            ..Config::default()
        };
        Self {
            config,
            ..Self::new()
        }
    }

    /// One in which checkpoints are written all the time, and the log before them dropped.
    fn busy() -> Self {
        let config = Config {
            log_bytes: 2 * 1024,
            batches_kept: 20,
            ..Config::default()
        };
        Self {
            config,
            ..Self::new()
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.root.path().join("data")
    }

    fn try_open(&self) -> Result<Embedded, StoreError> {
        Embedded::open(&self.path(), self.config.clone())
    }

    /// Every file with its bytes.
    fn files(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(self.path()).expect("readable");
        let paths = entries.map(|entry| entry.expect("readable").path());
        // A checkpoint may be removed or renamed while we look.
        let mut files: Vec<_> = paths
            .filter_map(|path| Some((path.clone(), fs::read(path).ok()?)))
            .collect();
        files.sort();
        files
    }
}

impl Place for Directory {
    fn open(&self) -> Arc<dyn Store> {
        let store = self.try_open().expect("opens");
        *self.open.borrow_mut() = Arc::downgrade(&store.shared);
        Arc::new(store)
    }

    /// What stands in the files at one moment between two writes is what a kill would leave. (That a kill within a
    /// write does no harm is shown with torn writes, and by the real kills of `tests/kill.rs`.)
    fn kill(&self, store: Arc<dyn Store>) {
        let shared = self.open.borrow().upgrade().expect("open");
        let files = shared.between_writes(|| self.files());
        drop((shared, store));
        for (path, _) in self.files() {
            fs::remove_file(path).expect("removes");
        }
        for (path, bytes) in files {
            fs::write(path, bytes).expect("writes");
        }
    }
}

mod contract {
    crate::contract_suite!(super::Directory::new());
}

#[test]
fn the_directory_is_private_and_has_one_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let store = directory.try_open().expect("opens");
    let mode = fs::metadata(directory.path())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let second = directory.try_open().err().expect("one process at a time");
    assert!(matches!(second, StoreError::Locked { .. }), "{second}");
    drop(store);
    directory.try_open().expect("free again");
}

#[test]
fn a_batch_that_cannot_be_is_refused_with_its_reason() {
    let store = Directory::new().open();
    let size = BATCH_BYTES_MAX + 1;
    let cases = [
        (batch([], [put("a", 1), put("a", 2)]), "/session/a twice"),
        (batch([], [blob(1, size)]), "batch_bytes_max"),
    ];
    for (batch, reason) in cases {
        match crate::suite::wait(store.commit(batch)) {
            Err(CommitError::Failed(error)) => {
                assert!(error.to_string().contains(reason), "{error}")
            }
            answer => panic!("{reason}: {answer:?}"),
        }
    }
    commit(&*store, [put("a", 1)]);
    assert!(store.status().failed.is_none(), "the store is well");
}

#[test]
fn a_full_queue_refuses_at_once() {
    let queue = queue::Queue::default();
    let hasher = index::KeyHasher::default();
    let mut taken = 0;
    loop {
        let (command, _) = Command::prepare(batch([], [put("a", 1)]), &hasher).expect("valid");
        match queue.push(command) {
            Ok(()) => taken += 1,
            Err(refused) => {
                assert!(matches!(refused, CommitError::Busy));
                break;
            }
        }
    }
    assert_eq!(taken, queue.len());
    let mut group = Vec::new();
    assert!(matches!(queue.take(&mut group, false), queue::Work::Group));
    assert_eq!(group.len(), 1_000, "a group has its bound too");
}

#[test]
fn closing_commits_what_waits_and_ends_the_streams() {
    let directory = Directory::new();
    let store = directory.open();
    let mut changes = store.changes(Revision::ZERO).expect("streams");
    let waiting: Vec<_> = (0..2_000)
        .map(|n| store.commit(batch([], [put(&format!("k{n}"), 1)])))
        .collect();
    drop(store);
    for answer in waiting {
        crate::suite::wait(answer).expect("was committed");
    }
    let mut seen = 0;
    while let Some(feed) = crate::suite::wait(changes.recv()) {
        match feed {
            crate::Feed::Batches(batches) => seen += batches.len(),
            crate::Feed::Reload(_) => panic!("nothing was restored"),
        }
    }
    assert_eq!(seen, 2_000);
    assert_eq!(directory.open().load().expect("loads").entries.len(), 2_000);
}
