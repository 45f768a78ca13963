//! One running copy of a service, as its owner describes it.

use std::num::NonZeroU16;
use std::time::Duration;

use compact_str::CompactString;

use crate::limits::{
    CHECK_INTERVAL_MAX, CHECK_INTERVAL_MIN, CHECK_PATH_BYTES_MAX, CHECK_TIMEOUT_MAX, CHECKS_MAX,
    LABEL_BYTES_MAX, PORTS_MAX, TAGS_MAX, VERSION_BYTES_MAX, WEIGHT_DEFAULT, WEIGHT_MAX,
};
use crate::{Address, Metadata, SessionId};

/// A TCP or UDP port, never 0.
pub type Port = NonZeroU16;
/// A semantic version (semver.org 2.0).
pub type Version = semver::Version;

/// What the owner wants of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Status {
    /// Serve it.
    #[default]
    Up,
    /// Not yet ready.
    Starting,
    /// Finishing what it has; nothing new.
    Draining,
    /// Out of service.
    Down,
    /// Out of service for work on it.
    Maintenance,
}

impl Status {
    /// All of them, in the order of the enumeration.
    pub const ALL: [Self; 5] = [
        Self::Up,
        Self::Starting,
        Self::Draining,
        Self::Down,
        Self::Maintenance,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Starting => "starting",
            Self::Draining => "draining",
            Self::Down => "down",
            Self::Maintenance => "maintenance",
        }
    }

    /// The status of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A short text: a protocol, region, zone or tag. 1 to 128 bytes without white space or control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(CompactString);

impl Label {
    /// Checks `text`; `field` is what the error calls it.
    pub fn new(field: &'static str, text: &str) -> Result<Self, InvalidInstance> {
        if text.is_empty() || text.len() > LABEL_BYTES_MAX {
            return Err(InvalidInstance::LabelLength {
                field,
                length: text.len(),
            });
        }
        match text.chars().find(|c| c.is_whitespace() || c.is_control()) {
            Some(character) => Err(InvalidInstance::LabelCharacter { field, character }),
            None => Ok(Self(CompactString::new(text))),
        }
    }

    /// The label as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A further port of an instance, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPort {
    /// What it serves, for example `metrics`.
    pub name: Label,
    /// The port.
    pub port: Port,
}

/// The share of traffic an instance wants, relative to its siblings: 0 to 10,000, 100 unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weight(u16);

impl Weight {
    /// Checks `weight` against [`WEIGHT_MAX`].
    pub fn new(weight: u16) -> Result<Self, InvalidInstance> {
        if weight > WEIGHT_MAX {
            return Err(InvalidInstance::Weight(weight));
        }
        Ok(Self(weight))
    }

    /// The weight.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self(WEIGHT_DEFAULT)
    }
}

/// How the registry asks an instance whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckKind {
    /// `GET path`, passing on a 2xx status.
    Http {
        /// Path and query, beginning with `/`.
        path: CompactString,
    },
    /// Passing when a connection opens.
    Tcp,
    /// The standard health protocol (`grpc.health.v1.Health/Check`); passing on `SERVING`.
    Grpc {
        /// The service asked for; empty for the whole server.
        service: CompactString,
    },
}

impl CheckKind {
    /// The time-out of a check that names none.
    pub fn timeout_default(&self) -> Duration {
        match self {
            Self::Tcp => Duration::from_secs(1),
            Self::Http { .. } | Self::Grpc { .. } => Duration::from_secs(2),
        }
    }
}

/// An active check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What to ask.
    pub kind: CheckKind,
    /// The port to ask, unless it is the instance's own.
    pub port: Option<Port>,
    /// Time between two checks; 10 s (2 s while changing) unless it says otherwise.
    pub interval: Option<Duration>,
    /// Time after which a check has failed.
    pub timeout: Option<Duration>,
}

/// An instance as its owner registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Where it listens.
    pub address: Address,
    /// Its session, while which lives it is healthy. `None` only for persistent instances without one.
    pub session: Option<SessionId>,
    /// What it speaks on `port`, for example `http` or `grpc`.
    pub protocol: Option<Label>,
    /// The region it runs in.
    pub region: Option<Label>,
    /// The zone it runs in.
    pub zone: Option<Label>,
    /// The version of the running code.
    pub version: Option<Box<Version>>,
    /// Further ports.
    pub ports: Box<[NamedPort]>,
    /// Words to select by, in order, each once.
    pub tags: Box<[Label]>,
    /// Pairs to select by.
    pub metadata: Metadata,
    /// How to probe it.
    pub checks: Box<[Check]>,
    /// The main port.
    pub port: Port,
    /// Its share of traffic.
    pub weight: Weight,
    /// What its owner wants.
    pub status: Status,
    /// Whether it goes when its session ends.
    pub ephemeral: bool,
}

