//! Where things are in etcd. All of a registry is under one prefix, so that several share one etcd.
//!
//! ```text
//! {prefix}/log/history                         which history this is, and which tree counts
//! {prefix}/log/cause/{node}/{lane}/{slot}      why the last batch in this place was committed
//! {prefix}/log/tree/{tree}/instance/…          the records
//! {prefix}/blob/{sha256}                       bulky values, which no watch and no load reads
//! {prefix}/fence/{node}/{lane}                 the last transaction of a lane
//! {prefix}/node/{name}                         a node that shares the store; gone when its lease is
//! {prefix}/secret                              what nodes show each other
//! ```
//!
//! What the change stream needs is under `log/`, so that one watch sees it in the order in which it happened. What isn't
//! stands aside: no load and no change stream reads it, and a restore leaves it as it is.

use bytes::Bytes;
use paste_model::{BlobId, Key, NodeName};

use super::EtcdError;
use crate::record::{decode_key, encode_key};

/// The longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 256;

/// The keys of one registry, as seen from one node.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    prefix: String,
    node: NodeName,
}

/// What a key under `log/` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    History,
    Cause,
    /// The record with this key, in this tree.
    Record(u64, &'a [u8]),
    /// Not one of ours.
    Foreign,
}

impl Layout {
    pub(super) fn new(prefix: &str, node: NodeName) -> Result<Self, EtcdError> {
        let prefix = prefix.trim_end_matches('/');
        let valid = prefix.starts_with('/')
            && prefix.len() <= PREFIX_BYTES_MAX
            && prefix.bytes().all(|byte| byte.is_ascii_graphic());
        if !valid {
            return Err(EtcdError::Setting {
                setting: "prefix",
                found: format!(
                    "{prefix:?} must begin with '/', be printable and have at most {PREFIX_BYTES_MAX} bytes"
                ),
            });
        }
        Ok(Self {
            prefix: prefix.to_owned(),
            node,
        })
    }

    pub(super) fn history(&self) -> Bytes {
        format!("{}/log/history", self.prefix).into()
    }

    /// Everything that the change stream needs.
    pub(super) fn log(&self) -> (Bytes, Bytes) {
        under(format!("{}/log/", self.prefix))
    }

    /// All records of a tree.
    pub(super) fn tree(&self, tree: u64) -> (Bytes, Bytes) {
        under(format!("{}/log/tree/{tree:016x}/", self.prefix))
    }

    /// The record with this key, written as it is in a record.
    pub(super) fn record(&self, tree: u64, key: &str) -> Bytes {
        format!("{}/log/tree/{tree:016x}{key}", self.prefix).into()
    }

    /// What stands aside under this key, written as it is in a record.
    pub(super) fn aside(&self, key: &str) -> Bytes {
        format!("{}{key}", self.prefix).into()
    }

    pub(super) fn blob(&self, id: BlobId) -> Bytes {
        self.aside(&encode_key(&Key::Blob(id)))
    }

    /// All bulky values.
    pub(super) fn blobs(&self) -> (Bytes, Bytes) {
        under(format!("{}/blob/", self.prefix))
    }

    /// The bulky value that has this key.
    pub(super) fn blob_id(&self, key: &[u8]) -> Option<BlobId> {
        match decode_key(key.strip_prefix(self.prefix.as_bytes())?).ok()? {
            Key::Blob(id) => Some(id),
            _ => None,
        }
    }

    /// The record of this node.
    pub(super) fn own(&self) -> Bytes {
        self.aside(&encode_key(&Key::Node(self.node.clone())))
    }

    /// The records of all nodes.
    pub(super) fn nodes(&self) -> (Bytes, Bytes) {
        under(format!("{}/node/", self.prefix))
    }

