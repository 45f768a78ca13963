//! Every package is under the lints of the workspace, so that what they forbid (`unwrap`, `panic`, `unsafe`, printing)
//! is forbidden everywhere and a new package can't forget it.

use super::{File, Finding};

/// Lints that the workspace must carry.
const LINTS: [&str; 5] = [
    "unsafe_code",
    "unwrap_used",
    "expect_used",
    "panic",
    "missing_docs",
];

/// A package of test code only: it may panic, which is how a test fails.
const OWN_LINTS: [&str; 1] = ["tests/Cargo.toml"];

/// Checks the manifests of the workspace and of its packages.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml"))
    {
        if file.path == "Cargo.toml" {
            let missing = LINTS
                .iter()
                .filter(|lint| !file.text.contains(&format!("\n{lint} = ")));
            findings.extend(missing.map(|lint| {
                Finding::new(&file.path, 0, format!("the workspace must lint `{lint}`"))
            }));
        } else if !OWN_LINTS.contains(&file.path.as_str())
            && !file.text.contains("[lints]\nworkspace = true\n")
        {
            findings.push(Finding::new(
                &file.path,
                0,
                "take the workspace's lints: `[lints] workspace = true`",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_the_lints_is_found() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let lints: String = LINTS
            .iter()
            .map(|lint| format!("\n{lint} = \"warn\""))
            .collect();
        for (path, text, expected) in [
            ("Cargo.toml", lints.as_str(), 0),
            ("Cargo.toml", "\nunwrap_used = \"warn\"", LINTS.len() - 1),
            ("a/Cargo.toml", "[lints]\nworkspace = true\n", 0),
            ("a/Cargo.toml", "[package]\n", 1),
            ("tests/Cargo.toml", "[package]\n", 0),
        ] {
            assert_eq!(check(&[file(path, text)]).len(), expected, "{path}: {text}");
        }
    }
}
