//! Secrets at rest: envelope encryption.
//!
//! Each content has a key of its own (AES-256-GCM), which is wrapped by one of the registry's keys (the same). Both layers
//! are bound to the item's full name, so that what is sealed can't be moved to another item. A registry key is replaced by
//! putting a new one before it: what is sealed from then on uses the first, and all of them open.

mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use bytes::Bytes;
use paste_model::Seal;
use rand::TryRng;
use rand::rngs::SysRng;

pub use keys::VaultError;

use keys::{KEY_BYTES, Key};

/// The keys of secrets. A clone shares them.
#[derive(Clone, Default)]
pub struct Vault(Arc<[Key]>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

impl Vault {
    /// Without keys: secrets can neither be stored nor opened.
    pub fn none() -> Self {
        Self::default()
    }

    /// The keys in a text: lines of `<name>:<base64 of 32 bytes>`, the first of which seals; blank lines and those that begin
    /// with `#` say nothing.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        Ok(Self(keys::parse(text)?.into()))
    }

    /// The names of its keys, the first of which seals.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// Encrypts content that belongs to `name`.
    pub(super) fn seal(&self, plain: &[u8], name: &str) -> Result<(Vec<u8>, Seal), VaultError> {
        let master = self.0.first().ok_or(VaultError::NoKeys)?;
        let mut own = [0; KEY_BYTES];
        SysRng
            .try_fill_bytes(&mut own)
            .map_err(|_| VaultError::NoRandomness)?;
        let sealed = encrypt(&own, plain, name)?;
        let wrapped = encrypt(&master.bytes, &own, name)?;
        let seal = Seal {
            key: master.id.as_str().into(),
            wrapped: Bytes::from(wrapped),
        };
        Ok((sealed, seal))
    }

    /// Decrypts it.
    pub(super) fn open(
        &self,
        sealed: &[u8],
        seal: &Seal,
        name: &str,
    ) -> Result<Vec<u8>, VaultError> {
        let known = self.0.iter().find(|key| key.id.as_str() == seal.key);
        let master = known.ok_or_else(|| VaultError::UnknownKey(seal.key.to_string()))?;
        let own = decrypt(&master.bytes, &seal.wrapped, name)?;
        let own: [u8; KEY_BYTES] = own.try_into().map_err(|_| VaultError::Damaged)?;
        decrypt(&own, sealed, name)
    }
}

fn key(bytes: &[u8; KEY_BYTES]) -> Result<LessSafeKey, VaultError> {
    let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| VaultError::Damaged)?;
    Ok(LessSafeKey::new(key))
}

/// A random nonce, then what is encrypted with its tag.
fn encrypt(with: &[u8; KEY_BYTES], plain: &[u8], name: &str) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    SysRng
        .try_fill_bytes(&mut nonce)
        .map_err(|_| VaultError::NoRandomness)?;
    let mut text = plain.to_vec();
    key(with)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(name.as_bytes()),
            &mut text,
        )
        .map_err(|_| VaultError::Damaged)?;
    Ok([nonce.as_slice(), &text].concat())
}

fn decrypt(with: &[u8; KEY_BYTES], sealed: &[u8], name: &str) -> Result<Vec<u8>, VaultError> {
    let (nonce, text) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(VaultError::Damaged)?;
    let mut text = text.to_vec();
    let length = key(with)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(name.as_bytes()),
            &mut text,
        )
        .map_err(|_| VaultError::Damaged)?
        .len();
    text.truncate(length);
    Ok(text)
}
