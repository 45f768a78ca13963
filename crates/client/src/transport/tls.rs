//! Whom to trust under TLS.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

/// The authorities whose certificates are believed.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// The well-known ones.
    #[default]
    WellKnown,
    /// Those in a file of PEM certificates, and no others.
    File(PathBuf),
}

/// Why TLS can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not one of certificates.
    #[error("can't use the certificates in {}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: crate::error::BoxError,
    },
    /// The library refused the set-up.
    #[error("can't set up TLS")]
    SetUp(#[source] rustls::Error),
}

impl Trust {
    pub(crate) fn connector(&self) -> Result<TlsConnector, TlsError> {
        let roots = match self {
            Self::WellKnown => {
                RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
            }
            Self::File(path) => read(path).map_err(|source| TlsError::Certificates {
                path: path.clone(),
                source,
            })?,
        };
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::SetUp)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn read(path: &std::path::Path) -> Result<RootCertStore, crate::error::BoxError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".into());
    }
    Ok(roots)
}
