//! A node's record in etcd: what others are told of it, and which life of its process wrote it.

use bytes::Bytes;
use http::Uri;
use paste_model::{NodeName, Timestamp};
use prost::Message;

use super::layout::Layout;
use super::split::unreadable;
use super::transaction::revision;
use super::wire::KeyValue;
use super::{Config, EtcdError};
use crate::Node;
use crate::record::RecordError;

/// The schema that this version writes, and the newest that it reads.
const SCHEMA: u32 = 1;

/// A node's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) node: Node,
    /// Tells processes of one name apart.
    pub(super) life: u64,
}

impl Row {
    /// What a process that begins now writes.
    pub(super) fn begin(config: &Config, url: &str) -> Result<Self, EtcdError> {
        if !is_url(url) {
            return Err(EtcdError::Setting {
                setting: "url",
                found: format!("{url:?} must be http://HOST:PORT or https://HOST:PORT"),
            });
        }
        Ok(Self {
            node: Node {
                name: config.node.clone(),
                url: url.to_owned(),
                joined: config.joined,
                version: config.version.clone(),
                revision: paste_model::Revision::ZERO,
            },
            life: rand::random(),
        })
    }

    pub(super) fn encode(&self) -> Bytes {
        let row = NodeRow {
            schema: SCHEMA,
            url: self.node.url.clone(),
            joined_ms: self.node.joined.0,
            version: self.node.version.clone(),
            life: self.life,
        };
        row.encode_to_vec().into()
    }

    pub(super) fn decode(layout: &Layout, kv: &KeyValue) -> Result<Self, EtcdError> {
        let malformed = |what, found: &str| {
            let source = found.into();
            unreadable(kv, RecordError::Malformed { what, source })
        };
        let name: NodeName = layout
            .node(&kv.key)
            .ok_or_else(|| malformed("the key", "it names no node"))?;
        let row = NodeRow::decode(kv.value.clone())
            .map_err(|error| malformed("the encoding", &error.to_string()))?;
        if row.schema > SCHEMA {
            let newest = |schema| u8::try_from(schema).unwrap_or(u8::MAX);
            let (found, supported) = (newest(row.schema), newest(SCHEMA));
            return Err(unreadable(kv, RecordError::Newer { found, supported }));
        }
        if !is_url(&row.url) {
            return Err(malformed("the url", &row.url));
        }
        Ok(Self {
            node: Node {
                name,
                url: row.url,
                joined: Timestamp(row.joined_ms),
                version: row.version,
                revision: revision(kv.mod_revision),
            },
            life: row.life,
        })
    }
}

/// Whether `text` is a scheme, a host and a port, and nothing else.
fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let whole = format!("{scheme}://{authority}") == text;
    whole
        && matches!(scheme, "http" | "https")
        && !authority.host().is_empty()
        && !authority.as_str().contains('@')
        && authority.port_u16().is_some_and(|port| port > 0)
}

#[derive(Clone, PartialEq, Message)]
struct NodeRow {
    #[prost(uint32, tag = "1")]
    schema: u32,
    #[prost(string, tag = "2")]
    url: String,
    #[prost(uint64, tag = "3")]
    joined_ms: u64,
    #[prost(string, tag = "4")]
    version: String,
    #[prost(fixed64, tag = "5")]
    life: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use paste_model::Revision;
    use proptest::prelude::*;

    fn layout() -> Layout {
        Layout::new("/a", name()).expect("a valid prefix")
    }

    fn name() -> NodeName {
        "node-1".parse().expect("a valid name")
    }

    fn kv(value: Bytes) -> KeyValue {
        KeyValue {
            key: layout().own(),
            mod_revision: 9,
            value,
            lease: 1,
        }
    }

    #[test]
    fn urls_are_a_scheme_a_host_and_a_port() {
        for (url, valid) in [
            ("http://127.0.0.1:7750", true),
            ("https://node-1.example:443", true),
            ("http://[::1]:7750", true),
            ("http://127.0.0.1:7750/", false),
            ("http://127.0.0.1:7750/path", false),
            ("http://127.0.0.1:7750?query", false),
            ("http://user@127.0.0.1:7750", false),
            ("http://127.0.0.1", false),
            ("http://127.0.0.1:0", false),
            ("http://127.0.0.1:99999", false),
            ("http://:7750", false),
            ("ftp://127.0.0.1:7750", false),
            ("127.0.0.1:7750", false),
            ("", false),
        ] {
            assert_eq!(is_url(url), valid, "{url:?}");
            let begun = Row::begin(&Config::new(Vec::new(), name()), url);
            assert_eq!(begun.is_ok(), valid, "{url:?}");
        }
    }

    #[test]
    fn a_record_of_a_newer_version_is_named() {
        let newer = NodeRow {
            schema: SCHEMA + 1,
            ..NodeRow::default()
        };
        let error = Row::decode(&layout(), &kv(newer.encode_to_vec().into())).expect_err("newer");
        assert!(error.to_string().contains("/a/node/node-1"), "{error}");
    }

    proptest! {
        #[test]
        fn records_survive_etcd(joined: u64, version: String, life: u64, secure: bool) {
            let url = if secure { "https://a:1" } else { "http://a:1" };
            let node = Node {
                name: name(),
                url: url.to_owned(),
                joined: Timestamp(joined),
                version,
                revision: Revision(9),
            };
            let row = Row { node, life };
            prop_assert_eq!(Row::decode(&layout(), &kv(row.encode())).ok(), Some(row));
        }

        #[test]
        fn nonsense_is_refused_or_read(bytes: Vec<u8>) {
            let _ = Row::decode(&layout(), &kv(bytes.into()));
        }
    }
}
