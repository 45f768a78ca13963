//! What differs between two texts, line by line, by the algorithm of Myers (`similar`).

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Lines around a difference.
const CONTEXT: usize = 3;
/// After this long what is left is told as replaced, without a search for what stayed.
const SEARCH_MAX: Duration = Duration::from_millis(500);

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is in both.
    Same,
    /// It is only in the earlier.
    Removed,
    /// It is only in the later.
    Added,
}

/// Lines that differ, with those around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Its first line in the earlier, from 1.
    pub from_line: usize,
    /// How many lines of the earlier it has.
    pub from_count: usize,
    /// Its first line in the later, from 1.
    pub to_line: usize,
    /// How many lines of the later it has.
    pub to_count: usize,
    /// The lines, without their ends.
    pub lines: Vec<(Change, String)>,
}

/// What differs; nothing where both are the same.
pub(crate) fn diff(from: &[u8], to: &[u8]) -> Vec<Hunk> {
    let (from, to) = (String::from_utf8_lossy(from), String::from_utf8_lossy(to));
    let diff = TextDiff::configure()
        .timeout(SEARCH_MAX)
        .diff_lines(&*from, &*to);
    let groups = diff.grouped_ops(CONTEXT);
    let hunk = |group: &Vec<similar::DiffOp>| {
        let (first, last) = (group.first()?, group.last()?);
        let (from, to) = (
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        let lines = group
            .iter()
            .flat_map(|op| diff.iter_changes(op))
            .map(|line| {
                let change = match line.tag() {
                    ChangeTag::Equal => Change::Same,
                    ChangeTag::Delete => Change::Removed,
                    ChangeTag::Insert => Change::Added,
                };
                (
                    change,
                    line.value().trim_end_matches(['\n', '\r']).to_owned(),
                )
            });
        Some(Hunk {
            from_line: from.start + usize::from(!from.is_empty()),
            from_count: from.len(),
            to_line: to.start + usize::from(!to.is_empty()),
            to_count: to.len(),
            lines: lines.collect(),
        })
    };
    groups.iter().filter_map(hunk).collect()
}

/// The same in the unified format of `diff -u`; empty where nothing differs.
pub fn unified(hunks: &[Hunk], from: &str, to: &str) -> String {
    let mut text = String::new();
    if !hunks.is_empty() {
        text.push_str(&format!("--- {from}\n+++ {to}\n"));
    }
    for hunk in hunks {
        text.push_str(&format!(
            "@@ -{},{} +{},{} @@\n",
            hunk.from_line, hunk.from_count, hunk.to_line, hunk.to_count
        ));
        for (change, line) in &hunk.lines {
            text.push(match change {
                Change::Same => ' ',
                Change::Removed => '-',
                Change::Added => '+',
            });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
