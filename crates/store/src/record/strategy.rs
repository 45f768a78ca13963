//! Arbitrary records and batches, for property tests.

mod policy;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use paste_model::{
    Address, Audience, Batch, BlobId, Cause, CauseKind, Change, Check, CheckKind, ConfigGroup,
    ConfigKey, ConfigName, ConfigScope, Content, Draft, Entry, Format, Grant, Gray, Health,
    HealthState, Instance, InstanceId, InstanceKey, Item, Label, Metadata, NamedPort, Namespace,
    NamespaceSettings, Override, Principal, ProtectThreshold, Record, Release, ReleaseNumber,
    Revision, Role, Scope, Seal, ServiceKey, ServiceName, ServiceSettings, Session, SessionId,
    Stage, Status, Timestamp, Token, TokenHash, TokenId, Version, Weight,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const NAME: &str = "[a-z0-9]([a-z._-]{0,6}[A-Z0-9])?";
const ID: &str = "[a-z0-9]([a-z._:@#$-]{0,30}[A-Z0-9])?";

fn service_key() -> impl Strategy<Value = ServiceKey> {
    (NAME, NAME).prop_map(|(namespace, name)| ServiceKey {
        namespace: Namespace::new(&namespace).expect("valid"),
        name: ServiceName::new(&name).expect("valid"),
    })
}

fn instance_key() -> impl Strategy<Value = InstanceKey> {
    (service_key(), ID).prop_map(|(service, id)| InstanceKey {
        service,
        id: InstanceId::new(&id).expect("valid"),
    })
}

fn label() -> impl Strategy<Value = Label> {
    "[a-zé0-9-]{1,20}".prop_map(|text| Label::new("tags", &text).expect("valid"))
}

fn port() -> impl Strategy<Value = NonZeroU16> {
    (1..=u16::MAX).prop_map(|port| NonZeroU16::new(port).expect("not zero"))
}

fn status() -> impl Strategy<Value = Status> {
    (0..5_usize).prop_map(|at| Status::ALL[at])
}

fn duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_nanos)
}

fn principal() -> impl Strategy<Value = Principal> {
    ".{0,20}".prop_map(|text| Principal::recorded(&text))
}

fn health() -> impl Strategy<Value = Health> {
    let states = [
        HealthState::Passing,
        HealthState::Suspect,
        HealthState::Failing,
    ];
    (0..3_usize, ".{0,30}", ".{0,10}", any::<u64>()).prop_map(
        move |(at, reason, observer, since)| Health {
            state: states[at],
            reason: reason.into(),
            observer: observer.into(),
            since: Timestamp(since),
        },
    )
}

fn check() -> impl Strategy<Value = Check> {
    let kind = prop_oneof![
        "/[a-z]{0,8}".prop_map(|path| CheckKind::Http { path: path.into() }),
        Just(CheckKind::Tcp),
        "[a-z.]{0,8}".prop_map(|service| CheckKind::Grpc {
            service: service.into()
        }),
    ];
    (
        kind,
        option::of(port()),
        option::of(duration()),
        option::of(duration()),
    )
        .prop_map(|(kind, port, interval, timeout)| Check {
            kind,
            port,
            interval,
            timeout,
        })
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()),
        "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}",
    ]
    .prop_map(|text| Address::new(&text).expect("valid"))
}

fn version() -> impl Strategy<Value = Version> {
    (any::<(u64, u64, u64)>(), "(-[a-z]{1,4})?(\\+[a-z]{1,4})?").prop_map(
        |((major, minor, patch), rest)| {
            Version::parse(&format!("{major}.{minor}.{patch}{rest}")).expect("valid")
        },
    )
}

fn instance() -> impl Strategy<Value = Instance> {
    let first = (
        address(),
        option::of(ID),
        option::of(label()),
        option::of(label()),
        option::of(label()),
        option::of(version()),
        vec((label(), port()), 0..3),
        vec(label(), 0..4),
    );
    let second = (
        proptest::collection::btree_map("[a-zé]{1,6}", ".{0,10}", 0..5),
        vec(check(), 0..3),
        port(),
        0..=10_000_u16,
        status(),
        any::<bool>(),
    );
    (first, second).prop_map(|(first, second)| {
        let (address, session, protocol, region, zone, version, ports, tags) = first;
        let (metadata, checks, port, weight, status, ephemeral) = second;
        let pairs = metadata
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        Instance {
            address,
            session: session.map(|id| SessionId::new(&id).expect("valid")),
            protocol,
            region,
            zone,
            version: version.map(Box::new),
            ports: ports
                .into_iter()
                .map(|(name, port)| NamedPort { name, port })
                .collect(),
            tags: tags.into(),
            metadata: Metadata::new(pairs.collect()).expect("valid"),
            checks: checks.into(),
            port,
            weight: Weight::new(weight).expect("valid"),
            status,
            ephemeral,
        }
    })
}

