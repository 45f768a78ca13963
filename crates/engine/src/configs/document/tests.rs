//! Documents: good ones are read, bad ones are refused with their place, and hostile ones cost little.

use paste_model::Format;
use paste_model::limits::CONFIG_CHUNK_BYTES;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn place(format: Format, content: &str) -> Option<(u64, u64)> {
    let refused = check(format, content.as_bytes()).expect_err(content);
    assert!(
        !refused.reason.is_empty() && !refused.reason.contains('\n'),
        "{refused:?}"
    );
    refused.place
}

#[test]
fn what_is_malformed_is_refused_with_line_and_column() {
    assert_eq!(place(Format::Json, "{\"a\": 1,\n \"b\": }"), Some((2, 7)));
    assert_eq!(
        place(Format::Json, "{\"ä\": 1 \"b\": 2}").map(|(line, _)| line),
        Some(1)
    );
    assert_eq!(
        place(Format::Json, "{\"a\": 1, \"a\": 2}").map(|(line, _)| line),
        Some(1)
    );
    assert_eq!(
        place(Format::Yaml, "a: 1\nb: [1, 2\nc: 3\n").map(|(line, _)| line > 1),
        Some(true)
    );
    assert!(place(Format::Yaml, "a: 1\na: 2\n").is_some());
    assert_eq!(
        place(Format::Toml, "a = 1\nb = \n").map(|(line, _)| line),
        Some(2)
    );
    assert_eq!(place(Format::Properties, "a=1\nb=\\u12g4\n"), Some((2, 1)));
    let latin1 = check(Format::Text, b"a\nb\xff").expect_err("not UTF-8");
    assert_eq!(latin1.place, Some((2, 2)));
}

#[test]
fn what_is_well_formed_is_read() {
    for (format, content) in [
        (Format::Json, "{\"a\": [1, null, true, 1.5, \"x\"]}"),
        (Format::Yaml, "a: [1, null, true, 1.5, x]\n"),
        (Format::Toml, "b = 1979-05-27\na = [1, 2]\n"),
        (Format::Yaml, ""),
        (Format::Yaml, "---\na: 1\n---\nb: 2\n"),
        (Format::Properties, ""),
        (Format::Text, "whatever: [it is"),
    ] {
        check(format, content.as_bytes()).expect(content);
    }
    let expected = json!({"a": {"b": [1, "x"], "7": true}});
    let yaml = value(Format::Yaml, b"a:\n  b: [1, x]\n  7: true\n").expect("valid");
    assert_eq!(yaml, expected);
    let toml = value(Format::Toml, b"[a]\nb = [1, \"x\"]\n7 = true\n").expect("valid");
    assert_eq!(toml, expected);
    assert!(
        value(Format::Yaml, b"---\na: 1\n---\nb: 2\n").is_err(),
        "a schema is for one"
    );
}

#[test]
fn properties_are_read_as_java_does() {
    let text = "# comment\n! comment\n\n a = 1\nb:2\nc 3\nd\ne=x\\\n   y\nf\\ g=\\u00e9\\t\\\\\nh=\\ud83d\\ude00\na=last\r\ni=\n";
    let read = value(Format::Properties, text.as_bytes()).expect("valid");
    let expected = json!({
        "a": "last", "b": "2", "c": "3", "d": "", "e": "xy", "f g": "é\t\\", "h": "😀", "i": "",
    });
    assert_eq!(read, expected);
    assert!(
        check(Format::Properties, b"a=\\ud83d").is_err(),
        "half a character"
    );
}

#[test]
fn hostile_documents_are_refused() {
    let deep = "[".repeat(1024 * 1024);
    for format in [Format::Json, Format::Yaml, Format::Toml] {
        assert!(check(format, deep.as_bytes()).is_err(), "{format:?}");
    }
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert!(
        check(Format::Yaml, bomb.as_bytes()).is_err(),
        "an alias bomb"
    );
}

