//! The keys of secrets, as they stand in a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paste_model::TokenId;

/// Length of a key.
pub(super) const KEY_BYTES: usize = 32;
/// Most keys of a registry.
const KEYS_MAX: usize = 64;

/// A key by its name. It never shows itself.
pub(super) struct Key {
    pub(super) id: TokenId,
    pub(super) bytes: [u8; KEY_BYTES],
}

/// Why a secret can't be sealed or opened, or why keys can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No key is configured.
    #[error("no key for secrets is configured: set configs.secret_keys_file")]
    NoKeys,
    /// The key that a secret was sealed with is not configured.
    #[error(
        "the secret was sealed with the key {0:?}, which is not among those in configs.secret_keys_file"
    )]
    UnknownKey(String),
    /// What is sealed is not what was written.
    #[error("the secret is damaged, or its key is another one of the same name")]
    Damaged,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// A line of the file can't be read.
    #[error("line {line} of the keys for secrets: {reason}")]
    InvalidKeys {
        /// Which, from 1.
        line: usize,
        /// Why; never a key.
        reason: String,
    },
}

impl VaultError {
    /// The stable word that programs switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKeys => "no-secret-key",
            Self::UnknownKey(_) | Self::Damaged => "secret-key-missing",
            Self::NoRandomness | Self::InvalidKeys { .. } => "internal",
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<Key>, VaultError> {
    let mut keys: Vec<Key> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let invalid = |reason: String| VaultError::InvalidKeys { line, reason };
        let key = key(text).map_err(invalid)?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(invalid(format!("the name {} stands twice", key.id)));
        }
        if keys.len() == KEYS_MAX {
            return Err(invalid(format!("there are over {KEYS_MAX}")));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn key(text: &str) -> Result<Key, String> {
    let (id, secret) = text
        .split_once(':')
        .ok_or("must be <name>:<base64 of 32 bytes>")?;
    let id = TokenId::new(id.trim()).map_err(|error| error.to_string())?;
    let bytes = STANDARD
        .decode(secret.trim())
        .map_err(|_| format!("the key {id} is not base64"))?;
    let length = bytes.len();
    let bytes = bytes
        .try_into()
        .map_err(|_| format!("the key {id} has {length} bytes, not {KEY_BYTES}"))?;
    Ok(Key { id, bytes })
}
