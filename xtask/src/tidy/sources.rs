//! Rules for one source file: it says what it is for, is short, and hides nothing unfinished.

use super::Finding;

/// The longest a source file may be, its tests included.
const FILE_LINES_MAX: usize = 500;

/// Marks of unfinished work, written in two halves so that this file doesn't hold them.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Checks one source file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, message: String| findings.push(Finding::new(path, line, message));
    if !text.starts_with("//!") {
        find(1, "open with `//!`: what the file is for".to_owned());
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        find(
            0,
            format!("{lines} lines; the limit is {FILE_LINES_MAX}: split it by noun"),
        );
    }
    if path.ends_with("/mod.rs") {
        find(
            0,
            "name it after its folder: `foo.rs` beside `foo/`".to_owned(),
        );
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(mark) = UNFINISHED.iter().find(|mark| line.contains(**mark)) {
            find(
                number,
                format!("`{mark}`: finish it, or write an issue and say its number"),
            );
        }
        if is_lint_attribute(line.trim_start()) && !has_reason(text, number) {
            find(number, "give the lint a `reason = \"…\"`".to_owned());
        }
    }
    findings
}

/// Files that hold tests only.
pub(super) fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.contains("/benches/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
}

fn is_lint_attribute(line: &str) -> bool {
    ["#[expect(", "#![expect(", "#[allow(", "#![allow("]
        .iter()
        .any(|start| line.starts_with(start))
}

/// Looks from the attribute's first line to the `]` that ends it.
fn has_reason(text: &str, first_line: usize) -> bool {
    for line in text.lines().skip(first_line - 1) {
        if line.contains("reason = ") {
            return true;
        }
        if line.trim_end().ends_with(")]") {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_finds_what_breaks_it_and_nothing_else() {
        let unfinished = format!("//! a\n// {}: later\n", UNFINISHED[0]);
        let long = format!("//! a\n{}", "\n".repeat(FILE_LINES_MAX));
        let full = format!("//! a\n{}", "\n".repeat(FILE_LINES_MAX - 1));
        for (path, text, expected) in [
            ("a.rs", "//! a\n", &[][..]),
            ("a.rs", "use b;\n", &[1]),
            ("a/mod.rs", "//! a\n", &[0]),
            ("a.rs", &long, &[0]),
            ("a.rs", &full, &[]),
            ("a.rs", &unfinished, &[2]),
            ("a.rs", "//! a\n#[expect(dead_code)]\nfn f() {}\n", &[2]),
            (
                "a.rs",
                "//! a\n#[expect(\n    dead_code,\n    reason = \"b\"\n)]\nfn f() {}\n",
                &[],
            ),
            (
                "a.rs",
                "//! a\n#[allow(dead_code, reason = \"b\")]\nfn f() {}\n",
                &[],
            ),
        ] {
            let lines: Vec<usize> = check(path, text)
                .iter()
                .map(|finding| finding.line)
                .collect();
            assert_eq!(lines, expected, "{path}: {text}");
        }
    }
}
