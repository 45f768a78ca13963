//! Registrations.

use std::num::NonZeroU16;
use std::time::Duration;

use bytes::Bytes;
use paste_model::{
    Address, Check, CheckKind, Instance, Label, Metadata, NamedPort, Port, SessionId, Version,
    Weight,
};

use super::wire::{CheckRow, InstanceRow, NamedPortRow, PairRow};
use super::{RecordError, STATUSES, free_text, nanos, number, parse, text, word};

const CHECK_HTTP: u32 = 0;
const CHECK_TCP: u32 = 1;
const CHECK_GRPC: u32 = 2;

fn label(field: &'static str, bytes: &[u8]) -> Result<Label, RecordError> {
    parse(field, bytes, |text| Label::new(field, text))
}

fn optional_label(field: &'static str, bytes: Option<Bytes>) -> Result<Option<Label>, RecordError> {
    bytes.map(|bytes| label(field, &bytes)).transpose()
}

fn port(number: u32) -> Result<Port, RecordError> {
    u16::try_from(number)
        .ok()
        .and_then(NonZeroU16::new)
        .ok_or_else(|| RecordError::malformed("the port", format!("{number} is no port")))
}

impl From<&Instance> for InstanceRow {
    fn from(instance: &Instance) -> Self {
        let optional = |label: &Option<Label>| label.as_ref().map(|label| text(label.as_str()));
        Self {
            address: text(instance.address.as_str()),
            port: instance.port.get().into(),
            session: instance
                .session
                .as_ref()
                .map(|session| text(session.as_str())),
            ephemeral: instance.ephemeral,
            status: number(&STATUSES, &instance.status),
            weight: Some(instance.weight.get().into()),
            protocol: optional(&instance.protocol),
            region: optional(&instance.region),
            zone: optional(&instance.zone),
            version: instance
                .version
                .as_ref()
                .map(|version| version.to_string().into()),
            ports: instance
                .ports
                .iter()
                .map(|named| NamedPortRow {
                    name: text(named.name.as_str()),
                    port: named.port.get().into(),
                })
                .collect(),
            tags: instance.tags.iter().map(|tag| text(tag.as_str())).collect(),
            metadata: instance
                .metadata
                .iter()
                .map(|(key, value)| PairRow {
                    key: text(key),
                    value: text(value),
                })
                .collect(),
            checks: instance.checks.iter().map(CheckRow::from).collect(),
        }
    }
}

impl TryFrom<InstanceRow> for Instance {
    type Error = RecordError;

    fn try_from(row: InstanceRow) -> Result<Self, RecordError> {
        let weight = |weight: u32| {
            let weight = u16::try_from(weight).unwrap_or(u16::MAX);
            Weight::new(weight).map_err(|error| RecordError::malformed("the weight", error))
        };
        let version = |bytes: Bytes| parse("the version", &bytes, Version::parse).map(Box::new);
        let named = |row: NamedPortRow| {
            Ok(NamedPort {
                name: label("the port's name", &row.name)?,
                port: port(row.port)?,
            })
        };
        let session = |bytes: Bytes| parse("the session", &bytes, SessionId::new);
        Ok(Self {
            address: parse("the address", &row.address, Address::new)?,
            session: row.session.map(session).transpose()?,
            protocol: optional_label("the protocol", row.protocol)?,
            region: optional_label("the region", row.region)?,
            zone: optional_label("the zone", row.zone)?,
            version: row.version.map(version).transpose()?,
            ports: row.ports.into_iter().map(named).collect::<Result<_, _>>()?,
            tags: row
                .tags
                .iter()
                .map(|tag| label("a tag", tag))
                .collect::<Result<_, _>>()?,
            metadata: metadata(&row.metadata)?,
            checks: row
                .checks
                .into_iter()
                .map(Check::try_from)
                .collect::<Result<_, _>>()?,
            port: port(row.port)?,
            weight: row.weight.map(weight).transpose()?.unwrap_or_default(),
            status: word("the status", &STATUSES, row.status)?,
            ephemeral: row.ephemeral,
        })
    }
}

fn metadata(rows: &[PairRow]) -> Result<Metadata, RecordError> {
    if rows.is_empty() {
        return Ok(Metadata::default());
    }
    let pair = |row: &PairRow| {
        Ok((
            free_text("the metadata", &row.key)?,
            free_text("the metadata", &row.value)?,
        ))
    };
    let pairs = rows.iter().map(pair).collect::<Result<_, _>>()?;
    Metadata::new(pairs).map_err(|error| RecordError::malformed("the metadata", error))
}

impl From<&Check> for CheckRow {
    fn from(check: &Check) -> Self {
        let (kind, target) = match &check.kind {
            CheckKind::Http { path } => (CHECK_HTTP, text(path)),
            CheckKind::Tcp => (CHECK_TCP, Bytes::new()),
            CheckKind::Grpc { service } => (CHECK_GRPC, text(service)),
        };
        Self {
            kind,
            target,
            port: check.port.map(|port| port.get().into()),
            interval_ns: check.interval.map(nanos),
            timeout_ns: check.timeout.map(nanos),
        }
    }
}

impl TryFrom<CheckRow> for Check {
    type Error = RecordError;

    fn try_from(row: CheckRow) -> Result<Self, RecordError> {
        let target = free_text("the check", &row.target)?;
        let kind = match row.kind {
            CHECK_HTTP => CheckKind::Http { path: target },
            CHECK_TCP => CheckKind::Tcp,
            CHECK_GRPC => CheckKind::Grpc { service: target },
            other => {
                return Err(RecordError::malformed(
                    "the check",
                    format!("{other} is no kind"),
                ));
            }
        };
        Ok(Self {
            kind,
            port: row.port.map(port).transpose()?,
            interval: row.interval_ns.map(Duration::from_nanos),
            timeout: row.timeout_ns.map(Duration::from_nanos),
        })
    }
}