    /// The node whose record has this key.
    pub(super) fn node(&self, key: &[u8]) -> Option<NodeName> {
        let key = key.strip_prefix(self.prefix.as_bytes())?;
        match decode_key(key).ok()? {
            Key::Node(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn secret(&self) -> Bytes {
        format!("{}/secret", self.prefix).into()
    }

    pub(super) fn cause(&self, lane: usize, slot: usize) -> Bytes {
        format!("{}/log/cause/{}/{lane}/{slot:03}", self.prefix, self.node).into()
    }

    /// All causes of a lane.
    pub(super) fn causes(&self, lane: usize) -> (Bytes, Bytes) {
        under(format!("{}/log/cause/{}/{lane}/", self.prefix, self.node))
    }

    pub(super) fn fence(&self, lane: usize) -> Bytes {
        format!("{}/fence/{}/{lane}", self.prefix, self.node).into()
    }

    /// What `key` is.
    pub(super) fn place<'a>(&self, key: &'a [u8]) -> Place<'a> {
        let rest = key
            .strip_prefix(self.prefix.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"/log/"));
        let Some(rest) = rest else {
            return Place::Foreign;
        };
        if rest == b"history" {
            return Place::History;
        }
        if rest.starts_with(b"cause/") {
            return Place::Cause;
        }
        let record = rest
            .strip_prefix(b"tree/")
            .and_then(|rest| rest.split_at_checked(16))
            .filter(|(_, key)| key.starts_with(b"/"));
        record
            .and_then(|(tree, key)| Some((std::str::from_utf8(tree).ok()?, key)))
            .and_then(|(tree, key)| Some((u64::from_str_radix(tree, 16).ok()?, key)))
            .map_or(Place::Foreign, |(tree, key)| Place::Record(tree, key))
    }
}

/// The range of all keys that begin so. The last byte is never 0xff.
fn under(start: String) -> (Bytes, Bytes) {
    let mut end = start.clone().into_bytes();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    (start.into(), end.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::key;

    fn layout(prefix: &str) -> Result<Layout, EtcdError> {
        Layout::new(prefix, "node-1".parse().expect("a valid name"))
    }

    #[test]
    fn every_key_is_found_in_its_place() {
        let layout = layout("/a/b/").expect("a valid prefix");
        let text = encode_key(&key("x"));
        let record = layout.record(7, &text);
        assert_eq!(layout.place(&layout.history()), Place::History);
        assert_eq!(layout.place(&layout.cause(1, 2)), Place::Cause);
        assert_eq!(layout.place(&record), Place::Record(7, text.as_bytes()));
        for foreign in [
            &b"/a/b/log/tree/7/x"[..],
            b"/a/b/log/tree/zzzzzzzzzzzzzzzz/x",
            b"/a/b/log/tree/0000000000000007",
            b"/a/b/log/other",
            b"/a/bb/log/history",
            b"/x",
            b"",
            b"\xff\xff",
            &layout.blob(BlobId([1; 32])),
            &layout.fence(1),
            &layout.own(),
            &layout.secret(),
        ] {
            assert_eq!(layout.place(foreign), Place::Foreign, "{foreign:?}");
        }
        assert_eq!(layout.node(&layout.own()), Some(layout.node.clone()));
        let id = BlobId([1; 32]);
        assert_eq!(layout.blob_id(&layout.blob(id)), Some(id));
        assert_eq!(layout.blob_id(&layout.own()), None);
        for foreign in [&b"/a/b/node/"[..], b"/a/node/x", b"/a/b/session/x", b""] {
            assert_eq!(layout.node(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn ranges_hold_what_is_in_them_and_nothing_else() {
        let layout = layout("/a").expect("a valid prefix");
        let within = |(start, end): &(Bytes, Bytes), key: &Bytes| start <= key && key < end;
        let (log, tree, causes) = (layout.log(), layout.tree(7), layout.causes(1));
        let record = layout.record(7, "/session/x");
        assert!(within(&log, &layout.history()) && within(&log, &record));
        assert!(within(&log, &layout.cause(1, 2)) && within(&causes, &layout.cause(1, 2)));
        assert!(within(&tree, &record) && !within(&tree, &layout.record(8, "/session/x")));
        assert!(!within(&causes, &layout.cause(2, 2)));
        assert!(!within(&log, &layout.blob(BlobId([1; 32]))) && !within(&log, &layout.fence(1)));
        assert!(!within(&log, &layout.own()) && !within(&log, &layout.secret()));
        let blob = layout.blob(BlobId([255; 32]));
        assert!(within(&layout.blobs(), &blob) && !within(&layout.blobs(), &layout.own()));
        assert!(within(&layout.nodes(), &layout.own()));
        assert!(!within(&layout.nodes(), &layout.secret()));
    }

    #[test]
    fn prefixes_are_absolute() {
        for (prefix, valid) in [
            ("/registry", true),
            ("/a/b", true),
            ("", false),
            ("/", false),
            ("a", false),
            ("/a b", false),
        ] {
            assert_eq!(layout(prefix).is_ok(), valid, "{prefix:?}");
        }
    }
}
