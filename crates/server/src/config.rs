//! Configuration: one section for each room, from a TOML file, the environment and flags, in this order: later wins.
//!
//! Invariants: an option is declared once (`config/*.rs`), and its name, text form, default and documentation all come
//! from there. What is unknown or invalid stops the start, with its name and the place where it stands.

mod backend;
mod place;
mod rooms;
mod section;
mod setting;

use std::ffi::OsString;
use std::path::Path;

use paste_model::limits::CONFIG_BYTES_MAX;
use toml::de::{DeTable, DeValue};

pub use backend::{Backend, Place as Advertised};
pub use place::Place;
pub use rooms::{
    Access, Cluster, Configs, Http, Liveness, Log, Node, Probes, Store, Timeline, Tls,
};
pub(crate) use section::Section;
pub(crate) use setting::Setting;
pub use setting::{Anonymous, ByteSize, Hidden, LogFormat, Percent};

/// What the names of environment variables begin with.
pub const VARIABLE_PREFIX: &str = "PASTE_REGISTRY_";

/// Variables with that prefix that are not options of the server.
const OTHER_VARIABLES: [&str; 4] = ["URL", "TOKEN", "CA_FILE", "CONFIG"];

/// Largest configuration file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// An option that is unknown or invalid, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {detail}")]
pub struct ConfigError {
    /// Where.
    pub place: Place,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// An option given as a flag.
#[derive(Debug, Clone)]
pub struct Given {
    /// The flag as it was written, such as `--http`.
    pub flag: String,
    /// The option's full name, such as `http.address`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Where and how requests are taken.
    pub http: Http,
    /// Encryption.
    pub tls: Tls,
    /// Who may do what without a token.
    pub access: Access,
    /// Where the truth is kept.
    pub store: Store,
    /// This node.
    pub node: Node,
    /// This node among others.
    pub cluster: Cluster,
    /// How silence is judged.
    pub liveness: Liveness,
    /// How instances are probed.
    pub probes: Probes,
    /// How much of the past is kept.
    pub timeline: Timeline,
    /// Live configuration.
    pub configs: Configs,
    /// What is logged, and how.
    pub log: Log,
}

impl Config {
    /// Reads the file, if one is named, then the environment, then the flags.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: &[Given],
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        if let Some(path) = file {
            config.read_file(path)?;
        }
        config.read_environment(environment)?;
        for given in flags {
            let place = || Place::Flag(given.flag.clone());
            let (section, key) = given.name.split_once('.').ok_or_else(|| ConfigError {
                place: place(),
                detail: format!(
                    "'{}' is not the name of an option, such as http.address",
                    given.name
                ),
            })?;
            config.set(section, key, &given.value, (place, place))?;
        }
        config.check()?;
        Ok(config)
    }

    /// The sections in the order of the reference.
    pub(crate) fn sections(&mut self) -> [&mut dyn Section; 11] {
        [
            &mut self.http,
            &mut self.tls,
            &mut self.access,
            &mut self.store,
            &mut self.node,
            &mut self.cluster,
            &mut self.liveness,
            &mut self.probes,
            &mut self.timeline,
            &mut self.configs,
            &mut self.log,
        ]
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let whole = |detail: String| ConfigError {
            place: Place::Whole(path.to_owned()),
            detail,
        };
        let size = std::fs::metadata(path)
            .map_err(|error| whole(format!("can't be read: {error}")))?
            .len();
        if size > FILE_BYTES_MAX {
            return Err(whole(format!(
                "has {size} bytes; the limit (file_bytes_max) is {FILE_BYTES_MAX}"
            )));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| whole(format!("can't be read: {error}")))?;
        self.read_text(path, &text)
    }

    /// Takes over what a file's text says; `path` is only for messages.
    pub fn read_text(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let place = |at: usize| Place::in_file(path, text, at);
        let document = DeTable::parse(text).map_err(|error| ConfigError {
            place: place(error.span().map_or(0, |span| span.start)),
            detail: error.message().to_owned(),
        })?;
        for (name, section) in document.get_ref() {
            let at = name.span().start;
            let DeValue::Table(options) = section.get_ref() else {
                return Err(ConfigError {
                    place: place(at),
                    detail: format!("'{}' must be a section, such as [http]", name.get_ref()),
                });
            };
            self.find(name.get_ref(), || place(at))?;
            for (key, value) in options {
                let text = setting::text_of(value.get_ref()).map_err(|detail| ConfigError {
                    place: place(value.span().start),
                    detail: format!("{}.{} {detail}", name.get_ref(), key.get_ref()),
                })?;
                let places = (|| place(key.span().start), || place(value.span().start));
                self.set(name.get_ref(), key.get_ref(), &text, places)?;
            }
        }
        Ok(())
    }

