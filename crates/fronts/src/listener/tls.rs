//! Certificates that can be replaced while the listener serves.
//!
//! Invariant: once a certificate was read, there always is one. New files that can't be used change nothing but the log.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem};

/// The files that a certificate comes from, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate, followed by those that lead to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read as PEM.
    #[error("can't read {file}")]
    Read {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// The file has no certificate in it.
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    /// Certificate and key don't fit, or are of a kind that isn't supported.
    #[error("the certificate and its key can't be used together")]
    Unusable(#[from] rustls::Error),
}

/// A certificate that is read again when its files change.
pub struct Certificate {
    files: Files,
    seen: parking_lot::Mutex<Seen>,
    current: ArcSwap<CertifiedKey>,
}

/// When the two files were last written.
type Seen = [Option<SystemTime>; 2];

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the files.
    pub fn read(files: Files) -> Result<Arc<Self>, TlsError> {
        let seen = files.written();
        let current = files.read()?;
        Ok(Arc::new(Self {
            files,
            seen: parking_lot::Mutex::new(seen),
            current: ArcSwap::from_pointee(current),
        }))
    }

    /// Reads the files again if they were written since, or if `always`. Says whether there is a new certificate. Blocks.
    pub fn reload(&self, always: bool) -> Result<bool, TlsError> {
        let written = self.files.written();
        {
            let mut seen = self.seen.lock();
            if *seen == written && !always {
                return Ok(false);
            }
            // Noted before reading: broken files are reported once, not each time.
            *seen = written;
        }
        let new = self.files.read()?;
        if new.cert == self.current.load().cert {
            return Ok(false);
        }
        self.current.store(Arc::new(new));
        Ok(true)
    }

    /// A TLS configuration that always offers the newest certificate, for HTTP/2 and HTTP/1.1.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(Offered(Arc::clone(self))));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl Files {
    fn written(&self) -> Seen {
        [&self.certificate, &self.key].map(|file| {
            std::fs::metadata(file)
                .and_then(|found| found.modified())
                .ok()
        })
    }

    fn read(&self) -> Result<CertifiedKey, TlsError> {
        let failed = |file: &PathBuf| {
            let file = file.clone();
            move |source| TlsError::Read { file, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(failed(&self.certificate))?;
        if chain.is_empty() {
            return Err(TlsError::Empty(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(failed(&self.key))?;
        // Checks that the two belong together, where the key can tell.
        Ok(CertifiedKey::from_der(
            chain,
            key,
            &aws_lc_rs::default_provider(),
        )?)
    }
}

#[derive(Debug)]
struct Offered(Arc<Certificate>);

impl ResolvesServerCert for Offered {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current.load_full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &Files, name: &str) {
        let pair = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("generated");
        std::fs::write(&files.certificate, pair.cert.pem()).expect("written");
        std::fs::write(&files.key, pair.signing_key.serialize_pem()).expect("written");
    }

    #[test]
    fn a_new_certificate_is_taken_and_a_broken_one_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        assert!(matches!(
            Certificate::read(files.clone()),
            Err(TlsError::Read { .. })
        ));
        write(&files, "one.example");
        let certificate = Certificate::read(files.clone()).expect("readable");
        assert!(!certificate.reload(false).expect("nothing new"));
        let one = certificate.current.load_full();

        std::fs::write(&files.certificate, "rubbish").expect("written");
        assert!(matches!(certificate.reload(true), Err(TlsError::Empty(_))));
        assert!(Arc::ptr_eq(&one, &certificate.current.load_full()));

        write(&files, "two.example");
        assert!(certificate.reload(true).expect("readable"));
        assert_ne!(one.cert, certificate.current.load().cert);
        assert!(certificate.server_config().is_ok());
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        write(&files, "one.example");
        let key = std::fs::read(&files.key).expect("readable");
        write(&files, "two.example");
        std::fs::write(&files.key, key).expect("written");
        assert!(matches!(
            Certificate::read(files),
            Err(TlsError::Unusable(_))
        ));
    }
}
