//! Nouns of the model to messages and back, with the numbers that enumerations have on disk. A number is never given
//! to another word.

mod access;
mod config;
mod instance;
mod liveness;
mod policy;
mod settings;

use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use paste_model::{
    Cause, CauseKind, Format, HealthState, Namespace, Principal, Role, ServiceKey, ServiceName,
    Status, Timestamp,
};

use super::RecordError;
use super::wire::{self, CauseRow, ServiceKeyRow};

const STATUSES: [Status; 5] = [
    Status::Up,
    Status::Starting,
    Status::Draining,
    Status::Down,
    Status::Maintenance,
];
const STATES: [HealthState; 3] = [
    HealthState::Passing,
    HealthState::Suspect,
    HealthState::Failing,
];
const CAUSE_KINDS: [CauseKind; 5] = [
    CauseKind::Request,
    CauseKind::Liveness,
    CauseKind::Probe,
    CauseKind::Guard,
    CauseKind::Sync,
];
const FORMATS: [Format; 5] = [
    Format::Text,
    Format::Json,
    Format::Yaml,
    Format::Toml,
    Format::Properties,
];
const ROLES: [Role; 8] = [
    Role::Read,
    Role::Register,
    Role::Config,
    Role::Operate,
    Role::Admin,
    Role::ConfigRead,
    Role::ConfigWrite,
    Role::ConfigPublish,
];

/// The number of `word`: its place in the table.
fn number<T: PartialEq>(table: &[T], word: &T) -> u32 {
    table
        .iter()
        .zip(0..)
        .find(|(other, _)| *other == word)
        .map_or(0, |(_, number)| number)
}

/// The word of `number`.
fn word<T: Copy>(what: &'static str, table: &[T], number: u32) -> Result<T, RecordError> {
    let found = usize::try_from(number).ok().and_then(|at| table.get(at));
    found
        .copied()
        .ok_or_else(|| RecordError::malformed(what, format!("{number} has no meaning")))
}

pub(super) fn cause_kind_number(kind: CauseKind) -> u32 {
    number(&CAUSE_KINDS, &kind)
}

pub(super) fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// The text in `bytes`, made into something else by a constructor of the model.
fn parse<T, E>(
    what: &'static str,
    bytes: &[u8],
    make: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, RecordError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let text = std::str::from_utf8(bytes).map_err(|error| RecordError::malformed(what, error))?;
    make(text).map_err(|error| RecordError::malformed(what, error))
}

fn free_text(what: &'static str, bytes: &[u8]) -> Result<CompactString, RecordError> {
    parse(what, bytes, |text| {
        Ok::<_, std::convert::Infallible>(CompactString::new(text))
    })
}

fn principal(bytes: &[u8]) -> Result<Principal, RecordError> {
    free_text("the principal", bytes).map(|text| Principal::recorded(&text))
}

/// Nanoseconds reach 584 years; no limit of the model comes near.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn service_key_row(key: &ServiceKey) -> ServiceKeyRow {
    ServiceKeyRow {
        namespace: text(key.namespace.as_str()),
        name: text(key.name.as_str()),
    }
}

pub(super) fn cause(row: CauseRow) -> Result<Cause, RecordError> {
    let about = row.about.map(|about| {
        Ok(ServiceKey {
            namespace: parse("the namespace", &about.namespace, Namespace::new)?,
            name: parse("the service name", &about.name, ServiceName::new)?,
        })
    });
    Ok(Cause {
        kind: word("the cause", &CAUSE_KINDS, row.kind)?,
        at: Timestamp(row.at_ms),
        by: principal(&row.by)?,
        reason: free_text("the reason", &row.reason)?,
        about: about.transpose()?,
    })
}
