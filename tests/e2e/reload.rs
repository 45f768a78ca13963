//! SIGHUP: the certificate is read again, nothing else changes, and nobody loses a connection.

use std::fs;
use std::path::{Path, PathBuf};

use paste_tests::registry::{self, Registry};
use paste_tests::watch::Watcher;
use paste_tests::{process, until};

use crate::{instance, registration};

/// A certificate and its key, as files.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn in_folder(folder: &Path) -> Self {
        let files = Self {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        files.renew();
        files
    }

    /// Another one, in the same place.
    fn renew(&self) {
        let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("made");
        fs::write(&self.certificate, pair.cert.pem()).expect("written");
        fs::write(&self.key, pair.signing_key.serialize_pem()).expect("written");
    }

    fn options(&self) -> [String; 3] {
        [
            format!("tls.certificate={}", self.certificate.display()),
            format!("tls.key={}", self.key.display()),
            // Long enough that only the signal can be the reason.
            "tls.reload_interval=1h".to_owned(),
        ]
    }
}

/// Whether the registry shows a certificate that a client with this one takes.
fn trusts(registry: &Registry, certificate: &Path) -> bool {
    let output = registry::command()
        .args(["status", "--url"])
        .arg(format!("https://{}", registry.address()))
        .arg("--ca-file")
        .arg(certificate)
        .output()
        .expect("the binary runs");
    output.status.success()
}

#[test]
fn a_hangup_reads_the_certificate_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = Certificate::in_folder(folder.path());
    let [certificate, key, interval] = files.options();
    let registry =
        Registry::start_with(&["--set", &certificate, "--set", &key, "--set", &interval]);
    let old = folder.path().join("old.pem");
    fs::copy(&files.certificate, &old).expect("copied");
    assert!(trusts(&registry, &old));

    files.renew();
    process::signal(registry.pid(), "HUP");
    until(
        "the new certificate is served",
        || registry.log(),
        || trusts(&registry, &files.certificate).then_some(()),
    );
    assert!(
        !trusts(&registry, &old),
        "the old one isn't served any more"
    );

    // What can't be used changes nothing.
    let served = folder.path().join("served.pem");
    fs::rename(&files.certificate, &served).expect("renamed");
    fs::write(&files.certificate, "no certificate").expect("written");
    process::signal(registry.pid(), "HUP");
    until(
        "it says why",
        || registry.log(),
        || {
            let said = registry.log().contains("keeping the old certificate");
            said.then_some(())
        },
    );
    assert!(trusts(&registry, &served));
}

#[test]
fn a_hangup_without_a_certificate_disturbs_nobody() {
    let mut registry = Registry::start();
    registry.expect("PUT", &instance("a", "one"), Some(&registration()), 201);
    let watcher = Watcher::start(registry.address(), "service=a");
    watcher.until_healthy("a", &["one".to_owned()]);
    process::signal(registry.pid(), "HUP");
    until(
        "it says what it did",
        || registry.log(),
        || registry.log().contains("SIGHUP").then_some(()),
    );
    registry.expect("PUT", &instance("a", "two"), Some(&registration()), 201);
    watcher.until_healthy("a", &["one".to_owned(), "two".to_owned()]);
    assert_eq!(watcher.picture().connections, 1, "streams stay");
    assert!(registry.terminate().success());
}
