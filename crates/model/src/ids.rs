//! Names: validated once, cheap to copy, and of one grammar everywhere.
//!
//! A name has 1 to 128 characters of `[A-Za-z0-9._-]` and begins and ends with a letter or digit. Ids of instances and
//! sessions also allow `: @ # $` inside.

use std::borrow::Borrow;
use std::fmt;

use compact_str::CompactString;
use sha2::{Digest, Sha256};

use crate::limits::NAME_BYTES_MAX;

/// A name that breaks the grammar, with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The name is empty.
    #[error("{noun} must not be empty")]
    Empty {
        /// What was being named.
        noun: &'static str,
    },
    /// The name is longer than [`NAME_BYTES_MAX`].
    #[error("{noun} has {length} bytes; the limit (name_bytes_max) is {NAME_BYTES_MAX}")]
    TooLong {
        /// What was being named.
        noun: &'static str,
        /// The length found, in bytes.
        length: usize,
    },
    /// A character is not allowed where it stands.
    #[error(
        "{noun} has {character:?} at byte {position}; allowed are letters, digits and {inside} inside, \
         and a letter or digit at both ends"
    )]
    Character {
        /// What was being named.
        noun: &'static str,
        /// The character found.
        character: char,
        /// Where it stands, in bytes from the beginning.
        position: usize,
        /// The punctuation that this kind of name allows.
        inside: &'static str,
    },
}

fn check(noun: &'static str, text: &str, inside: &'static str) -> Result<(), InvalidName> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Err(InvalidName::Empty { noun });
    }
    if bytes.len() > NAME_BYTES_MAX {
        return Err(InvalidName::TooLong {
            noun,
            length: bytes.len(),
        });
    }
    let last = bytes.len() - 1;
    for (position, byte) in bytes.iter().enumerate() {
        let allowed = byte.is_ascii_alphanumeric()
            || (position != 0 && position != last && inside.as_bytes().contains(byte));
        if !allowed {
            let character = text
                .char_indices()
                .take_while(|(at, _)| *at <= position)
                .last()
                .map_or(char::REPLACEMENT_CHARACTER, |(_, character)| character);
            return Err(InvalidName::Character {
                noun,
                character,
                position,
                inside,
            });
        }
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $noun:literal, $inside:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(CompactString);

        impl $type {
            /// Checks `text` against the grammar of names.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                check($noun, text, $inside)?;
                Ok(Self(CompactString::new(text)))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }
    };
}

name!(
    /// The unit of isolation and of permission.
    Namespace, "namespace", "._-"
);
name!(
    /// The name of a service within its namespace.
    ServiceName, "service name", "._-"
);
name!(
    /// The id of an instance within its service.
    InstanceId, "instance id", "._-:@#$"
);
name!(
    /// The id of a session, unique in the registry.
    SessionId, "session id", "._-:@#$"
);
name!(
    /// The name of a registry node.
    NodeName, "node name", "._-"
);
name!(
    /// The public name of an access token (never the secret).
    TokenId, "token name", "._-"
);
name!(
    /// A group of configuration items within a namespace.
    ConfigGroup, "config group", "._-"
);
name!(
    /// The name of a configuration item within its group (the field's `key`).
    ConfigName, "config key", "._-"
);

impl Namespace {
    /// The namespace that exists from the start.
    pub const DEFAULT: &str = "default";
}

impl Default for Namespace {
    fn default() -> Self {
        Self(CompactString::const_new(Self::DEFAULT))
    }
}

impl SessionId {
    /// How the sessions of instances begin that name none.
    pub const OWN_PREFIX: &str = "own-";

    /// Whether it is the session of an instance that names none.
    pub fn is_own(&self) -> bool {
        self.0.starts_with(Self::OWN_PREFIX)
    }

    /// The session of an instance that names none: the same for the same instance, so that registering again renews it.
    ///
    /// 80 bits of SHA-256 over the instance's key, in base 32: short enough to be stored inline.
    pub fn own(key: &InstanceKey) -> Self {
        let mut hash = Sha256::new();
        for part in [
            key.service.namespace.as_str(),
            key.service.name.as_str(),
            key.id.as_str(),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let mut text = CompactString::const_new(Self::OWN_PREFIX);
        let mut bits = digest
            .iter()
            .take(10)
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        for _ in 0..16 {
            text.push(char::from(
                b"abcdefghijklmnopqrstuvwxyz234567"[(bits & 31) as usize],
            ));
            bits >>= 5;
        }
        Self(text)
    }
}

/// A service, named in full.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceKey {
    /// Where it lives.
    pub namespace: Namespace,
    /// Its name there.
    pub name: ServiceName,
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An instance, named in full.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceKey {
    /// The service it is a copy of.
    pub service: ServiceKey,
    /// Its id there.
    pub id: InstanceId,
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "orders", "a.b_c-d", "9", &"x".repeat(128)] {
            assert!(ServiceName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            ".a",
            "a/b",
            "a b",
            "ä",
            "a:b",
            &"x".repeat(129),
        ] {
            assert!(ServiceName::new(bad).is_err(), "{bad}");
        }
        assert!(InstanceId::new("10.0.0.1:80@x#y$z").is_ok());
        assert!(InstanceId::new("a/b").is_err());
        assert!(InstanceId::new("a:").is_err());
    }

    #[test]
    fn a_refusal_names_the_character_and_the_limit() {
        let error = ServiceName::new("caf\u{e9}s")
            .expect_err("not ascii")
            .to_string();
        assert!(error.contains("'é' at byte 3"), "{error}");
        let error = ServiceName::new(&"x".repeat(200))
            .expect_err("too long")
            .to_string();
        assert!(
            error.contains("name_bytes_max") && error.contains("128"),
            "{error}"
        );
    }

    #[test]
    fn own_sessions_are_stable_and_distinct() {
        let key = |id: &str| InstanceKey {
            service: ServiceKey {
                namespace: Namespace::default(),
                name: ServiceName::new("orders").expect("valid"),
            },
            id: InstanceId::new(id).expect("valid"),
        };
        assert_eq!(SessionId::own(&key("a")), SessionId::own(&key("a")));
        assert_ne!(SessionId::own(&key("a")), SessionId::own(&key("b")));
        assert!(SessionId::new(SessionId::own(&key("a")).as_str()).is_ok());
    }
}
