//! Between instances on the wire and in the model.

use paste_model::{
    Address, CheckKind, HealthState, InvalidInstance, Label, Member, Metadata, NamedPort,
    SessionId, Weight, limits,
};

use super::{Check, CheckType, Health, HealthDetail, Instance, Port, Registration, Status};
use crate::refusal::FieldErrors;
use crate::{Code, Duration, Map, Refusal};

/// What a registration says, checked: the instance and what its session is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The instance; without a session where the request names none.
    pub instance: paste_model::Instance,
    /// The session's time to live, if the request names one.
    pub ttl: Option<std::time::Duration>,
    /// The session's silence before removal, if the request names one.
    pub remove_after: Option<std::time::Duration>,
}

impl TryFrom<Registration> for Registered {
    type Error = Refusal;

    fn try_from(wire: Registration) -> Result<Self, Refusal> {
        let mut errors = FieldErrors::default();
        let address = errors.keep("address", Address::new(&wire.address));
        let version = wire.version.as_deref().and_then(|text| {
            errors
                .keep("version", paste_model::Instance::parse_version(text))
                .map(Box::new)
        });
        let ports = named_ports(wire.ports, &mut errors);
        let tags = tags(&wire.tags, &mut errors);
        let pairs = wire
            .metadata
            .0
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        let metadata = errors
            .keep("metadata", Metadata::new(pairs.collect()))
            .unwrap_or_default();
        let weight = wire.weight.map_or(Ok(Weight::default()), Weight::new);
        let weight = errors.keep("weight", weight).unwrap_or_default();
        let session = wire
            .session
            .as_deref()
            .and_then(|session| errors.keep("session", SessionId::new(session)));
        let checks = wire
            .checks
            .into_iter()
            .enumerate()
            .filter_map(|(index, check)| checked(index, check, &mut errors))
            .collect();
        let protocol = label("protocol", wire.protocol.as_deref(), &mut errors);
        let region = label("region", wire.region.as_deref(), &mut errors);
        let zone = label("zone", wire.zone.as_deref(), &mut errors);
        let (ttl, remove_after) = lifetimes(wire.ttl, wire.remove_after, &mut errors);
        let Some(address) = address else {
            return Err(errors.refusal(Code::InvalidField));
        };
        let instance = paste_model::Instance {
            address,
            session,
            protocol,
            region,
            zone,
            version,
            ports,
            tags,
            metadata,
            checks,
            port: wire.port.0,
            weight,
            status: wire.status.unwrap_or_default().into(),
            ephemeral: wire.ephemeral.unwrap_or(true),
        };
        if let Err(error) = instance.validate() {
            errors.push(field_of(&error), &error);
        }
        errors.unless_any(Self {
            instance,
            ttl,
            remove_after,
        })
    }
}

fn label(field: &'static str, text: Option<&str>, errors: &mut FieldErrors) -> Option<Label> {
    text.and_then(|text| errors.keep(field, Label::new(field, text)))
}

fn named_ports(ports: Map<Port>, errors: &mut FieldErrors) -> Box<[NamedPort]> {
    ports
        .0
        .into_iter()
        .filter_map(|(name, port)| {
            let label = Label::new("port name", &name);
            let name = errors.keep(format!("ports.{name}"), label)?;
            Some(NamedPort { name, port: port.0 })
        })
        .collect()
}

fn tags(tags: &[String], errors: &mut FieldErrors) -> Box<[Label]> {
    // Bounded before they are compared with each other; the model's check names the limit.
    let compared = if tags.len() > limits::TAGS_MAX {
        0
    } else {
        tags.len()
    };
    for (index, tag) in tags.iter().enumerate().take(compared) {
        if tags[..index].contains(tag) {
            errors.push(format!("tags[{index}]"), format!("{tag:?} stands twice"));
        }
    }
    tags.iter()
        .enumerate()
        .filter_map(|(index, tag)| errors.keep(format!("tags[{index}]"), Label::new("tag", tag)))
        .collect()
}

fn checked(index: usize, wire: Check, errors: &mut FieldErrors) -> Option<paste_model::Check> {
    let mut misplaced = |field: &str, kind: &str| {
        errors.push(
            format!("checks[{index}].{field}"),
            format!("only a check of type {kind} has one"),
        );
    };
    if wire.kind != CheckType::Http && wire.path.is_some() {
        misplaced("path", "http");
    }
    if wire.kind != CheckType::Grpc && wire.service.is_some() {
        misplaced("service", "grpc");
    }
    let check = paste_model::Check {
        kind: match wire.kind {
            CheckType::Http => CheckKind::Http {
                path: wire.path.unwrap_or_else(|| "/".to_owned()).into(),
            },
            CheckType::Tcp => CheckKind::Tcp,
            CheckType::Grpc => CheckKind::Grpc {
                service: wire.service.unwrap_or_default().into(),
            },
        },
        port: wire.port.map(|port| port.0),
        interval: wire.interval.map(|duration| duration.0),
        timeout: wire.timeout.map(|duration| duration.0),
    };
    if let Err(error) = check.validate() {
        let field = field_of(&error).replacen("checks", &format!("checks[{index}]"), 1);
        errors.push(field, &error);
        return None;
    }
    Some(check)
}

