//! The TLS side of a connection: whom to trust, and who we are.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::EtcdError;

/// How etcd is to be trusted, and how it is to trust us. All texts are PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificates of the authorities that sign etcd's.
    pub ca: Vec<u8>,
    /// Our certificate with its chain, and its key, where etcd asks for one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// What a connection needs of it.
    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, EtcdError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates("tls.ca", &self.ca)? {
            roots
                .add(certificate)
                .map_err(|error| setting("tls.ca", error))?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| setting("tls", error))?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = certificates("tls.identity", chain)?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| setting("tls.identity", error))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| setting("tls.identity", error))?
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(name: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, EtcdError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| setting(name, error))?;
    match found.is_empty() {
        true => Err(setting(name, "it holds no certificate")),
        false => Ok(found),
    }
}

fn setting(setting: &'static str, found: impl fmt::Display) -> EtcdError {
    EtcdError::Setting {
        setting,
        found: found.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_named() {
        for ca in [
            &b""[..],
            b"nonsense",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n",
        ] {
            let tls = Tls {
                ca: ca.to_vec(),
                identity: None,
            };
            assert!(matches!(
                tls.client(),
                Err(EtcdError::Setting {
                    setting: "tls.ca",
                    ..
                })
            ));
        }
    }
}
