//! Rules for prose: one title a page, and nothing that is true on one machine only.

use super::{File, Finding};

/// Places that exist on one machine only, written in two halves so that this file doesn't hold them.
const PRIVATE: [&str; 4] = [
    concat!("/tm", "p/w/"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

/// Checks one Markdown page.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let titles: Vec<usize> = headings(text)
        .filter(|(_, line)| line.starts_with("# "))
        .map(|(number, _)| number)
        .collect();
    match titles.as_slice() {
        [1] => Vec::new(),
        [] => vec![Finding::new(path, 1, "begin with `# `, the page's title")],
        [1, second, ..] => vec![Finding::new(
            path,
            *second,
            "a page has one title; use `## `",
        )],
        [first, ..] => vec![Finding::new(path, *first, "the title stands first")],
    }
}

/// Checks any text for the names of places on one machine.
pub(super) fn private_words(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(word) = PRIVATE.iter().find(|word| line.contains(**word)) {
            findings.push(Finding::new(
                path,
                number,
                format!("`{word}` exists on one machine only"),
            ));
        }
    }
    findings
}

/// Checks that the files and folders that a page names are there: a map of what has moved misleads.
pub(super) fn places(page: &File, files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(page.text.lines()) {
        let quoted = line.split('`').skip(1).step_by(2);
        for place in quoted.filter(|quoted| quoted.starts_with("crates/")) {
            let there = |file: &File| {
                let rest = file.path.strip_prefix(place);
                rest.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || place.ends_with('/')
                })
            };
            if !files.iter().any(there) {
                findings.push(Finding::new(
                    &page.path,
                    number,
                    format!("`{place}` is not there"),
                ));
            }
        }
    }
    findings
}

/// Lines outside fenced blocks, with their numbers.
fn headings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        !fenced
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_title_and_it_stands_first() {
        for (text, expected) in [
            ("# A\n\n## B\n", &[][..]),
            ("# A\n```sh\n# a comment\n```\n", &[]),
            ("## A\n", &[1]),
            ("# A\n\n# B\n", &[3]),
            ("text\n# A\n", &[2]),
        ] {
            let lines: Vec<usize> = check("a.md", text).iter().map(|f| f.line).collect();
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn places_that_a_page_names_are_there() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [file("crates/a/src/b.rs", "")];
        for (text, expected) in [
            ("`crates/a/src/b.rs` and `crates/a` and `crates/a/src/`", 0),
            ("`crates/a/src/c.rs`", 1),
            ("`crates/a/src/b`", 1),
            ("`model/src/b.rs`, crates/none", 0),
        ] {
            assert_eq!(
                places(&file("a.md", text), &files).len(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn places_on_one_machine_are_found() {
        let text = format!("fine\nsee {}x\n", PRIVATE[0]);
        assert_eq!(private_words("a.toml", &text)[0].line, 2);
    }
}
