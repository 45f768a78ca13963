//! The store that the configuration names, opened and ours.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use paste_engine::{Clock, SystemClock};
use paste_model::NodeName;
use paste_store::embedded::{self, Embedded};
use paste_store::etcd::{self, Credentials, Etcd};
use paste_store::{Store, StoreError};

use crate::config::{Backend, Config};
use crate::exit::{Exit, Failure};

/// A store that is open, and the claim on what else is in the data directory.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// Whether nobody has ever written to it, as far as that can be told.
    pub(super) first_start: bool,
    /// Held as long as the process runs; the embedded store has a lock of its own.
    pub(super) _claim: Option<File>,
}

/// Opens it for the node of this name, which is reached at `address` unless the configuration says otherwise. Blocks.
pub(super) fn open(
    config: &Config,
    node: &NodeName,
    address: SocketAddr,
) -> Result<Opened, Failure> {
    let dir = &config.store.data_dir;
    std::fs::create_dir_all(dir).map_err(|error| {
        let what = format!("can't make the directory {}", dir.display());
        Failure::caused(Exit::Failed, what, &error)
    })?;
    match &config.store.backend {
        Backend::Embedded => open_embedded(config, dir),
        Backend::Etcd(members) => {
            let claim = claim(dir)?;
            let settings = etcd_settings(config, members, node, address)?;
            let store = Etcd::open(settings).map_err(|error| {
                Failure::caused(Exit::Failed, "can't open the store in etcd", &error)
            })?;
            Ok(Opened {
                store: Arc::new(store),
                first_start: false,
                _claim: Some(claim),
            })
        }
    }
}

fn open_embedded(config: &Config, dir: &Path) -> Result<Opened, Failure> {
    let embedded = embedded::Config {
        log_bytes: config.store.log_size.0 as u64,
        cache_bytes: config.store.cache_size.0,
        ..embedded::Config::default()
    };
    let store = Embedded::open(dir, embedded).map_err(|error| {
        let what = format!("can't open the store in {}", dir.display());
        Failure::caused(Exit::Failed, what, &error)
    })?;
    Ok(Opened {
        first_start: store.status().revision == paste_model::Revision::ZERO,
        store: Arc::new(store),
        _claim: None,
    })
}

/// Makes sure that no other process uses the directory.
fn claim(dir: &Path) -> Result<File, Failure> {
    let path = dir.join("lock");
    let failed = |error: &dyn std::error::Error| {
        Failure::caused(
            Exit::Failed,
            format!("can't claim {}", dir.display()),
            error,
        )
    };
    let file = File::create(&path).map_err(|error| failed(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(failed(&StoreError::Locked { path })),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(&error)),
    }
}

fn etcd_settings(
    config: &Config,
    members: &[String],
    node: &NodeName,
    address: SocketAddr,
) -> Result<etcd::Config, Failure> {
    let store = &config.store;
    let user = match (&store.etcd_user, &store.etcd_password_file) {
        (Some(name), Some(path)) => {
            let password = String::from_utf8_lossy(&read("store.etcd_password_file", path)?)
                .trim_end_matches(['\r', '\n'])
                .to_owned();
            Some(Credentials {
                name: name.clone(),
                password,
            })
        }
        _ => None,
    };
    let tls = match &store.etcd_ca_file {
        None => None,
        Some(path) => Some(etcd::Tls {
            ca: read("store.etcd_ca_file", path)?,
            identity: match (&store.etcd_certificate, &store.etcd_key) {
                (Some(certificate), Some(key)) => Some((
                    read("store.etcd_certificate", certificate)?,
                    read("store.etcd_key", key)?,
                )),
                _ => None,
            },
        }),
    };
    Ok(etcd::Config {
        prefix: store.etcd_prefix.clone(),
        user,
        tls,
        url: Some(advertised(config, address)?),
        joined: SystemClock.wall(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        lease_ttl: config.cluster.lease_ttl,
        ..etcd::Config::new(members.to_vec(), node.clone())
    })
}

/// The URL at which other nodes reach this one.
fn advertised(config: &Config, address: SocketAddr) -> Result<String, Failure> {
    let scheme = if config.tls.certificate.is_some() {
        "https"
    } else {
        "http"
    };
    match &config.node.advertise {
        Some(place) => Ok(format!("{scheme}://{}", place.as_str())),
        None if address.ip().is_unspecified() => Err(Failure::new(
            Exit::Usage,
            format!(
                "node.advertise: the registry listens on all addresses ({address}); name the one at which the other \
                 nodes reach it, such as --advertise registry-1.example:{}",
                address.port()
            ),
        )),
        None => Ok(format!("{scheme}://{address}")),
    }
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::caused(
            Exit::Usage,
            format!("{option}: can't read {}", path.display()),
            &error,
        )
    })
}
