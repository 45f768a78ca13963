//! The whole registry, from outside: the real binary, real processes, real sockets. One test program.
//!
//! Nothing here waits for a length of time in order to be in step with something: it waits for what it can see. Where
//! a length of time is itself the subject (a pause, a slow peer), the test says so.

mod configs;
mod damage;
mod data;
mod deploy;
mod files;
mod hostile;
mod liveness;
mod overrides;
mod processes;
mod reload;
mod resume;
mod tour;

use std::path::Path;

use serde_json::{Value, json};

/// The service program that cargo builds beside these tests.
fn service_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_paste-test-service"))
}

/// A registration that no test connects to.
fn registration() -> Value {
    json!({ "address": "127.0.0.1", "port": 8080 })
}

/// The path of an instance in the default namespace.
fn instance(service: &str, id: &str) -> String {
    format!("/api/v1/services/{service}/instances/{id}")
}

/// The path of a service's instances in the default namespace.
fn instances(service: &str) -> String {
    format!("/api/v1/services/{service}/instances")
}

/// The ids in an answer to [`instances`].
fn ids(answer: &Value) -> Vec<String> {
    let instances = answer["instances"].as_array().into_iter().flatten();
    instances
        .map(|instance| instance["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}
