//! What a registration may say, and that what was said comes back.

use std::num::NonZeroU16;
use std::sync::Arc;

use paste_model::{InstanceId, Member, Revision};

use super::*;
use crate::{Registered, Strictness, decode};

const FULL: &str = r#"{
    "address": "10.0.0.7", "port": 8080, "ports": {"admin": 9000, "metrics": 9100}, "protocol": "http",
    "version": "1.4.2", "weight": 50, "region": "eu", "zone": "eu-a", "tags": ["canary", "b"],
    "metadata": {"team": "pay"}, "status": "starting",
    "checks": [{"type": "http", "path": "/ok", "interval": "5s", "timeout": "500ms"}, {"type": "grpc", "service": "x"}, {"type": "tcp", "port": 1}],
    "session": "proc-1", "ephemeral": false
}"#;

fn read(body: &str) -> Result<Registered, crate::Refusal> {
    decode::<Registration>(body.as_bytes(), Strictness::Strict)?.try_into()
}

fn member(registered: Registered) -> Member {
    Member {
        id: InstanceId::new("a").expect("valid"),
        instance: Arc::new(registered.instance),
        revision: Revision(7),
        overridden: None,
        session_health: None,
        check_health: None,
    }
}

#[test]
fn what_is_registered_is_answered() {
    let sent: serde_json::Value = serde_json::from_str(FULL).expect("json");
    let mut answered =
        serde_json::to_value(Instance::from(&member(read(FULL).expect("valid")))).expect("json");
    let object = answered.as_object_mut().expect("object");
    for (key, value) in [
        ("id", "a".into()),
        ("health", "passing".into()),
        ("revision", 7.into()),
    ] {
        assert_eq!(object.remove(key), Some(value));
    }
    assert_eq!(answered, sent);
}

#[test]
fn a_stored_instance_registers_again() {
    let first = read(FULL).expect("valid");
    let again = Registered::try_from(Registration::from(&first.instance)).expect("valid");
    assert_eq!(first, again);
}

#[test]
fn defaults_hold() {
    let registered = read(r#"{"address":"a","port":1}"#).expect("valid").instance;
    assert!(registered.ephemeral && registered.session.is_none());
    assert_eq!(
        (registered.status, registered.weight.get()),
        (paste_model::Status::Up, 100)
    );
    let wire = Registration::at("a", NonZeroU16::MIN);
    assert_eq!(
        serde_json::to_string(&wire).expect("json"),
        r#"{"address":"a","port":1}"#
    );
}

#[test]
fn every_rule_is_named_by_its_field() {
    let many = |count: usize, item: fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(",")
    };
    let tags = format!(r#""tags":[{}]"#, many(65, |i| format!("\"t{i}\"")));
    let ports = format!(r#""ports":{{{}}}"#, many(33, |i| format!("\"p{i}\":1")));
    let pairs = format!(
        r#""metadata":{{{}}}"#,
        many(65, |i| format!("\"k{i}\":\"\""))
    );
    let bulky = format!(r#""metadata":{{"k":"{}"}}"#, "x".repeat(4096));
    let checks = format!(
        r#""checks":[{}]"#,
        many(9, |_| r#"{"type":"tcp"}"#.to_owned())
    );
    let cases: &[(&str, &str, &str)] = &[
        (r#""address":"a b""#, "address", "host name"),
        (r#""ports":{"":1}"#, "ports.", "label_bytes_max"),
        (&ports, "ports", "ports_max"),
        (r#""protocol":"a b""#, "protocol", "white space"),
        (r#""version":"1.4""#, "version", "semantic version"),
        (r#""weight":10001"#, "weight", "weight_max"),
        (r#""region":"""#, "region", "label_bytes_max"),
        (r#""zone":"\u0000""#, "zone", "control"),
        (&tags, "tags", "tags_max"),
        (r#""tags":["a","a"]"#, "tags[1]", "twice"),
        (&pairs, "metadata", "metadata_keys_max"),
        (&bulky, "metadata", "metadata_bytes_max"),
        (&checks, "checks", "checks_max"),
        (
            r#""checks":[{"type":"tcp","path":"/"}]"#,
            "checks[0].path",
            "http",
        ),
        (
            r#""checks":[{"type":"http","service":"x"}]"#,
            "checks[0].service",
            "grpc",
        ),
        (
            r#""checks":[{"type":"http","path":"x"}]"#,
            "checks[0].path",
            "begin with '/'",
        ),
        (
            r#""checks":[{"type":"tcp","interval":"10ms"}]"#,
            "checks[0].interval",
            "check_interval_min",
        ),
        (
            r#""checks":[{"type":"tcp","timeout":"2m"}]"#,
            "checks[0].timeout",
            "check_timeout_max",
        ),
        (r#""session":"a/b""#, "session", "'/'"),
        (r#""ttl":"1ms""#, "ttl", "ttl_min"),
        (r#""remove_after":"9d""#, "remove_after", "remove_after_max"),
        (
            r#""ttl":"60s","remove_after":"30s""#,
            "remove_after",
            "at least the ttl",
        ),
    ];
    for (fields, field, rule) in cases {
        // The later of two addresses would be a field that stands twice.
        let address = if fields.contains("\"address\"") {
            ""
        } else {
            r#""address":"a","#
        };
        let refusal = read(&format!(r#"{{{address}{fields},"port":1}}"#)).expect_err(fields);
        let [error] = &refusal.errors[..] else {
            panic!("{fields}: {refusal:?}")
        };
        assert_eq!(error.field, *field, "{refusal:?}");
        assert!(error.detail.contains(rule), "{refusal:?}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let refusal = read(r#"{"address":"a b","port":1,"version":"x","zone":""}"#).expect_err("wrong");
    let fields: Vec<_> = refusal
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(fields, ["address", "version", "zone"]);
}
