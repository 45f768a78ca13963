//! The client SDKs: the vectors that they share, each language's own checks, and the scenarios that all have to pass.
//!
//! A language whose tools are absent is left out, and named at the end of the run. In continuous integration, which sets
//! `CI`, that is a failure: there, nothing passes by not being looked at.

pub(crate) mod numbers;
mod toolchains;

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::steps::Steps;
use crate::{Failure, process, tools, verify};

use toolchains::{GO, JDK, MAVEN, NODE, NPM, PYTHON, Tool};

/// One command of a language's checks, with all that it fetches the first time.
const CHECK_LIMIT: Duration = Duration::from_secs(20 * 60);

/// All scenarios in all languages, and the agents that have to be built for them.
const SCENARIOS_LIMIT: Duration = Duration::from_secs(40 * 60);

/// The SDK of a language. That of Rust is a crate, which the checks of the workspace cover.
struct Sdk {
    /// As the scenarios name it.
    name: &'static str,
    tools: &'static [Tool],
    /// Folders below `sdk/`, and the command that has to succeed there.
    checks: &'static [(&'static str, &'static [&'static str])],
}

const SDKS: [Sdk; 4] = [
    Sdk {
        name: "python",
        tools: &[PYTHON],
        checks: &[("python", &["python3", "check.py"])],
    },
    Sdk {
        name: "typescript",
        tools: &[NODE, NPM],
        checks: &[
            ("typescript", &["npm", "ci", "--no-audit", "--no-fund"]),
            ("typescript", &["npm", "run", "check"]),
        ],
    },
    Sdk {
        name: "go",
        tools: &[GO],
        checks: &[
            ("go", FORMAT_OF_GO),
            ("go", &["go", "vet", "./..."]),
            ("go", &["go", "test", "./..."]),
            ("go/grpcregistry", &["go", "vet", "./..."]),
            ("go/grpcregistry", &["go", "test", "./..."]),
        ],
    },
    Sdk {
        name: "java",
        tools: &[JDK, MAVEN],
        checks: &[("java", &["mvn", "-B", "-ntp", "verify"])],
    },
];

/// It names the files that aren't formatted, and succeeds all the same.
const FORMAT_OF_GO: &[&str] = &["gofmt", "-l", "."];

/// Languages that were left out; each with what is missing.
#[must_use]
pub(crate) struct Absent(Vec<String>);

impl Absent {
    /// Fails in continuous integration if a language was left out.
    pub(crate) fn settle(self) -> Result<(), Failure> {
        self.judge(env::var_os("CI").is_some())
    }

    fn judge(self, nothing_may_be_absent: bool) -> Result<(), Failure> {
        if self.0.is_empty() || !nothing_may_be_absent {
            return Ok(());
        }
        let absent = self.0.join("; ");
        Err(format!("CI is set, so nothing may be left out: {absent}").into())
    }
}

/// Nothing but the SDKs.
pub(crate) fn alone(root: &Path) -> Result<(), Failure> {
    let mut steps = Steps::new();
    verify::registry(root, &mut steps)?;
    let absent = run(root, &mut steps)?;
    steps.finish();
    absent.settle()
}

/// Runs the checks of the languages whose tools are there, then their scenarios.
pub(crate) fn run(root: &Path, steps: &mut Steps) -> Result<Absent, Failure> {
    let mut present = vec!["rust"];
    let mut absent = Vec::new();
    if PYTHON.missing().is_none() {
        steps.command(
            "conformance vectors are what their generator makes",
            Command::new("python3")
                .current_dir(root)
                .args(["conformance/generate.py", "--check"]),
            CHECK_LIMIT,
        )?;
    }
    steps.command(
        "the crate of the Rust SDK, in an empty project",
        tools::cargo(root).args([
            "test",
            "--locked",
            "--package",
            "paste-registry-client",
            "--all-features",
            "--test",
            "package",
            "--",
            "--ignored",
        ]),
        CHECK_LIMIT,
    )?;
    for sdk in &SDKS {
        if let Some(missing) = sdk.tools.iter().find_map(Tool::missing) {
            steps.not_checked(&format!("SDK of {}", sdk.name), &missing);
            absent.push(format!("the SDK of {} needs {missing}", sdk.name));
            continue;
        }
        for (folder, words) in sdk.checks {
            check(root, steps, folder, words)?;
        }
        present.push(sdk.name);
    }
    scenarios(root, steps, &present)?;
    Ok(Absent(absent))
}

fn check(root: &Path, steps: &mut Steps, folder: &str, words: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new(words[0]);
    command
        .current_dir(root.join("sdk").join(folder))
        .env(
            "PASTE_REGISTRY_BIN",
            root.join("target/debug/paste-registry"),
        )
        .args(&words[1..]);
    let name = format!("sdk/{folder}: {}", words.join(" "));
    if words != FORMAT_OF_GO {
        return steps.command(&name, &mut command, CHECK_LIMIT);
    }
    steps.run(&name, || match process::output(&mut command)?.trim() {
        "" => Ok(()),
        files => Err(format!("not formatted: {files}").into()),
    })
}

fn scenarios(root: &Path, steps: &mut Steps, languages: &[&str]) -> Result<(), Failure> {
    steps.command(
        &format!("scenarios of the SDKs: {}", languages.join(", ")),
        tools::cargo(root)
            .args([
                "test",
                "--locked",
                "--package",
                "paste-tests",
                "--test",
                "sdks",
            ])
            .args(["--", "--ignored", "--nocapture"])
            .env("PASTE_SDKS", languages.join(",")),
        SCENARIOS_LIMIT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_may_be_left_out_at_home_but_not_in_continuous_integration() {
        let absent = || Absent(vec!["the SDK of go needs go 1.22 or newer".to_owned()]);
        assert!(Absent(Vec::new()).judge(true).is_ok());
        assert!(absent().judge(false).is_ok());
        let failure = absent().judge(true).expect_err("it has to fail");
        assert!(failure.to_string().contains("go 1.22"), "{failure}");
    }
}
