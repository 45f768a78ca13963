//! Reading a body: strictly, with everything that is wrong named by its path.

mod expectation;

use serde::de::DeserializeOwned;
use serde_ignored::Path;

use crate::refusal::FieldErrors;
use crate::{Code, Refusal};

/// A field whose name is empty, so that an answer shows that there is one.
const NAMELESS: &str = "\"\"";

/// What to do with fields that this version doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// Refuse them, naming each.
    #[default]
    Strict,
    /// Pass over them (`Prefer: handling=lenient`).
    Lenient,
}

/// Reads a JSON document.
///
/// Refused are: what is not JSON (`malformed-json`, with line and column), missing fields (`missing-field`), fields of
/// a wrong type or that stand twice (`invalid-field`), and unknown ones unless `strictness` is lenient
/// (`unknown-field`, the first 32 of them).
pub fn decode<T: DeserializeOwned>(body: &[u8], strictness: Strictness) -> Result<T, Refusal> {
    // Serde would read the fields of a struct from a list too, by their order; within the body, `object.rs` prevents it.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::field("body", "must be a JSON object"));
    }
    let mut unknown = FieldErrors::default();
    let mut document = serde_json::Deserializer::from_slice(body);
    let read = serde_ignored::deserialize(&mut document, |path| {
        if strictness == Strictness::Strict && !unknown.is_full() {
            unknown.push(shown(&path), "this field is not known");
        }
    })
    .and_then(|value| document.end().map(|()| value));
    match read {
        Ok(value) if unknown.is_empty() => Ok(value),
        Ok(_) => Err(unknown.refusal(Code::UnknownField)),
        // Read a second time, for the path: only the wrong ones pay for it.
        Err(error) => Err(located::<T>(body).unwrap_or_else(|| refusal("", &error))),
    }
}

fn located<T: DeserializeOwned>(body: &[u8]) -> Option<Refusal> {
    let mut document = serde_json::Deserializer::from_slice(body);
    let error = serde_path_to_error::deserialize::<_, T>(&mut document).err()?;
    let path = error.path().to_string();
    Some(refusal(if path == "." { "" } else { &path }, error.inner()))
}

fn refusal(path: &str, error: &serde_json::Error) -> Refusal {
    let detail = error.to_string();
    if !error.is_data() {
        return Refusal::of(Code::MalformedJson, "body", detail);
    }
    let named = |prefix: &str| {
        detail
            .strip_prefix(prefix)
            .and_then(|rest| rest.split('`').next())
            .map(|name| {
                if path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{path}.{name}")
                }
            })
    };
    let bare = detail.split(" at line ").next().unwrap_or_default();
    if let Some(field) = named("missing field `") {
        return Refusal::of(Code::MissingField, field, "this field is required");
    }
    if let Some(field) = named("duplicate field `") {
        // The path of a repeated key already ends with it.
        let field = if path.ends_with(field.rsplit('.').next().unwrap_or_default()) {
            path.to_owned()
        } else {
            field
        };
        return Refusal::field(field, "this field stands twice");
    }
    let field = if path.is_empty() { "body" } else { path };
    Refusal::field(field, expectation::plain(bare))
}

