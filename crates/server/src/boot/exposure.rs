//! Who can reach us, and whether that is safe. A registry that others reach needs encryption and tokens.

use crate::config::{Anonymous, Config};
use crate::exit::{Exit, Failure};

/// Refuses to listen beyond this machine without authentication and encryption, unless told to; then says at every start
/// what isn't safe.
pub(crate) fn exposure(config: &Config) -> Result<Vec<String>, Failure> {
    let address = config.http.address;
    if address.ip().to_canonical().is_loopback() {
        return Ok(Vec::new());
    }
    let encrypted = config.tls.certificate.is_some();
    let authenticated = config.access.anonymous == Anonymous::Never;
    let mut missing = Vec::new();
    if !authenticated {
        missing.push("access.anonymous = \"never\"");
    }
    if !encrypted {
        missing.push("tls.certificate and tls.key");
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let missing = missing.join(" and ");
    if config.access.insecure {
        return Ok(vec![format!(
            "insecure: others can reach {address}, and {missing} is not set"
        )]);
    }
    Err(Failure::new(
        Exit::Usage,
        format!(
            "http.address: others can reach {address}; set {missing}, or accept the danger with --insecure"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_others_reach_needs_tokens_and_encryption() {
        // address, tokens only, encrypted, insecure -> refused naming, or warned
        let cases = [
            ("127.0.0.1:0", false, false, false, Ok(0)),
            ("127.8.8.8:0", false, false, false, Ok(0)),
            ("[::1]:0", false, false, false, Ok(0)),
            ("[::ffff:127.0.0.1]:0", false, false, false, Ok(0)),
            ("0.0.0.0:0", true, true, false, Ok(0)),
            ("[::]:0", true, true, false, Ok(0)),
            (
                "0.0.0.0:0",
                false,
                false,
                false,
                Err("set access.anonymous = \"never\" and tls.certificate and tls.key,"),
            ),
            (
                "[::]:0",
                false,
                true,
                false,
                Err("set access.anonymous = \"never\","),
            ),
            (
                "10.0.0.1:0",
                true,
                false,
                false,
                Err("set tls.certificate and tls.key,"),
            ),
            (
                "[::ffff:10.0.0.1]:0",
                false,
                false,
                false,
                Err("access.anonymous"),
            ),
            ("0.0.0.0:0", false, false, true, Ok(1)),
            ("0.0.0.0:0", true, false, true, Ok(1)),
            ("127.0.0.1:0", false, false, true, Ok(0)),
        ];
        for (address, tokens_only, encrypted, insecure, expected) in cases {
            let mut config = Config::default();
            config.http.address = address.parse().expect("an address");
            config.access.insecure = insecure;
            if tokens_only {
                config.access.anonymous = Anonymous::Never;
            }
            if encrypted {
                config.tls.certificate = Some(PathBuf::from("c"));
                config.tls.key = Some(PathBuf::from("k"));
            }
            match (exposure(&config), expected) {
                (Ok(warnings), Ok(count)) => assert_eq!(warnings.len(), count, "{address}"),
                (Err(failure), Err(part)) => {
                    assert!(
                        failure.sentence.contains(part),
                        "{address}: {}",
                        failure.sentence
                    );
                    assert_eq!(failure.exit, Exit::Usage);
                }
                (found, _) => panic!("{address}: {found:?}"),
            }
        }
    }
}
