//! Items as they are sent, written once for all who are to have the same.
//!
//! What is kept is bounded in bytes: items are many, and may be large. An entry belongs to one state of one item, whose
//! number is drawn when it is first asked for; what is no longer asked for goes as others come.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::HeaderValue;
use paste_catalog::{ConfigItem, Slots};
use paste_engine::Shown;
use quick_cache::Weighter;
use sha2::{Digest, Sha256};

use super::shown;
use crate::rest::failure::Failure;
use crate::rest::{answer, frame};

/// Bytes that are kept.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Entries that room is made for at first.
const ENTRIES: usize = 1_024;

/// Of which state of which item, whether as it is on trial, and in which form.
type Place = (u64, bool, Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Answer,
    Event,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Place, Written> for Weight {
    fn weight(&self, _: &Place, written: &Written) -> u64 {
        written.json.len() as u64 + 256
    }
}

/// An item as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) json: Bytes,
    pub(super) etag: HeaderValue,
    /// Of the JSON.
    pub(super) length: HeaderValue,
}

/// Items as they are sent.
pub(in crate::rest) struct Encoded {
    kept: quick_cache::sync::Cache<Place, Written, Weight>,
    states: AtomicU64,
}

impl Default for Encoded {
    fn default() -> Self {
        Self {
            kept: quick_cache::sync::Cache::with_weighter(ENTRIES, BYTES_MAX, Weight),
            states: AtomicU64::default(),
        }
    }
}

impl Encoded {
    fn place(&self, item: &ConfigItem, on_trial: bool, form: Form) -> Place {
        let draw = || self.states.fetch_add(1, Ordering::Relaxed);
        (*item.slots.get_or_init(Slots::REST, draw), on_trial, form)
    }

    /// The answer with what is in use, if it was asked for lately.
    pub(super) fn known(&self, item: &ConfigItem) -> Option<Written> {
        // Of a secret nothing is kept.
        self.kept.get(&self.place(item, false, Form::Answer))
    }

    /// The event with what is in use, if it was sent lately.
    pub(super) fn known_event(&self, item: &ConfigItem) -> Option<Bytes> {
        let kept = self.kept.get(&self.place(item, false, Form::Event));
        kept.map(|written| written.json)
    }

    /// An answer with content.
    pub(super) fn answer(&self, shown: &Shown) -> Result<Written, Failure> {
        self.written(shown, Form::Answer, || {
            Ok(answer::encode(&shown::config(shown)?).into())
        })
    }

    /// A `config` event.
    pub(super) fn event(&self, shown: &Shown) -> Result<Bytes, Failure> {
        let event = self.written(shown, Form::Event, || {
            Ok(frame::config(&shown::changed(shown)?))
        })?;
        Ok(event.json)
    }

    fn written(
        &self,
        shown: &Shown,
        form: Form,
        write: impl FnOnce() -> Result<Bytes, Failure>,
    ) -> Result<Written, Failure> {
        let write = || {
            let json = write()?;
            Ok(Written {
                etag: etag(&json),
                length: json.len().into(),
                json,
            })
        };
        let item = &shown.item;
        let current =
            item.item.release_for(shown.on_trial) == Some(shown.number) && shown.release.is_some();
        if item.item.secret || !current {
            return write();
        }
        let place = self.place(item, shown.on_trial, form);
        self.kept.get_or_insert_with(&place, write)
    }
}

/// A hash of the answer.
fn etag(json: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(json);
    let text = digest
        .iter()
        .take(16)
        .fold(String::from("\""), |mut text, byte| {
            text.push_str(&format!("{byte:02x}"));
            text
        });
    HeaderValue::try_from(text + "\"").unwrap_or(HeaderValue::from_static("\"\""))
}