fn shown(path: &Path<'_>) -> String {
    fn write(path: &Path<'_>, text: &mut String) {
        match path {
            Path::Root => {}
            Path::Seq { parent, index } => {
                write(parent, text);
                text.push_str(&format!("[{index}]"));
            }
            Path::Map { parent, key } => {
                write(parent, text);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if key.is_empty() { NAMELESS } else { key });
            }
            Path::Some { parent }
            | Path::NewtypeStruct { parent }
            | Path::NewtypeVariant { parent } => write(parent, text),
        }
    }
    let mut text = String::new();
    write(path, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::ERRORS_MAX;
    use crate::{BatchRequest, Registration, TokenSettings};

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        let cases: &[(&str, Code, &[&str])] = &[
            ("", Code::MalformedJson, &["body"]),
            ("{", Code::MalformedJson, &["body"]),
            (
                r#"{"address":"a","port":1} x"#,
                Code::MalformedJson,
                &["body"],
            ),
            (r#"["a", 1]"#, Code::InvalidField, &["body"]),
            (r#"{"port":1}"#, Code::MissingField, &["address"]),
            (r#"{"address":"a","port":0}"#, Code::InvalidField, &["port"]),
            (
                r#"{"address":"a","port":70000}"#,
                Code::InvalidField,
                &["port"],
            ),
            (
                r#"{"address":"a","port":-1}"#,
                Code::InvalidField,
                &["port"],
            ),
            (
                r#"{"address":"a","port":"80"}"#,
                Code::InvalidField,
                &["port"],
            ),
            (
                r#"{"address":"a","port":1,"ports":{"m":0}}"#,
                Code::InvalidField,
                &["ports.m"],
            ),
            (
                r#"{"address":"a","port":1,"port":2}"#,
                Code::InvalidField,
                &["port"],
            ),
            (
                r#"{"address":"a","port":1,"metadata":{"k":"1","k":"2"}}"#,
                Code::InvalidField,
                &["metadata.k"],
            ),
            (
                r#"{"address":"a","port":1,"checks":[{"type":"ftp"}]}"#,
                Code::InvalidField,
                &["checks[0].type"],
            ),
            (
                r#"{"address":"a","port":1,"checks":[{}]}"#,
                Code::MissingField,
                &["checks[0].type"],
            ),
            (
                r#"{"address":"a","port":1,"x":1,"checks":[{"type":"tcp","y":{}}],"z":null}"#,
                Code::UnknownField,
                &["x", "checks[0].y", "z"],
            ),
        ];
        for (body, code, fields) in cases {
            let refusal =
                decode::<Registration>(body.as_bytes(), Strictness::Strict).expect_err(body);
            assert_eq!(refusal.code, *code, "{body}: {refusal:?}");
            let found: Vec<_> = refusal
                .errors
                .iter()
                .map(|error| error.field.as_str())
                .collect();
            assert_eq!(found, *fields, "{body}: {refusal:?}");
        }
    }

    #[test]
    fn a_list_is_no_object_wherever_it_stands() {
        fn refused<T: DeserializeOwned + std::fmt::Debug>(body: &str, field: &str) {
            let refusal = decode::<T>(body.as_bytes(), Strictness::Lenient).expect_err(body);
            assert_eq!(refusal.code, Code::InvalidField, "{body}: {refusal:?}");
            assert_eq!(refusal.errors[0].field, field, "{body}: {refusal:?}");
        }
        refused::<Registration>(
            r#"{"address":"a","port":1,"checks":[["tcp"]]}"#,
            "checks[0]",
        );
        refused::<Registration>(
            r#"{"address":"a","port":1,"checks":{"type":"tcp"}}"#,
            "checks",
        );
        refused::<BatchRequest>(r#"{"items":[["register","a","b"]]}"#, "items[0]");
        refused::<BatchRequest>(
            r#"{"items":[{"action":"register","service":"a","id":"b","instance":["c",1]}]}"#,
            "items[0].instance",
        );
        refused::<TokenSettings>(r#"{"grants":[["admin"]]}"#, "grants[0]");
    }

    #[test]
    fn a_field_without_a_name_is_shown() {
        let body = br#"{"address":"a","port":1,"":1,"checks":[{"type":"tcp","":{}}]}"#;
        let refusal = decode::<Registration>(body, Strictness::Strict).expect_err("unknown");
        assert_eq!(refusal.code, Code::UnknownField);
        let fields: Vec<_> = refusal.errors.iter().map(|error| &error.field).collect();
        assert_eq!(fields, ["\"\"", "checks[0].\"\""]);
    }

    #[test]
    fn lenient_reading_passes_over_what_is_unknown() {
        let body = br#"{"address":"a","port":1,"x":1}"#;
        assert!(decode::<Registration>(body, Strictness::Lenient).is_ok());
    }

    #[test]
    fn an_answer_names_a_bounded_number_of_fields() {
        let fields: Vec<_> = (0..1000)
            .map(|i| format!("\"{i}{}\":1", "x".repeat(999)))
            .collect();
        let body = format!(r#"{{"address":"a","port":1,{}}}"#, fields.join(","));
        let refusal =
            decode::<Registration>(body.as_bytes(), Strictness::Strict).expect_err("unknown");
        assert_eq!(refusal.errors.len(), ERRORS_MAX);
    }
}
