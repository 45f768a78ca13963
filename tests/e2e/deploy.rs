//! What `deploy/` offers to start from: the file and the unit are checked by the programs that read them, and the alarms are
//! held against the metrics and against the page that says what to do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use paste_tests::registry;

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(place(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_file_to_start_from_is_valid() {
    let checked = Command::new(registry::binary())
        .args(["config", "check", "--config"])
        .arg(place("deploy/registry.toml"))
        .output()
        .expect("it runs");
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn systemd_takes_the_unit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unit = folder.path().join("paste-registry.service");
    // Where the unit expects the program, there is none here.
    let program = registry::binary().display().to_string();
    let written = text("deploy/paste-registry.service");
    let written = written.replace("/usr/local/bin/paste-registry", &program);
    fs::write(&unit, written).expect("a new file");
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output()
        .unwrap_or_else(|error| {
            panic!("this test needs systemd-analyze ({error}): apt-get install systemd")
        });
    let said = String::from_utf8_lossy(&verified.stderr);
    // Other units of the machine are looked at, too, and are none of our business.
    assert!(!said.contains("paste-registry"), "{said}");
    assert!(verified.status.success(), "{said}");
}

#[test]
fn every_alarm_is_about_a_metric_and_says_what_to_do() {
    let rules = text("deploy/prometheus/alarms.yml");
    let page = text("docs/operate/alarms.md");
    let metrics = text("docs/reference/metrics.md");
    let values = |key: &str| -> Vec<String> {
        let lines = rules
            .lines()
            .filter_map(|line| line.trim().strip_prefix(key));
        lines.map(|value| value.trim().to_owned()).collect()
    };
    let alarms: BTreeSet<String> = values("- alert:").into_iter().collect();
    let explained: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(str::to_owned)
        .collect();
    assert_eq!(alarms, explained);
    let links: BTreeSet<String> = values("runbook: docs/operate/alarms.md#")
        .into_iter()
        .collect();
    let sections = alarms.iter().map(|name| name.to_lowercase());
    assert_eq!(links, sections.collect());
    for expression in values("expr:") {
        let names = expression
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("paste_registry_"));
        for name in names {
            let name = name.trim_end_matches("_bucket");
            assert!(
                metrics.contains(&format!("| `{name}` |")),
                "{name} of {expression} is no metric"
            );
        }
    }
}
