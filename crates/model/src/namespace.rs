//! Settings of a namespace.

use compact_str::CompactString;

/// What a namespace is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamespaceSettings {
    /// For people; at most [`crate::limits::TEXT_BYTES_MAX`] bytes.
    pub description: CompactString,
}
