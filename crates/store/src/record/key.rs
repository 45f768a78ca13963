//! Keys as text: `/{tree}/{name}…`. Names never hold a `/`, so the text is unambiguous.

use paste_model::{
    BlobId, ConfigGroup, ConfigKey, ConfigName, InstanceId, InstanceKey, Key, Namespace,
    ReleaseNumber, ServiceKey, ServiceName,
};

use super::RecordError;

/// The key as it is stored.
pub fn encode_key(key: &Key) -> String {
    match key {
        Key::Namespace(name) => join("namespace", &[name.as_str()]),
        Key::Service(key) => join("service", &[key.namespace.as_str(), key.name.as_str()]),
        Key::Policy(key) => join("policy", &[key.namespace.as_str(), key.name.as_str()]),
        Key::Instance(key) => instance("instance", key),
        Key::Session(id) => join("session", &[id.as_str()]),
        Key::Check(key) => instance("check", key),
        Key::Override(key) => instance("override", key),
        Key::Token(id) => join("token", &[id.as_str()]),
        Key::Config(key) => config("config", key, None),
        Key::Release(key, number) => config("release", key, Some(*number)),
        Key::Blob(id) => join("blob", &[&hex(&id.0)]),
        Key::Node(name) => join("node", &[name.as_str()]),
    }
}

/// The key that was stored so.
pub fn decode_key(bytes: &[u8]) -> Result<Key, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(malformed)?;
    let rest = text
        .strip_prefix('/')
        .ok_or_else(|| malformed("it doesn't begin with '/'"))?;
    let (tree, path) = rest
        .split_once('/')
        .ok_or_else(|| malformed("it names no record"))?;
    Ok(match tree {
        "namespace" => Key::Namespace(path.parse().map_err(malformed)?),
        "service" => Key::Service(service_key(path)?),
        "policy" => Key::Policy(service_key(path)?),
        "instance" => Key::Instance(instance_key(path)?),
        "session" => Key::Session(path.parse().map_err(malformed)?),
        "check" => Key::Check(instance_key(path)?),
        "override" => Key::Override(instance_key(path)?),
        "token" => Key::Token(path.parse().map_err(malformed)?),
        "config" => Key::Config(config_key(path)?),
        "release" => {
            let (item, number) = path
                .rsplit_once('/')
                .ok_or_else(|| malformed("it names no release"))?;
            Key::Release(config_key(item)?, release_number(number)?)
        }
        "blob" => {
            Key::Blob(blob_id(path).ok_or_else(|| malformed("a blob's id has 64 hex digits"))?)
        }
        "node" => Key::Node(path.parse().map_err(malformed)?),
        _ => return Err(malformed(format!("there is no tree {tree:?}"))),
    })
}

fn malformed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RecordError {
    RecordError::malformed("the key", cause)
}

fn join(tree: &str, parts: &[&str]) -> String {
    let length = 1 + tree.len() + parts.iter().map(|part| 1 + part.len()).sum::<usize>();
    let mut text = String::with_capacity(length);
    for part in std::iter::once(&tree).chain(parts) {
        text.push('/');
        text.push_str(part);
    }
    text
}

fn instance(tree: &str, key: &InstanceKey) -> String {
    let service = &key.service;
    join(
        tree,
        &[
            service.namespace.as_str(),
            service.name.as_str(),
            key.id.as_str(),
        ],
    )
}

fn config(tree: &str, key: &ConfigKey, release: Option<ReleaseNumber>) -> String {
    let (group, name) = (key.group.as_str(), key.name.as_str());
    let item = [key.namespace.as_str(), group, name];
    match release {
        None => join(tree, &item),
        // So wide that they are in order as text.
        Some(number) => format!("{}/{:016x}", join(tree, &item), number.0),
    }
}

fn config_key(path: &str) -> Result<ConfigKey, RecordError> {
    let mut parts = path.splitn(3, '/');
    let mut part = || {
        parts
            .next()
            .ok_or_else(|| malformed("it names no configuration item"))
    };
    Ok(ConfigKey {
        namespace: Namespace::new(part()?).map_err(malformed)?,
        group: ConfigGroup::new(part()?).map_err(malformed)?,
        name: ConfigName::new(part()?).map_err(malformed)?,
    })
}

fn release_number(text: &str) -> Result<ReleaseNumber, RecordError> {
    let canonical = text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !canonical {
        return Err(malformed("a release has 16 hex digits"));
    }
    u64::from_str_radix(text, 16)
        .map(ReleaseNumber)
        .map_err(malformed)
}

fn service_key(path: &str) -> Result<ServiceKey, RecordError> {
    let (namespace, name) = path
        .split_once('/')
        .ok_or_else(|| malformed("it names no service"))?;
    Ok(ServiceKey {
        namespace: Namespace::new(namespace).map_err(malformed)?,
        name: ServiceName::new(name).map_err(malformed)?,
    })
}

fn instance_key(path: &str) -> Result<InstanceKey, RecordError> {
    let (service, id) = path
        .rsplit_once('/')
        .ok_or_else(|| malformed("it names no instance"))?;
    Ok(InstanceKey {
        service: service_key(service)?,
        id: InstanceId::new(id).map_err(malformed)?,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

fn blob_id(text: &str) -> Option<BlobId> {
    let digits = text.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut id = [0; 32];
    if digits.len() != 2 * id.len() {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(BlobId(id))
}