fn lifetimes(
    ttl: Option<Duration>,
    remove_after: Option<Duration>,
    errors: &mut FieldErrors,
) -> (Option<std::time::Duration>, Option<std::time::Duration>) {
    let ttl = ttl.map(|duration| duration.0);
    let remove_after = remove_after.map(|duration| duration.0);
    if ttl.is_some_and(|ttl| !(limits::TTL_MIN..=limits::TTL_MAX).contains(&ttl)) {
        errors.push("ttl", "must be from 1s (ttl_min) to 24h (ttl_max)");
    }
    if remove_after.is_some_and(|found| found > limits::REMOVE_AFTER_MAX) {
        errors.push("remove_after", "must be at most 168h (remove_after_max)");
    }
    if remove_after.is_some_and(|found| found < ttl.unwrap_or(limits::TTL_DEFAULT)) {
        errors.push("remove_after", "must be at least the ttl (15s by default)");
    }
    (ttl, remove_after)
}

/// The field that the model found wrong.
fn field_of(error: &InvalidInstance) -> &'static str {
    match error {
        InvalidInstance::LabelLength { field, .. }
        | InvalidInstance::LabelCharacter { field, .. }
        | InvalidInstance::TooMany { field, .. } => field,
        InvalidInstance::PortTwice(_) => "ports",
        InvalidInstance::Weight(_) => "weight",
        InvalidInstance::VersionLength(_) | InvalidInstance::Version { .. } => "version",
        InvalidInstance::CheckPath(_) => "checks.path",
        InvalidInstance::CheckInterval => "checks.interval",
        InvalidInstance::CheckTimeout => "checks.timeout",
    }
}

impl From<&paste_model::Instance> for Registration {
    /// What would register the same instance again; what its session is to be is left open.
    fn from(instance: &paste_model::Instance) -> Self {
        let shown = Parts::of(instance);
        Self {
            address: instance.address.as_str().to_owned(),
            port: Port(instance.port),
            ports: shown.ports,
            protocol: shown.protocol,
            version: shown.version,
            weight: Some(instance.weight.get()),
            region: shown.region,
            zone: shown.zone,
            tags: shown.tags,
            metadata: shown.metadata,
            status: Some(instance.status.into()),
            checks: shown.checks,
            session: shown.session,
            ephemeral: Some(instance.ephemeral),
            ttl: None,
            remove_after: None,
        }
    }
}

impl From<&Member> for Instance {
    fn from(member: &Member) -> Self {
        let instance = &*member.instance;
        let shown = Parts::of(instance);
        Self {
            id: member.id.as_str().to_owned(),
            address: instance.address.as_str().to_owned(),
            port: Port(instance.port),
            ports: shown.ports,
            protocol: shown.protocol,
            version: shown.version,
            weight: instance.weight.get(),
            region: shown.region,
            zone: shown.zone,
            tags: shown.tags,
            metadata: shown.metadata,
            status: member.status().into(),
            health: member.health().into(),
            health_detail: member
                .verdict()
                .filter(|verdict| verdict.state != HealthState::Passing)
                .map(HealthDetail::from),
            checks: shown.checks,
            session: shown.session,
            ephemeral: instance.ephemeral,
            revision: member.revision.0,
            r#override: member.overridden.as_deref().map(Into::into),
        }
    }
}

/// The fields that an instance shows alike in a registration and in an answer.
struct Parts {
    ports: Map<Port>,
    protocol: Option<String>,
    version: Option<String>,
    region: Option<String>,
    zone: Option<String>,
    tags: Vec<String>,
    metadata: Map<String>,
    checks: Vec<Check>,
    session: Option<String>,
}

impl Parts {
    fn of(instance: &paste_model::Instance) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
        let port = |named: &NamedPort| (named.name.as_str().to_owned(), Port(named.port));
        Self {
            ports: instance.ports.iter().map(port).collect(),
            protocol: text(&instance.protocol),
            version: instance.version.as_ref().map(ToString::to_string),
            region: text(&instance.region),
            zone: text(&instance.zone),
            tags: instance
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            metadata: instance
                .metadata
                .iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            checks: instance.checks.iter().map(Check::from).collect(),
            session: instance
                .session
                .as_ref()
                .map(|session| session.as_str().to_owned()),
        }
    }
}

impl From<&paste_model::Check> for Check {
    fn from(check: &paste_model::Check) -> Self {
        let (kind, path, service) = match &check.kind {
            CheckKind::Http { path } => (CheckType::Http, Some(path.to_string()), None),
            CheckKind::Tcp => (CheckType::Tcp, None, None),
            CheckKind::Grpc { service } => (
                CheckType::Grpc,
                None,
                (!service.is_empty()).then(|| service.to_string()),
            ),
        };
        Self {
            kind,
            path,
            service,
            port: check.port.map(Port),
            interval: check.interval.map(Duration),
            timeout: check.timeout.map(Duration),
        }
    }
}

impl From<paste_model::Status> for Status {
    fn from(status: paste_model::Status) -> Self {
        match status {
            paste_model::Status::Up => Self::Up,
            paste_model::Status::Starting => Self::Starting,
            paste_model::Status::Draining => Self::Draining,
            paste_model::Status::Down => Self::Down,
            paste_model::Status::Maintenance => Self::Maintenance,
        }
    }
}

impl From<Status> for paste_model::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Up => Self::Up,
            Status::Starting => Self::Starting,
            Status::Draining => Self::Draining,
            Status::Down => Self::Down,
            Status::Maintenance => Self::Maintenance,
        }
    }
}

impl From<HealthState> for Health {
    fn from(state: HealthState) -> Self {
        match state {
            HealthState::Passing => Self::Passing,
            HealthState::Suspect => Self::Suspect,
            HealthState::Failing => Self::Failing,
        }
    }
}

impl From<&paste_model::Health> for HealthDetail {
    fn from(health: &paste_model::Health) -> Self {
        Self {
            reason: health.reason.to_string(),
            observer: health.observer.to_string(),
            since: health.since.into(),
        }
    }
}