fn grant() -> impl Strategy<Value = Grant> {
    let configs = (option::of(NAME), ".{0,8}").prop_map(|(group, prefix)| {
        Scope::Configs(ConfigScope {
            group: group.map(|name| ConfigGroup::new(&name).expect("valid")),
            prefix,
        })
    });
    let scope = prop_oneof![
        ".{0,8}".prop_map(Scope::Prefix),
        NAME.prop_map(|name| Scope::Service(ServiceName::new(&name).expect("valid"))),
        configs,
    ];
    (0..Role::ALL.len(), option::of(NAME), scope).prop_map(|(role, namespace, scope)| Grant {
        role: Role::ALL[role],
        namespace: namespace.map(|name| Namespace::new(&name).expect("valid")),
        scope,
    })
}

fn config_key() -> impl Strategy<Value = ConfigKey> {
    (NAME, NAME, NAME).prop_map(|(namespace, group, name)| ConfigKey {
        namespace: Namespace::new(&namespace).expect("valid"),
        group: ConfigGroup::new(&group).expect("valid"),
        name: ConfigName::new(&name).expect("valid"),
    })
}

fn format() -> impl Strategy<Value = Format> {
    (0..Format::ALL.len()).prop_map(|at| Format::ALL[at])
}

fn content() -> impl Strategy<Value = Content> {
    let seal = (".{0,8}", vec(any::<u8>(), 0..64));
    let sizes = (any::<u64>(), any::<u64>());
    (
        vec(any::<[u8; 32]>(), 0..4),
        sizes,
        any::<[u8; 32]>(),
        option::of(seal),
    )
        .prop_map(|(chunks, (size, stored), digest, seal)| Content {
            chunks: chunks.into_iter().map(BlobId).collect(),
            size,
            stored,
            digest,
            seal: seal.map(|(key, wrapped)| Seal {
                key: key.into(),
                wrapped: wrapped.into(),
            }),
        })
}

fn gray() -> impl Strategy<Value = Gray> {
    let labels = vec(("[a-z]{1,5}", "[a-z]{1,5}"), 0..3);
    let audience = (1..=100_u8, labels, vec("[a-z]{1,5}", 0..3), vec(ID, 0..3));
    (any::<u64>(), audience, any::<u64>(), principal()).prop_map(
        |(release, (percent, labels, zones, instances), since, by)| Gray {
            release: ReleaseNumber(release),
            audience: Audience {
                percent: Some(percent),
                labels: (labels.into_iter())
                    .map(|(key, value)| (key.into(), value.into()))
                    .collect(),
                addresses: zones.iter().map(Into::into).collect(),
                zones: zones.into_iter().map(Into::into).collect(),
                instances: (instances.iter())
                    .map(|id| InstanceId::new(id).expect("valid"))
                    .collect(),
            },
            since: Timestamp(since),
            by,
        },
    )
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        option::of(content()),
        format(),
        ".{0,20}",
        principal(),
        any::<u64>(),
    )
        .prop_map(|(content, format, comment, by, at)| Draft {
            content,
            format,
            comment: comment.into(),
            by,
            at: Timestamp(at),
        })
}

fn item() -> impl Strategy<Value = Item> {
    let numbers = (option::of(any::<u64>()), any::<u64>());
    let parts = (
        option::of(gray()),
        option::of(draft()),
        option::of(content()),
    );
    let flags = (any::<bool>(), any::<bool>());
    (format(), numbers, parts, flags, ".{0,20}").prop_map(
        |(format, (released, last), (gray, draft, schema), (secret, approval), description)| Item {
            format,
            released: released.map(ReleaseNumber),
            last: ReleaseNumber(last),
            gray,
            draft,
            schema,
            secret,
            approval,
            description: description.into(),
        },
    )
}