impl Instance {
    /// An instance with only what every instance must have: up, of default weight, persistent and without a session.
    pub fn at(address: Address, port: Port) -> Self {
        Self {
            address,
            session: None,
            protocol: None,
            region: None,
            zone: None,
            version: None,
            ports: Box::default(),
            tags: Box::default(),
            metadata: Metadata::default(),
            checks: Box::default(),
            port,
            weight: Weight::default(),
            status: Status::Up,
            ephemeral: false,
        }
    }

    /// Checks what no single field can: counts, repeated names, and the checks' bounds.
    pub fn validate(&self) -> Result<(), InvalidInstance> {
        bounded("tags", self.tags.len(), "tags_max", TAGS_MAX)?;
        bounded("ports", self.ports.len(), "ports_max", PORTS_MAX)?;
        bounded("checks", self.checks.len(), "checks_max", CHECKS_MAX)?;
        for (index, port) in self.ports.iter().enumerate() {
            if self.ports[..index]
                .iter()
                .any(|other| other.name == port.name)
            {
                return Err(InvalidInstance::PortTwice(port.name.0.clone()));
            }
        }
        self.checks.iter().try_for_each(Check::validate)
    }

    /// Parses a version (semver.org 2.0); a leading `v` is dropped.
    pub fn parse_version(text: &str) -> Result<Version, InvalidInstance> {
        if text.len() > VERSION_BYTES_MAX {
            return Err(InvalidInstance::VersionLength(text.len()));
        }
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        Version::parse(bare).map_err(|error| InvalidInstance::Version {
            version: text.to_owned(),
            reason: error.to_string(),
        })
    }
}

impl Check {
    /// Refuses one that breaks a rule.
    pub fn validate(&self) -> Result<(), InvalidInstance> {
        if let CheckKind::Http { path } = &self.kind {
            let printable = path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
            if !path.starts_with('/') || !printable || path.len() > CHECK_PATH_BYTES_MAX {
                return Err(InvalidInstance::CheckPath(path.clone()));
            }
        }
        if let CheckKind::Grpc { service } = &self.kind
            && service.len() > LABEL_BYTES_MAX
        {
            return Err(InvalidInstance::LabelLength {
                field: "checks.service",
                length: service.len(),
            });
        }
        let interval = CHECK_INTERVAL_MIN..=CHECK_INTERVAL_MAX;
        if self
            .interval
            .is_some_and(|found| !interval.contains(&found))
        {
            return Err(InvalidInstance::CheckInterval);
        }
        let timeout = Duration::from_millis(1)..=CHECK_TIMEOUT_MAX;
        if self.timeout.is_some_and(|found| !timeout.contains(&found)) {
            return Err(InvalidInstance::CheckTimeout);
        }
        Ok(())
    }
}

fn bounded(
    field: &'static str,
    count: usize,
    limit: &'static str,
    max: usize,
) -> Result<(), InvalidInstance> {
    if count > max {
        Err(InvalidInstance::TooMany {
            field,
            count,
            limit,
            max,
        })
    } else {
        Ok(())
    }
}

/// A field of an instance that breaks its rule. The words are those of the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each variant's message says what it is")]
pub enum InvalidInstance {
    #[error("{field} has {length} bytes; it needs 1 to {LABEL_BYTES_MAX} (label_bytes_max)")]
    LabelLength { field: &'static str, length: usize },
    #[error("{field} holds {character:?}; white space and control characters are not allowed")]
    LabelCharacter {
        field: &'static str,
        character: char,
    },
    #[error("{field} has {count} entries; the limit ({limit}) is {max}")]
    TooMany {
        field: &'static str,
        count: usize,
        limit: &'static str,
        max: usize,
    },
    #[error("ports names {0:?} twice")]
    PortTwice(CompactString),
    #[error("weight {0} is over the limit (weight_max) of {WEIGHT_MAX}")]
    Weight(u16),
    #[error("version has {0} bytes; the limit (version_bytes_max) is {VERSION_BYTES_MAX}")]
    VersionLength(usize),
    #[error("version {version:?} is not a semantic version such as 1.4.2: {reason}")]
    Version { version: String, reason: String },
    #[error(
        "checks.path {0:?} must begin with '/', be printable ASCII without '#', and have at most \
         {CHECK_PATH_BYTES_MAX} bytes (check_path_bytes_max)"
    )]
    CheckPath(CompactString),
    #[error("checks.interval must be from 1s (check_interval_min) to 1h (check_interval_max)")]
    CheckInterval,
    #[error("checks.timeout must be from 1ms to 1m (check_timeout_max)")]
    CheckTimeout,
}