    fn read_environment(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (variable, value) in environment {
            let Some(name) = variable.to_str() else {
                continue;
            };
            let Some(option) = name.strip_prefix(VARIABLE_PREFIX) else {
                continue;
            };
            if OTHER_VARIABLES.contains(&option) {
                continue;
            }
            let place = || Place::Variable(name.to_owned());
            let value = value.to_str().ok_or_else(|| ConfigError {
                place: place(),
                detail: "its value is not UTF-8".to_owned(),
            })?;
            let option = option.to_ascii_lowercase();
            let (section, key) = option.split_once('_').unwrap_or((&option, ""));
            self.set(section, key, value, (place, place))?;
        }
        Ok(())
    }

    fn find(
        &mut self,
        section: &str,
        place: impl FnOnce() -> Place,
    ) -> Result<&mut dyn Section, ConfigError> {
        let names: Vec<_> = self.sections().map(|section| section.name()).into();
        self.sections()
            .into_iter()
            .find(|found| found.name() == section)
            .ok_or_else(|| ConfigError {
                place: place(),
                detail: format!(
                    "there is no section '{section}'; there are {}",
                    names.join(", ")
                ),
            })
    }

    /// Sets one option; the places are those of its name and of its value.
    fn set(
        &mut self,
        section: &str,
        key: &str,
        value: &str,
        (name_place, value_place): (impl Fn() -> Place, impl Fn() -> Place),
    ) -> Result<(), ConfigError> {
        let found = self.find(section, &name_place)?;
        match found.set(key, value) {
            Some(Ok(())) => Ok(()),
            Some(Err(detail)) => Err(ConfigError {
                place: value_place(),
                detail: format!("{section}.{key}: '{value}' {detail}"),
            }),
            None => {
                let keys: Vec<_> = found.options().iter().map(|option| option.key).collect();
                Err(ConfigError {
                    place: name_place(),
                    detail: format!(
                        "there is no option '{key}' in section {section}; there are {}",
                        keys.join(", ")
                    ),
                })
            }
        }
    }

    /// What must hold between options.
    fn check(&self) -> Result<(), ConfigError> {
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err(ConfigError {
                place: Place::Option("tls.certificate and tls.key"),
                detail: "one is set without the other; encryption needs both".to_owned(),
            });
        }
        self.check_configs()?;
        self.check_etcd()
    }

    fn check_configs(&self) -> Result<(), ConfigError> {
        let configs = &self.configs;
        if configs.item_size_max.0 > CONFIG_BYTES_MAX {
            return Err(ConfigError {
                place: Place::Option("configs.item_size_max"),
                detail: format!("must be at most {CONFIG_BYTES_MAX} bytes (config_bytes_max)"),
            });
        }
        if configs.secret_keys.is_some() && configs.secret_keys_file.is_some() {
            return Err(ConfigError {
                place: Place::Option("configs.secret_keys and configs.secret_keys_file"),
                detail: "both are set; give the keys in one place".to_owned(),
            });
        }
        Ok(())
    }

    fn check_etcd(&self) -> Result<(), ConfigError> {
        let store = &self.store;
        let pairs = [
            (
                Place::Option("store.etcd_certificate and store.etcd_key"),
                store.etcd_certificate.is_some() != store.etcd_key.is_some(),
                "one is set without the other; a certificate goes with its key",
            ),
            (
                Place::Option("store.etcd_user and store.etcd_password_file"),
                store.etcd_user.is_some() != store.etcd_password_file.is_some(),
                "one is set without the other; a user goes with a password",
            ),
            (
                Place::Option("store.etcd_certificate"),
                store.etcd_certificate.is_some() && store.etcd_ca_file.is_none(),
                "it is of no use without encryption; set store.etcd_ca_file",
            ),
        ];
        for (place, wrong, detail) in pairs {
            if wrong {
                let detail = detail.to_owned();
                return Err(ConfigError { place, detail });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
