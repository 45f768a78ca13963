//! The scenario agent, driven as the scenarios of all SDKs drive it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::backend::Backend;
use crate::registry::{Registry, profile};

struct Agent {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Agent {
    fn start() -> Self {
        let mut child = Command::new(profile().join("examples/scenario"))
            .env_remove("PASTE_REGISTRY_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo builds examples with all tests of the package");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self {
            child,
            input,
            output,
        }
    }

    fn ask(&mut self, command: &Value) -> Value {
        writeln!(self.input, "{command}").expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command}: {line:?}: {error}"))
    }
}

#[tokio::test]
async fn the_agent_does_what_it_is_told_and_leaves_nothing_behind() {
    let registry = Registry::start();
    let backend = Backend::start("one").await;
    registry.put("orders", "one", backend.port(), "");
    registry.ask(
        "PUT",
        "/api/v1/configs/g/k",
        r#"{"content":"x","format":"text"}"#,
    );
    let url = format!("http://{}", registry.address());
    let folder = tempfile::tempdir().expect("a folder");
    let driven = tokio::task::spawn_blocking(move || {
        let mut agent = Agent::start();
        let own = json!({"service": "own", "address": "127.0.0.1", "port": 9, "id": "me", "version": "1.0.0"});
        let start = json!({"do": "start", "urls": [url], "services": ["orders"], "configs": ["g/k"],
            "register": own, "snapshot_folder": folder.path()});
        assert_eq!(agent.ask(&start), json!({"ok": true}));
        let known = agent.ask(&json!({"do": "instances", "service": "orders", "wait_ms": 20_000}));
        assert_eq!(known["ids"], json!(["one"]), "{known}");
        let picked = agent.ask(&json!({"do": "pick", "service": "orders", "count": 3}));
        assert_eq!(picked, json!({"picked": {"one": 3}}));
        let called =
            agent.ask(&json!({"do": "call", "service": "orders", "path": "/x", "count": 5}));
        assert_eq!(called, json!({"ok": 5, "failed": 0}));
        let config = agent.ask(&json!({"do": "config", "name": "g/k", "wait_ms": 20_000}));
        assert_eq!(config, json!({"content": "x", "release": 1}));
        assert_eq!(
            agent.ask(&json!({"do": "registered"})),
            json!({"registered": true})
        );
        assert_eq!(
            agent.ask(&json!({"do": "block", "ms": 10})),
            json!({"ok": true})
        );
        let events = agent.ask(&json!({"do": "events"}));
        assert!(
            events["events"].to_string().contains("connected"),
            "{events}"
        );
        assert!(agent.ask(&json!({"do": "dance"}))["error"].is_string());
        assert_eq!(agent.ask(&json!({"do": "close"})), json!({"left": []}));
        assert!(agent.child.wait().expect("it ends").success());
    });
    driven.await.expect("as told");
    let services = registry.ask("GET", "/api/v1/services/own/instances?all=true", "");
    assert!(services.contains("\"instances\":[]"), "{services}");
}
