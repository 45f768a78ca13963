//! A scenario agent (docs/sdk.md) that does it wrong, for the tests of the scenarios: it keeps no copy, but asks the registry
//! each time, and takes a registry that doesn't answer for an empty service.

use std::io::{self, BufRead, Write};

use paste_tests::http;
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut registry = String::new();
    for line in io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line?)?;
        let answer = match command["do"].as_str() {
            Some("start") => {
                let url = command["urls"][0].as_str().unwrap_or_default();
                registry = url.trim_start_matches("http://").to_owned();
                register(&registry, &command["register"]);
                json!({ "ok": true })
            }
            Some("instances") => json!({ "ids": ids(&registry, &command), "age_ms": 0 }),
            Some("pick") => match ids(&registry, &command).first() {
                Some(id) => json!({ "picked": { id: command["count"] } }),
                None => json!({ "picked": {} }),
            },
            Some("registered") => json!({ "registered": true }),
            Some("close") => json!({ "left": [] }),
            _ => json!({ "error": "it doesn't know how" }),
        };
        writeln!(io::stdout(), "{answer}")?;
        if command["do"] == "close" {
            break;
        }
    }
    Ok(())
}

fn register(registry: &str, instance: &Value) {
    let (Some(service), Some(id)) = (instance["service"].as_str(), instance["id"].as_str()) else {
        return;
    };
    let path = format!("/api/v1/services/{service}/instances/{id}");
    // Without a session and a heartbeat: it has an hour.
    let body = json!({ "address": instance["address"], "port": instance["port"], "ttl": "1h" });
    let _forgotten = http::request(registry, "PUT", &path, &[], Some(&body)).is_err();
}

/// The ids as of now; none if there is no answer.
fn ids(registry: &str, command: &Value) -> Vec<String> {
    let service = command["service"].as_str().unwrap_or_default();
    let path = format!("/api/v1/services/{service}/instances");
    let reply = http::request(registry, "GET", &path, &[], None);
    let answer = reply.map(|reply| reply.json()).unwrap_or_default();
    let instances = answer["instances"].as_array().into_iter().flatten();
    instances
        .filter_map(|instance| instance["id"].as_str())
        .map(str::to_owned)
        .collect()
}
