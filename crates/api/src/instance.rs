//! Instances: what is registered, and what is answered.

mod convert;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU16;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use self::convert::Registered;
use crate::{Duration, Map, OverrideInfo};

/// What the owner or an administrator wants of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
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

/// What is known of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Nothing speaks against it.
    Passing,
    /// Silent for longer than expected; still served.
    Suspect,
    /// Silent beyond its ttl, or its checks fail; not served unless the service is protected.
    Failing,
}

/// Why an instance is not passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthDetail {
    /// Why, in words for a person.
    #[schema(example = "no heartbeat for 15s")]
    pub reason: String,
    /// The node that saw it.
    pub observer: String,
    /// Since when.
    pub since: crate::Time,
}

/// A TCP or UDP port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = u16, minimum = 1, maximum = 65535, example = 8080)]
pub struct Port(pub NonZeroU16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port: a whole number from 1 to 65535")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                u16::try_from(number)
                    .ok()
                    .and_then(NonZeroU16::new)
                    .map(Port)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
        }
        deserializer.deserialize_u64(Number)
    }
}

/// How the registry asks an instance whether it is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckType {
    /// `GET` of `path`, passing on a 2xx status.
    Http,
    /// Passing when a connection opens.
    Tcp,
    /// The standard gRPC health protocol; passing on `SERVING`.
    Grpc,
}

/// An active check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// The protocol.
    #[serde(rename = "type")]
    pub kind: CheckType,
    /// http: path and query, `/` unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024, pattern = r"^/[!-\x22$-~]*$", example = "/healthz")]
    pub path: Option<String>,
    /// grpc: the service asked for; the whole server unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128)]
    pub service: Option<String>,
    /// The port asked, unless it is the instance's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// Time between two checks, from 1s to 1h; 10s (2s while changing) unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "10s")]
    pub interval: Option<Duration>,
    /// Time after which a check has failed, at most 1m; 2s (tcp 1s) unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2000ms")]
    pub timeout: Option<Duration>,
}

/// What an owner registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"address": "10.0.0.7", "port": 8080, "version": "1.4.2", "zone": "a", "ttl": "15s"}))]
pub struct Registration {
    /// An IP address or a host name.
    #[schema(
        min_length = 1,
        max_length = 253,
        pattern = r"^[0-9A-Za-z._:-]+$",
        example = "10.0.0.7"
    )]
    pub address: String,
    /// The main port.
    pub port: Port,
    /// Further ports by name, at most 32.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Port>)]
    pub ports: Map<Port>,
    /// What it speaks on `port`, for example `http` or `grpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128, pattern = r"^\S+$", example = "http")]
    pub protocol: Option<String>,
    /// The semantic version of the running code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 128,
        pattern = r"^[vV]?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$",
        example = "1.4.2"
    )]
    pub version: Option<String>,
    /// Its share of traffic relative to its siblings; 100 unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10000)]
    pub weight: Option<u16>,
    /// The region it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128, pattern = r"^\S+$", example = "eu-1")]
    pub region: Option<String>,
    /// The zone it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^\S+$",
        example = "eu-1a"
    )]
    pub zone: Option<String>,
    /// Words to select by, each once, at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub tags: Vec<String>,
    /// Pairs to select by: at most 64 keys and 4 KiB in all.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub metadata: Map<String>,
    /// What its owner wants; `up` unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// How to probe it, at most 8.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "crate::object::list"
    )]
    #[schema(max_items = 8)]
    pub checks: Vec<Check>,
    /// The session that keeps it alive; one of its own unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = r"^[A-Za-z0-9]([A-Za-z0-9._:@#$-]*[A-Za-z0-9])?$"
    )]
    pub session: Option<String>,
    /// Whether it goes when its session ends; `true` unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
    /// Silence of the session after which it is failing, from 1s to 24h; 15s unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "15s")]
    pub ttl: Option<Duration>,
    /// Silence of the session after which it is removed, from the ttl to 168h; 120s unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "120s")]
    pub remove_after: Option<Duration>,
}

impl Registration {
    /// A registration with only what every instance must have.
    pub fn at(address: impl Into<String>, port: NonZeroU16) -> Self {
        Self {
            address: address.into(),
            port: Port(port),
            ports: Map::default(),
            protocol: None,
            version: None,
            weight: None,
            region: None,
            zone: None,
            tags: Vec::new(),
            metadata: Map::default(),
            status: None,
            checks: Vec::new(),
            session: None,
            ephemeral: None,
            ttl: None,
            remove_after: None,
        }
    }
}

/// An instance as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Instance {
    /// Its id within the service.
    pub id: String,
    /// An IP address or a host name.
    pub address: String,
    /// The main port.
    pub port: Port,
    /// Further ports by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Port>)]
    pub ports: Map<Port>,
    /// What it speaks on `port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub protocol: Option<String>,
    /// The semantic version of the running code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<String>,
    /// Its share of traffic relative to its siblings.
    pub weight: u16,
    /// The region it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub region: Option<String>,
    /// The zone it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub zone: Option<String>,
    /// Words to select by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Pairs to select by.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub metadata: Map<String>,
    /// The status that holds: an administrator's word before the owner's.
    pub status: Status,
    /// What is known of it.
    pub health: Health,
    /// Why it is not passing, when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub health_detail: Option<HealthDetail>,
    /// How it is probed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The session that keeps it alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub session: Option<String>,
    /// Whether it goes when its session ends.
    pub ephemeral: bool,
    /// The revision of its registration, for `If-Match`.
    pub revision: u64,
    /// The administrator's word on it, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#override: Option<OverrideInfo>,
}

/// Instances of a service, in id order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InstanceList {
    /// The service.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The revision of the last batch that changed this service's answer.
    pub revision: u64,
    /// Whether failing instances are served too, because too few are healthy.
    pub protected: bool,
    /// The policy that holds for its consumers: in `snapshot` events alone, where there is one.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::object::optional"
    )]
    #[schema(nullable = false)]
    pub policy: Option<crate::Policy>,
    /// The instances.
    pub instances: Vec<Instance>,
}
