//! Who acts.

use std::fmt;

use compact_str::CompactString;

use crate::TokenId;

/// The author of a request: `anonymous` (on loopback), `token:<name>`, or `node:<name>` for the registry itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(CompactString);

impl Principal {
    /// A request that carried no token.
    pub fn anonymous() -> Self {
        Self(CompactString::const_new("anonymous"))
    }

    /// The holder of a token.
    pub fn token(id: &TokenId) -> Self {
        Self(compact_str::format_compact!("token:{id}"))
    }

    /// A registry node, acting on what it observed.
    pub fn node(name: &crate::NodeName) -> Self {
        Self(compact_str::format_compact!("node:{name}"))
    }

    /// A principal as it was recorded.
    pub fn recorded(text: &str) -> Self {
        Self(CompactString::new(text))
    }

    /// The name of the token that it holds, if it is one that holds a token.
    pub fn token_name(&self) -> Option<&str> {
        self.0.strip_prefix("token:")
    }

    /// The principal as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
