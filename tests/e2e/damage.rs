//! Data files that this version can't read: what was found is said, the start stops, and not a byte of them changes.

use std::fs;
use std::path::{Path, PathBuf};

use paste_tests::registry::Registry;
use paste_tests::until;
use serde_json::json;

use crate::{ids, instance, instances, registration};

/// Every file of the store with its bytes, but not what a start leaves beside them. The timeline, in a folder of its own,
/// tells what happened and is no truth: a damaged line of it is left out.
fn data_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a data folder").flatten() {
        let path = entry.path();
        let beside = ["test.log", "address", "lock", "admin-token"];
        if path.is_file() && !beside.iter().any(|name| path.ends_with(name)) {
            files.push((path.clone(), fs::read(&path).expect("a readable file")));
        }
    }
    files.sort();
    files
}

#[test]
fn a_corrupt_data_file_stops_the_start_and_is_left_alone() {
    let mut registry = Registry::start();
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    assert!(registry.terminate().success());
    let whole = data_files(registry.data());
    assert!(!whole.is_empty());
    for (path, bytes) in &whole {
        let mut corrupt = bytes.clone();
        let end = corrupt.len().min(4096);
        corrupt[..end].fill(0xA5);
        fs::write(path, &corrupt).expect("a writable file");
        let before = data_files(registry.data());
        let (status, said) = registry.start_refused();
        assert!(
            status.code() == Some(1),
            "{status} on a corrupt {}",
            path.display()
        );
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        assert!(
            said.contains(name),
            "what is wrong isn't named ({name}): {said}"
        );
        assert!(
            data_files(registry.data()) == before,
            "{} was changed",
            path.display()
        );
        fs::write(path, bytes).expect("a writable file");
    }
    registry.start_again();
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), ["one"]);
}

/// How a file's name begins, and the bytes of it that say which format it has.
const FORMATS: [(&str, &[usize]); 2] = [
    // After "PASTEREG".
    ("checkpoint-", &[8]),
    // The first byte of each of the two slots in the head of redb's file.
    ("log.redb", &[64, 192]),
];

/// Whether the name of the file begins so.
fn is_called(path: &Path, beginning: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(beginning))
}

/// Registers until there is a checkpoint.
fn fill(registry: &Registry) {
    let mut body = registration();
    body["metadata"] = json!({ "padding": "x".repeat(4_000) });
    let mut count = 0_u16;
    until("a checkpoint is written", String::new, || {
        count += 1;
        body["port"] = count.into();
        let id = format!("{:02}", count % 50);
        let status = if count < 51 { 201 } else { 200 };
        registry.expect("PUT", &instance("a", &id), Some(&body), status);
        // Only names: files come and go meanwhile.
        let files = fs::read_dir(registry.data()).expect("a data folder");
        let mut paths = files.flatten().map(|entry| entry.path());
        paths
            .any(|path| is_called(&path, "checkpoint-") && path.extension().is_none())
            .then_some(())
    });
}

#[test]
fn a_data_file_of_a_newer_version_stops_the_start_and_is_left_alone() {
    let mut registry = Registry::start_with(&["--set", "store.log_size=64KiB"]);
    fill(&registry);
    let known = ids(&registry.expect("GET", &instances("a"), None, 200).json());
    assert!(registry.terminate().success());
    for (name, places) in FORMATS {
        let files = data_files(registry.data());
        let (path, bytes) = files
            .iter()
            .find(|(path, _)| is_called(path, name))
            .expect("a file of that kind");
        let mut newer = bytes.clone();
        for place in places {
            newer[*place] = 200;
        }
        fs::write(path, &newer).expect("a writable file");
        let before = data_files(registry.data());
        let (status, said) = registry.start_refused();
        assert_eq!(status.code(), Some(1), "{said}");
        for part in [name, "schema 200", "start the newer version"] {
            assert!(said.contains(part), "{part} isn't said: {said}");
        }
        assert!(data_files(registry.data()) == before, "{name} was changed");
        fs::write(path, bytes).expect("a writable file");
    }
    registry.start_again();
    let answer = registry.expect("GET", &instances("a"), None, 200).json();
    assert_eq!(ids(&answer), known);
}
