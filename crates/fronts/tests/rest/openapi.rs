//! The document that is committed is the one that is served, and it speaks of every path and code.

use std::path::Path;

use paste_api::Code;
use serde_json::Value;

use crate::harness::House;

#[tokio::test]
async fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let document = paste_fronts::rest::openapi_document();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, &document).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "docs/openapi.json is out of date: run this test with UPDATE=1"
    );
    let served = House::new().await.get("/openapi.json").await;
    assert_eq!(served.body, document.as_bytes());
}

#[test]
fn it_is_complete() {
    let text = paste_fronts::rest::openapi_document();
    let document: Value = serde_json::from_str(&text).expect("json");
    assert!(
        document["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    for code in Code::ALL {
        let silent = [Code::NotFound, Code::MethodNotAllowed];
        assert!(
            silent.contains(code) || text.contains(&format!("`{}`", code.as_str())),
            "{}",
            code.as_str()
        );
    }
    let mut ids = std::collections::HashSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(
                ids.insert(id.to_owned()),
                "{method} {path}: {id} stands twice"
            );
            let named = operation["parameters"].as_array().map_or(0, |all| {
                all.iter().filter(|one| one["in"] == "path").count()
            });
            assert_eq!(named, path.matches('{').count(), "{path}");
        }
    }
    check_references(&document, &document);
}

/// Every reference leads somewhere.
fn check_references(value: &Value, document: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get("$ref") {
                let found = to
                    .strip_prefix('#')
                    .and_then(|pointer| document.pointer(pointer));
                assert!(found.is_some(), "{to}");
            }
            fields
                .values()
                .for_each(|inner| check_references(inner, document));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|inner| check_references(inner, document)),
        _ => {}
    }
}
