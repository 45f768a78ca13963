//! Reading content in its format.

use std::fmt;

use paste_model::Format;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::properties;

/// Content that can't be read in its format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Unreadable {
    /// Where, in lines and characters, each from 1.
    pub(super) place: Option<(u64, u64)>,
    /// Why.
    pub(super) reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl Unreadable {
    /// At a line and character, if they are known.
    fn placed(place: Option<(u64, u64)>, reason: &str) -> Self {
        Self {
            place,
            reason: shortened(reason),
        }
    }

    /// Without a place.
    pub(super) fn new(reason: &str) -> Self {
        Self::placed(None, reason)
    }

    /// At a byte of a text.
    pub(super) fn at(text: &str, byte: usize, reason: &str) -> Self {
        let before = &text[..text.floor_char_boundary(byte)];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count() as u64
            + 1;
        Self::placed(Some((line, column)), reason)
    }
}

/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 300;

/// A reason in one line. What is wrong may repeat the content, which may be long.
pub(super) fn shortened(text: &str) -> String {
    let line = text.chars().map(|character| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    });
    let mut short: String = line.take(REASON_CHARACTERS_MAX).collect();
    if text.chars().nth(REASON_CHARACTERS_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Refuses content that can't be read.
pub(crate) fn check(format: Format, content: &[u8]) -> Result<(), Unreadable> {
    let text = text(content)?;
    match format {
        Format::Text => Ok(()),
        Format::Json => json(text).map(drop),
        Format::Yaml => yaml_documents(text).map(drop),
        Format::Toml => toml(text).map(drop),
        Format::Properties => properties::read(text).map(drop),
    }
}

/// What content says, as JSON: of text a string, of properties an object of strings; keys of YAML become text.
pub(crate) fn value(format: Format, content: &[u8]) -> Result<Value, Unreadable> {
    let text = text(content)?;
    match format {
        Format::Text => Ok(Value::String(text.to_owned())),
        Format::Json => json(text),
        Format::Yaml => {
            let mut documents = yaml_documents(text)?;
            if documents.len() > 1 {
                return Err(Unreadable::new(
                    "has several documents; a schema is for one",
                ));
            }
            Ok(documents.pop().unwrap_or_default())
        }
        Format::Toml => toml(text),
        Format::Properties => {
            let pairs = properties::read(text)?.into_iter();
            Ok(pairs
                .map(|(key, value)| (key, Value::String(value)))
                .collect::<Map<_, _>>()
                .into())
        }
    }
}

fn text(content: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(content).map_err(|error| {
        let valid = &content[..error.valid_up_to()];
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        Unreadable::at(valid, valid.len(), "is not UTF-8")
    })
}

fn json(text: &str) -> Result<Value, Unreadable> {
    let Document(value) = serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let reason = whole.split(" at line ").next().unwrap_or_default();
        let character = character(text, error.line(), error.column());
        Unreadable::placed(Some((error.line() as u64, character)), reason)
    })?;
    Ok(value)
}

/// The character at a byte of a line, both counted from 1.
fn character(text: &str, line: usize, byte: usize) -> u64 {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = &line[..line.floor_char_boundary(byte.saturating_sub(1).min(line.len()))];
    before.chars().count() as u64 + 1
}

fn yaml_documents(text: &str) -> Result<Vec<Value>, Unreadable> {
    let documents: Vec<Document> = serde_saphyr::from_multiple(text).map_err(|error| {
        let place = error.location().map(|at| (at.line(), at.column()));
        let whole = error.without_snippet().to_string();
        // The place stands beside it.
        let reason = whole.lines().next().unwrap_or_default();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        Unreadable::placed(place, reason)
    })?;
    Ok(documents.into_iter().map(|Document(value)| value).collect())
}

fn toml(text: &str) -> Result<Value, Unreadable> {
    let Document(value) =
        toml::from_str(text).map_err(|error: toml::de::Error| match error.span() {
            Some(span) => Unreadable::at(text, span.start, error.message()),
            None => Unreadable::new(error.message()),
        })?;
    Ok(value)
}

/// Whatever a document says, as JSON; a key stands once.
struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Document)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Number::from_i128(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Number::from_u128(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // JSON has no infinity.
        Ok(Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Document(value)) = access.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut pairs = Map::new();
        while let Some(Document(key)) = access.next_key()? {
            let key = match key {
                Value::String(key) => key,
                other => other.to_string(),
            };
            let Document(value) = access.next_value()?;
            if pairs.contains_key(&key) {
                return Err(de::Error::custom(format_args!(
                    "the key {key:?} stands twice"
                )));
            }
            pairs.insert(key, value);
        }
        Ok(pairs.into())
    }
}
