//! Every protocol front has the same shape, so that who knows one finds their way in all of them.

use std::collections::BTreeSet;

use super::{File, Finding};

/// Where the fronts live: one folder each.
const FRONTS: &str = "crates/fronts/src/";

/// The files that every front has: which handler answers what, and how errors become answers.
const SHAPE: [&str; 2] = ["route.rs", "failure.rs"];

/// Where each front has a folder of tests that speak its protocol.
const TESTS: &str = "crates/fronts/tests/";

/// Folders that are shared by the fronts and no front themselves.
const SHARED: [&str; 1] = ["listener"];

/// Checks that each front folder holds every file of [`SHAPE`], and that there is a folder of tests for it.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let within = paths.iter().filter_map(|path| path.strip_prefix(FRONTS));
    let fronts: BTreeSet<&str> = within
        .filter_map(|path| path.split_once('/'))
        .map(|(front, _)| front)
        .filter(|front| !SHARED.contains(front))
        .collect();
    let mut findings = Vec::new();
    for front in fronts {
        let folder = format!("{FRONTS}{front}");
        for part in SHAPE {
            if !paths.contains(format!("{folder}/{part}").as_str()) {
                findings.push(Finding::new(
                    &folder,
                    0,
                    format!("every front has a `{part}`"),
                ));
            }
        }
        let tests = format!("{TESTS}{front}/");
        if !paths.iter().any(|path| path.starts_with(&tests)) {
            findings.push(Finding::new(
                &folder,
                0,
                format!("every front has tests in `{tests}`"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_without_one_of_its_parts_is_found() {
        let file = |path: &str| File {
            path: path.to_owned(),
            text: String::new(),
        };
        let files = |paths: &[&str]| paths.iter().map(|path| file(path)).collect::<Vec<_>>();
        for (paths, expected) in [
            (
                &[
                    "crates/fronts/src/rest.rs",
                    "crates/fronts/src/rest/failure.rs",
                    "crates/fronts/src/rest/route.rs",
                    "crates/fronts/tests/rest/main.rs",
                ][..],
                0,
            ),
            (&["crates/fronts/src/listener/limits.rs"], 0),
            (
                &[
                    "crates/fronts/src/dns/route.rs",
                    "crates/fronts/tests/dns/main.rs",
                ],
                1,
            ),
            (
                &[
                    "crates/fronts/src/dns/route.rs",
                    "crates/fronts/src/dns/failure.rs",
                ],
                1,
            ),
        ] {
            let found = check(&files(paths));
            assert_eq!(found.len(), expected, "{found:?}");
        }
    }
}