#[test]
fn a_schema_says_what_does_not_fit() {
    let schema = json!({
        "type": "object",
        "required": ["port"],
        "properties": {"port": {"type": "integer", "maximum": 65535}, "name": {"pattern": "^[a-z]+$"}},
    });
    let schema = Schema::compile(schema.to_string().as_bytes()).expect("valid");
    let checked = |content: &str| {
        let value = value(Format::Yaml, content.as_bytes()).expect("valid");
        schema.check(&value).map_err(|violations| {
            violations
                .into_iter()
                .map(|violation| violation.path)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(checked("port: 80\nname: x\n"), Ok(()));
    assert_eq!(checked("name: x\n"), Err(vec![String::new()]));
    assert_eq!(
        checked("port: 70000\nname: X\n"),
        Err(vec!["/port".to_owned(), "/name".to_owned()])
    );
}

#[test]
fn a_schema_that_can_not_be_is_refused() {
    for schema in [
        "{",
        "{\"type\": 7}",
        "{\"$ref\": \"https://example.com/other.json\"}",
        "{\"$ref\": \"file:///etc/passwd\"}",
        "{\"pattern\": \"(\"}",
        "{\"pattern\": \"(a{1000}){1000}\"}",
    ] {
        assert!(Schema::compile(schema.as_bytes()).is_err(), "{schema}");
    }
    let endless = Schema::compile(b"{\"$ref\": \"#\"}");
    assert!(endless.is_err() || endless.is_ok_and(|schema| schema.check(&json!(1)).is_ok()));
}

#[test]
fn differences_are_told_as_diff_does() {
    let from = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
    let to = "a\nb\nc\nd\nE\nf\ng\nh\ni\nj\n";
    let hunks = diff(from.as_bytes(), to.as_bytes());
    let text = unified(&hunks, "one", "two");
    assert_eq!(
        text,
        "--- one\n+++ two\n@@ -2,8 +2,9 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n i\n+j\n"
    );
    assert!(diff(b"same\n", b"same\n").is_empty());
    assert_eq!(
        unified(&diff(b"", b"x\n"), "a", "b"),
        "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n"
    );
}

proptest! {
    #[test]
    fn content_survives_its_pieces(content in prop::collection::vec(any::<u8>(), 0..2_000), repeat in 1..400_usize) {
        let content = content.repeat(repeat);
        let pieces = pieces(&content);
        prop_assert_eq!(pieces.len(), content.len().div_ceil(CONFIG_CHUNK_BYTES));
        for (id, piece) in &pieces {
            prop_assert_eq!(*id, paste_model::BlobId::of(piece));
            prop_assert!(piece.len() <= CONFIG_CHUNK_BYTES + 1);
        }
        prop_assert_eq!(join(pieces.iter().map(|(_, piece)| piece.as_ref())).expect("own pieces"), content);
    }

    #[test]
    fn nonsense_is_no_piece(piece in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(content) = join(std::iter::once(piece.as_slice())) {
            prop_assert!(content.len() <= CONFIG_CHUNK_BYTES);
        }
    }

    #[test]
    fn no_text_makes_a_reader_fall(text in ".{0,200}") {
        for format in Format::ALL {
            let read = value(format, text.as_bytes());
            prop_assert!(read.is_err() || check(format, text.as_bytes()).is_ok());
        }
    }
}

#[test]
fn what_would_inflate_without_end_is_refused() {
    let zeros = pieces(&vec![0; CONFIG_CHUNK_BYTES]);
    let (_, piece) = &zeros[0];
    assert!(piece.len() < 1024);
    let mut encoder = flate2::write::DeflateEncoder::new(vec![1], flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &vec![0; CONFIG_CHUNK_BYTES * 4]).expect("memory");
    let bomb = encoder.finish().expect("memory");
    assert!(join(std::iter::once(bomb.as_slice())).is_err());
}
