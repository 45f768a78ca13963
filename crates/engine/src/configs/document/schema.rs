//! JSON Schema: what content has to fit. Nothing is fetched: a schema that refers to another document is refused.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::Unreadable;
use super::format::{shortened, value};

/// Most violations that are told.
const VIOLATIONS_MAX: usize = 32;
/// Memory that one compiled pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// A schema that can be checked against.
pub(crate) struct Schema(Validator);

/// Where content doesn't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// A JSON pointer into the content.
    pub(crate) path: String,
    /// Which rule it breaks.
    pub(crate) reason: String,
}

impl Schema {
    /// Reads a schema.
    pub(crate) fn compile(schema: &[u8]) -> Result<Self, Unreadable> {
        let schema = value(paste_model::Format::Json, schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX);
        let built = jsonschema::options()
            .with_pattern_options(patterns)
            .build(&schema);
        built.map(Self).map_err(|error| {
            let path = error.instance_path().to_string();
            let reason = error.to_string();
            let place = if path.is_empty() {
                path
            } else {
                format!("{path}: ")
            };
            Unreadable::new(&format!("{place}{reason}"))
        })
    }

    /// Refuses content that doesn't fit.
    pub(crate) fn check(&self, content: &Value) -> Result<(), Vec<Violation>> {
        let errors = self.0.iter_errors(content).take(VIOLATIONS_MAX);
        let violations: Vec<_> = errors
            .map(|error| Violation {
                path: error.instance_path().to_string(),
                reason: shortened(&error.to_string()),
            })
            .collect();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }
}
