//! The arrows between the crates: who may know whom. A missing arrow is a promise (a front that can't see the store
//! can't go around the engine), so the list says what is allowed, not what is forbidden.

use serde_json::Value;

use super::Finding;
use crate::Failure;

/// Each package of the house and the packages of the house it may depend on. Tests may depend on more.
const ARROWS: [(&str, &[&str]); 10] = [
    ("paste-model", &[]),
    ("paste-traffic", &["paste-model"]),
    ("paste-store", &["paste-model"]),
    ("paste-catalog", &["paste-model"]),
    ("paste-api", &["paste-model"]),
    (
        "paste-engine",
        &[
            "paste-model",
            "paste-store",
            "paste-catalog",
            "paste-traffic",
        ],
    ),
    (
        "paste-fronts",
        &[
            "paste-model",
            "paste-traffic",
            "paste-api",
            "paste-catalog",
            "paste-engine",
        ],
    ),
    (
        "paste-registry-client",
        &["paste-model", "paste-traffic", "paste-api"],
    ),
    (
        "paste-registry",
        &[
            "paste-model",
            "paste-traffic",
            "paste-api",
            "paste-store",
            "paste-catalog",
            "paste-engine",
            "paste-fronts",
        ],
    ),
    ("xtask", &[]),
];

/// Packages that must stay free of I/O, time and wire formats, with what would bring them in.
const PURE: [(&str, &[&str]); 3] = [
    (
        "paste-model",
        &[
            "tokio",
            "hyper",
            "http",
            "axum",
            "serde",
            "serde_json",
            "redb",
            "rand",
            "tracing",
        ],
    ),
    (
        "paste-traffic",
        &[
            "tokio",
            "hyper",
            "http",
            "axum",
            "serde",
            "serde_json",
            "redb",
            "tracing",
        ],
    ),
    (
        "paste-catalog",
        &["hyper", "http", "axum", "serde", "serde_json", "redb"],
    ),
];

/// A package and what its library and binaries depend on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package {
    name: String,
    dependencies: Vec<String>,
    /// Those of them that only a feature brings in.
    optional: Vec<String>,
}

/// Reads what `cargo metadata` prints. Dependencies of tests and build scripts are left out.
pub(super) fn read(metadata: &str) -> Result<Vec<Package>, Failure> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo metadata has no packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().into_iter().flatten();
            let needed = all.filter(|dependency| dependency["kind"].is_null());
            let (optional, always): (Vec<_>, Vec<_>) =
                needed.partition(|dependency| dependency["optional"] == true);
            let names = |some: &[&Value]| some.iter().map(|one| text(&one["name"])).collect();
            Package {
                name: text(&package["name"]),
                dependencies: names(&[&always[..], &optional[..]].concat()),
                optional: names(&optional),
            }
        })
        .collect())
}

/// Checks every package against [`ARROWS`] and [`PURE`].
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let find = |message: String| Finding::new(&package.name, 0, message);
        let ours = package
            .dependencies
            .iter()
            .filter(|name| name.starts_with("paste-"));
        if let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package.name) {
            findings.extend(
                ours.filter(|name| !allowed.contains(&name.as_str()))
                    .map(|name| {
                        find(format!(
                            "must not depend on {name} (ARCHITECTURE.md draws the arrows)"
                        ))
                    }),
            );
        } else if !OUTSIDE.contains(&package.name.as_str()) {
            findings.push(find(
                "is new: say in xtask/src/tidy/arrows.rs whom it may know".to_owned(),
            ));
        }
        if let Some((_, banned)) = PURE.iter().find(|(name, _)| *name == package.name) {
            findings.extend(
                package
                    .dependencies
                    .iter()
                    .filter(|name| banned.contains(&name.as_str()))
                    .filter(|name| !package.optional.contains(name))
                    .map(|name| find(format!("must stay pure: no {name}"))),
            );
        }
    }
    findings
}

/// Packages that look at the house from outside and may know any of it.
const OUTSIDE: [&str; 3] = ["paste-tests", "paste-bench", "paste-fuzz"];

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            optional: Vec::new(),
        }
    }

    #[test]
    fn arrows_that_are_not_drawn_are_found() {
        for (name, dependencies, expected) in [
            ("paste-model", &["bytes", "sha2"][..], 0),
            ("paste-model", &["paste-store"], 1),
            ("paste-model", &["tokio"], 1),
            ("paste-fronts", &["paste-engine", "hyper"], 0),
            ("paste-fronts", &["paste-store"], 1),
            ("paste-engine", &["paste-fronts"], 1),
            ("paste-catalog", &["paste-model", "serde"], 1),
            ("paste-newcomer", &[], 1),
            ("paste-fuzz", &["paste-store", "paste-api"], 0),
        ] {
            assert_eq!(
                check(&[package(name, dependencies)]).len(),
                expected,
                "{name}: {dependencies:?}"
            );
        }
    }

    #[test]
    fn what_only_a_feature_brings_in_may_be_impure_but_needs_an_arrow() {
        let with = |dependency: &str| Package {
            optional: vec![dependency.to_owned()],
            ..package("paste-traffic", &[dependency])
        };
        assert_eq!(check(&[with("serde")]).len(), 0);
        assert_eq!(check(&[with("paste-store")]).len(), 1);
    }

    #[test]
    fn dependencies_of_tests_do_not_count() {
        let metadata = r#"{"packages": [{"name": "a", "dependencies": [
            {"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]}]}"#;
        assert_eq!(read(metadata).expect("valid"), [package("a", &["b"])]);
    }
}
