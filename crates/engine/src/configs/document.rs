//! Content as a document: read in its format, checked against a schema, compared with another, and cut into pieces.
//!
//! What is malformed is refused with line and column. Hostile content costs bounded time and memory: nesting, aliases and
//! the size of patterns have limits.

mod diff;
mod format;
mod pieces;
mod properties;
mod schema;
#[cfg(test)]
mod tests;

pub use diff::{Change, Hunk, unified};

pub(super) use diff::diff;
pub(super) use format::{Unreadable, check, value};
pub(super) use pieces::{join, pieces};
pub(super) use schema::Schema;
