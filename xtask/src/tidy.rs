//! The house rules that the compiler doesn't know, each a scan over files or over the crate graph.
//!
//! A rule is a pure function from what it reads to findings, so that a table can test it. A rule that only stands in a
//! document rots; one that stands here holds.

mod arrows;
mod documents;
mod fronts;
mod functions;
mod manifests;
mod sources;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Failure, process, tools};

/// One broken rule, where it is broken and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 means the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A text file of the repository, its path relative to the top.
struct File {
    path: String,
    text: String,
}

/// Checks every rule and shows all findings.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    let files = tracked(root)?;
    let mut findings = Vec::new();
    for file in &files {
        if file.path.ends_with(".rs") {
            findings.extend(sources::check(&file.path, &file.text));
        }
        if file.path.ends_with(".md") {
            findings.extend(documents::check(&file.path, &file.text));
            findings.extend(documents::places(file, &files));
        }
        findings.extend(documents::private_words(&file.path, &file.text));
    }
    findings.extend(functions::check(&files));
    findings.extend(fronts::check(&files));
    findings.extend(manifests::check(&files));
    findings.extend(arrows::check(&arrows::read(&process::output(
        tools::cargo(root).args(["metadata", "--format-version", "1", "--no-deps"]),
    )?)?));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("1 finding".into()),
        count => Err(format!("{count} findings").into()),
    }
}

/// Every text file that git knows or would add.
fn tracked(root: &Path) -> Result<Vec<File>, Failure> {
    let listing = process::output(Command::new("git").current_dir(root).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut files = Vec::new();
    for path in listing.lines() {
        // What is listed but gone was deleted and not yet committed; what isn't UTF-8 is no text.
        if let Ok(text) = fs::read_to_string(root.join(path)) {
            files.push(File {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_keeps_its_own_rules() {
        let root = crate::root();
        run(&root).expect("`cargo xtask tidy` shows the findings");
    }
}
