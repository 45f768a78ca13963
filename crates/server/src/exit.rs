//! Exit codes: what scripts switch on. They are part of the interface and stay.

use std::fmt::Display;
use std::process::ExitCode;

use serde_json::Value;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Conflict = 5,
    Unreachable = 6,
}

impl Exit {
    /// All of them with what they mean, for the help and the reference.
    pub(crate) const MEANINGS: [(Self, &str); 7] = [
        (Self::Ok, "done"),
        (Self::Failed, "failed"),
        (Self::Usage, "wrong usage or configuration"),
        (Self::NotFound, "what was named doesn't exist"),
        (Self::Refused, "no valid token, or it doesn't allow this"),
        (
            Self::Conflict,
            "the state of the registry forbids it, or a condition failed",
        ),
        (
            Self::Unreachable,
            "the registry can't be reached, or can't answer now",
        ),
    ];

    /// The number the process ends with.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// How an answer of the registry with this HTTP status ends a command.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            200..=399 => Self::Ok,
            401 | 403 => Self::Refused,
            404 => Self::NotFound,
            409 | 412 => Self::Conflict,
            400 | 422 => Self::Usage,
            429 | 502..=504 => Self::Unreachable,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not do what it was asked to: one sentence, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) sentence: String,
    /// The same for programs, where a program asked: the registry's problem document.
    pub(crate) document: Option<Box<Value>>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl Display) -> Self {
        Self {
            exit,
            sentence: sentence.to_string(),
            document: None,
        }
    }

    /// The same, about one of several things.
    pub(crate) fn about(mut self, what: impl Display) -> Self {
        self.sentence = format!("{what}: {}", self.sentence);
        self
    }

    /// An error with all its causes in one sentence.
    pub(crate) fn caused(exit: Exit, what: impl Display, error: &dyn std::error::Error) -> Self {
        let mut sentence = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their cause.
            if !sentence.ends_with(&text) {
                sentence.push_str(": ");
                sentence.push_str(&text);
            }
            cause = error.source();
        }
        Self {
            exit,
            sentence,
            document: None,
        }
    }
}

/// What a command returns.
pub(crate) type Done = Result<(), Failure>;

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}
