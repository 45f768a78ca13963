//! Where an option stands, so that whoever set it finds it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where an option was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file; line and column count from 1, columns in characters.
    File {
        /// Which file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The column there.
        column: usize,
    },
    /// Somewhere in a file.
    Whole(PathBuf),
    /// In an environment variable.
    Variable(String),
    /// In a flag.
    Flag(String),
    /// In options that don't fit together, wherever they were set.
    Option(&'static str),
}

impl Place {
    /// The place of the byte `at` of a file's text.
    pub(super) fn in_file(path: &Path, text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::File {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Whole(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Option(name) => f.write_str(name),
        }
    }
}
