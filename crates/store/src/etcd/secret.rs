//! What the nodes of a registry show each other. Whoever needs it first makes it; the others read it.

use bytes::Bytes;
use paste_model::Expect;
use tokio::time::Instant;

use super::EtcdError;
use super::shared::Shared;
use super::transaction::{compare, one, put};
use super::wire::TxnRequest;
use crate::Secret;

/// Its length, in hexadecimal digits.
const DIGITS: usize = 64;

/// Reads the secret, or makes it where there is none.
pub(super) async fn shared_secret(shared: &Shared, until: Instant) -> Result<Secret, EtcdError> {
    let key = shared.layout.secret();
    loop {
        let answer = shared.client.range(one(key.clone()), until).await?;
        if let Some(kv) = answer.kvs.first() {
            return read(&kv.value);
        }
        let new = Secret::new(random());
        let value = Bytes::copy_from_slice(new.reveal().as_bytes());
        let request = TxnRequest {
            compare: vec![compare(key.clone(), Expect::Absent)],
            success: vec![put(key.clone(), value).into()],
            failure: Vec::new(),
        };
        // Where somebody else was faster, or the first of two tries was ours, the next look shows it.
        if shared.client.txn_again(request, until).await?.succeeded {
            return Ok(new);
        }
    }
}

fn read(value: &[u8]) -> Result<Secret, EtcdError> {
    let text = std::str::from_utf8(value).ok();
    let whole =
        |text: &&str| text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.filter(whole) {
        Some(text) => Ok(Secret::new(text)),
        None => Err(EtcdError::Answer {
            found: "the record `secret` under the prefix is not one of ours",
        }),
    }
}

fn random() -> String {
    let halves = rand::random::<[u128; 2]>();
    format!("{:032x}{:032x}", halves[0], halves[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_64_digits() {
        assert_ne!(random(), random());
        assert!(read(random().as_bytes()).is_ok());
        let valid = "0123456789abcdef".repeat(4);
        for (value, expected) in [
            (valid.as_bytes(), true),
            (&valid.as_bytes()[1..], false),
            ("z".repeat(64).as_bytes(), false),
            (&[0xff; 64], false),
            (b"", false),
        ] {
            assert_eq!(read(value).is_ok(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new(random());
        assert!(!format!("{secret:?}").contains(secret.reveal()));
    }
}