fn release() -> impl Strategy<Value = Release> {
    let stage = prop_oneof![
        Just(Stage::Released),
        Just(Stage::Gray),
        ".{0,20}".prop_map(|why| Stage::Aborted(why.into())),
    ];
    let people = (principal(), option::of(principal()));
    let rest = (option::of(any::<u64>()), ".{0,20}", any::<u64>());
    (option::of(content()), format(), stage, people, rest).prop_map(
        |(content, format, stage, (by, author), (restores, comment, at))| Release {
            content,
            format,
            stage,
            restores: restores.map(ReleaseNumber),
            comment: comment.into(),
            by,
            author,
            at: Timestamp(at),
        },
    )
}

fn token() -> impl Strategy<Value = Token> {
    (
        any::<[u8; 32]>(),
        vec(grant(), 0..3),
        any::<u64>(),
        any::<Option<u64>>(),
        principal(),
        NAME,
    )
        .prop_map(|(hash, grants, created, expires, by, id)| Token {
            hash: TokenHash(hash),
            grants,
            created: Timestamp(created),
            expires: expires.map(Timestamp),
            by,
            id: TokenId::new(&id).expect("valid"),
        })
}

fn session() -> impl Strategy<Value = Session> {
    (duration(), duration(), principal(), option::of(health())).prop_map(
        |(ttl, remove_after, principal, health)| Session {
            ttl,
            remove_after,
            principal,
            health,
        },
    )
}

fn service_settings() -> impl Strategy<Value = ServiceSettings> {
    (0..=100_u8, vec(".{0,10}", 0..3), ".{0,20}").prop_map(|(percent, owners, description)| {
        ServiceSettings {
            protect_threshold: ProtectThreshold::new(percent).expect("valid"),
            owners: owners.into_iter().map(Into::into).collect(),
            description: description.into(),
        }
    })
}

/// Any record of any kind.
pub(crate) fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        (NAME, ".{0,20}").prop_map(|(name, description)| Record::Namespace(
            Namespace::new(&name).expect("valid"),
            NamespaceSettings {
                description: description.into()
            },
        )),
        (service_key(), service_settings())
            .prop_map(|(key, settings)| Record::Service(key, Arc::new(settings))),
        (service_key(), policy::history())
            .prop_map(|(key, history)| Record::Policy(key, Arc::new(history))),
        (instance_key(), instance())
            .prop_map(|(key, instance)| Record::Instance(key, Arc::new(instance))),
        (ID, session()).prop_map(|(id, session)| Record::Session(
            SessionId::new(&id).expect("valid"),
            session
        )),
        (instance_key(), health()).prop_map(|(key, health)| Record::Check(key, health)),
        (
            instance_key(),
            status(),
            ".{0,20}",
            principal(),
            any::<u64>()
        )
            .prop_map(|(key, status, reason, by, at)| Record::Override(
                key,
                Arc::new(Override {
                    status,
                    reason: reason.into(),
                    by,
                    at: Timestamp(at)
                }),
            )),
        token().prop_map(|token| Record::Token(Arc::new(token))),
        (config_key(), item()).prop_map(|(key, item)| Record::Config(key, Arc::new(item))),
        (config_key(), any::<u64>(), release()).prop_map(|(key, number, release)| Record::Release(
            key,
            ReleaseNumber(number),
            Arc::new(release)
        )),
        (any::<[u8; 32]>(), vec(any::<u8>(), 0..100))
            .prop_map(|(id, bytes)| Record::Blob(BlobId(id), Bytes::from(bytes))),
    ]
}

/// Any record, as it stands in a checkpoint.
pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (any::<u64>(), record()).prop_map(|(revision, record)| Entry {
        revision: Revision(revision),
        record,
    })
}

fn cause() -> impl Strategy<Value = Cause> {
    let kinds = [
        CauseKind::Request,
        CauseKind::Liveness,
        CauseKind::Probe,
        CauseKind::Guard,
        CauseKind::Sync,
    ];
    (
        0..4_usize,
        any::<u64>(),
        principal(),
        ".{0,20}",
        option::of(service_key()),
    )
        .prop_map(move |(kind, at, by, reason, about)| Cause {
            kind: kinds[kind],
            at: Timestamp(at),
            by,
            reason: reason.into(),
            about,
        })
}

/// Any batch that expects nothing.
pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    let change = (any::<bool>(), record()).prop_map(|(put, record)| match put {
        true => Change::Put(record),
        false => Change::Delete(record.key()),
    });
    (vec(change, 0..6), cause()).prop_map(|(changes, cause)| Batch {
        expect: Vec::new(),
        changes,
        cause,
    })
}
