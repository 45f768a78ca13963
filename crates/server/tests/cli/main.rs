//! The binary from outside: every command against a real registry, with its exit code and its JSON; the start, refused
//! and accepted; the demo.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what a test needs and doesn't get fails the test"
)]

mod configs;
mod process;

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use process::{Registry, command, eventually, run};

/// Exit codes, as documented.
const OK: i32 = 0;
const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;
const CONFLICT: i32 = 5;
const UNREACHABLE: i32 = 6;

#[test]
fn the_life_of_an_instance() {
    let registry = Registry::start(&[]);
    let registered = registry.json("register orders a --address 10.0.0.1 --port 80 --version 1.4.2 --zone z --tag blue --meta team=x");
    assert_eq!(registered["id"], "a");
    assert_eq!(registered["metadata"]["team"], "x");
    registry.json("register orders b --address 10.0.0.2 --port 80 --version 2.0.0 --persistent");

    let services = registry.json("services");
    assert_eq!(services["services"][0]["service"], "orders");
    assert_eq!(services["services"][0]["instances"], 2);
    let ids = |line: &str| -> Vec<String> {
        let list = registry.json(line);
        let instances = list["instances"].as_array().expect("a list").iter();
        instances
            .map(|one| one["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(ids("instances orders"), ["a", "b"]);
    assert_eq!(ids("instances orders --range ^1.4"), ["a"]);
    assert_eq!(
        ids("instances orders --tag blue --zone z --meta team=x"),
        ["a"]
    );
    assert_eq!(ids("instances orders --limit 1"), ["a"]);

    registry.json("override set orders b maintenance --reason repair");
    assert_eq!(ids("instances orders"), ["a"]);
    assert_eq!(ids("instances orders --all"), ["a", "b"]);
    let why = registry.json("explain orders");
    assert!(why.to_string().contains("repair"), "{why}");
    let cleared = registry.run("override clear orders b");
    assert_eq!(cleared.code, OK, "{}", cleared.err);
    let events = registry.json("events orders");
    assert!(
        events["events"]
            .as_array()
            .is_some_and(|events| events.len() >= 4),
        "{events}"
    );

    assert_eq!(
        registry.run("deregister orders a --if-match 1000000").code,
        CONFLICT
    );
    assert_eq!(registry.run("deregister orders a").code, OK);
    assert_eq!(ids("instances orders"), ["b"]);
    registry.stop();
}

#[test]
fn tables_are_for_people() {
    let registry = Registry::start(&[]);
    registry.run("register orders a --address 10.0.0.1 --port 80 --version 1.4.2");
    assert_eq!(registry.json("cluster")["mode"], "alone");
    for (line, parts) in [
        ("services", &["SERVICE", "orders"][..]),
        (
            "instances orders",
            &["ADDRESS", "10.0.0.1:80", "1.4.2", "passing"],
        ),
        ("explain orders", &["ELIGIBLE", "yes"]),
        ("events orders", &["WHAT", "registered"]),
        ("status", &["revision", "1 services, 1 instances"]),
        ("cluster", &["alone", "NAME", "REVISION"]),
        ("namespace list", &["default"]),
        ("token list", &["admin"]),
    ] {
        let output = registry.run(line);
        assert_eq!(output.code, OK, "{line}: {}", output.err);
        for part in parts {
            assert!(output.out.contains(part), "{line}: {}", output.out);
        }
        assert_eq!(output.err, "", "{line}");
    }
    registry.stop();
}

#[test]
fn failures_have_a_code_and_one_sentence() {
    let registry = Registry::start(&[]);
    for (line, code, part) in [
        ("instances nothing", NOT_FOUND, "unknown-service"),
        ("deregister nothing a", NOT_FOUND, "("),
        (
            "register orders a/b --address h --port 80",
            USAGE,
            "instance id",
        ),
        (
            "register orders a --address h --port 80 --version x",
            USAGE,
            "version",
        ),
        (
            "register orders a --address h --port 80 --check smoke",
            USAGE,
            "'smoke' is not a check",
        ),
        ("token delete nobody", NOT_FOUND, "unknown-token"),
        ("namespace delete nowhere", NOT_FOUND, "unknown-namespace"),
        (
            "status --url http://127.0.0.1:1",
            UNREACHABLE,
            "can't reach the registry at http://127.0.0.1:1",
        ),
        (
            "cluster --url http://127.0.0.1:1",
            UNREACHABLE,
            "can't reach the registry at http://127.0.0.1:1",
        ),
        ("status --url nonsense", USAGE, "'nonsense' is not the URL"),
        ("status --token-file /nowhere", USAGE, "/nowhere"),
    ] {
        let output = registry.run(line);
        assert_eq!(output.code, code, "{line}: {} {}", output.out, output.err);
        assert!(output.err.contains(part), "{line}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{line}: {}", output.err);
        assert_eq!(output.out, "", "{line}");
    }
    registry.stop();
}

#[test]
fn tokens_open_what_they_grant() {
    let registry = Registry::start(&["--set", "access.anonymous=never"]);
    let token = registry.dir().join("admin-token");
    let mode = std::fs::metadata(&token)
        .expect("left there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let admin = std::fs::read_to_string(&token).expect("readable");
    assert!(
        admin.starts_with("prt_") && admin.trim().len() >= 43,
        "{}",
        admin.len()
    );

    assert_eq!(registry.run("services").code, REFUSED);
    assert_eq!(registry.run("cluster").code, REFUSED);
    let as_admin = format!("--token-file {}", token.display());
    let made = registry.run(&format!(
        "token create ci --grant register:default:orders --expires-in 1d {as_admin}"
    ));
    assert_eq!(made.code, OK, "{}", made.err);
    let secret = made.out.trim();
    let file = registry.dir().join("ci-token");
    std::fs::write(&file, secret).expect("written");
    let as_ci = format!("--token-file {}", file.display());
    assert_eq!(
        registry
            .run(&format!("register orders a --address h --port 80 {as_ci}"))
            .code,
        OK
    );
    assert_eq!(
        registry
            .run(&format!("register other a --address h --port 80 {as_ci}"))
            .code,
        REFUSED
    );
    assert_eq!(
        registry
            .run(&format!("token create x --grant admin {as_ci}"))
            .code,
        REFUSED
    );
    assert_eq!(
        registry
            .run(&format!("token create ci --grant read {as_admin}"))
            .code,
        CONFLICT
    );
    let output = command("services")
        .env("PASTE_REGISTRY_URL", registry.url())
        .env("PASTE_REGISTRY_TOKEN", secret)
        .output();
    assert!(output.is_ok());
    assert_eq!(
        registry.run(&format!("token delete ci {as_admin}")).code,
        OK
    );
    assert_eq!(
        registry.run(&format!("instances orders {as_ci}")).code,
        REFUSED
    );

    // The administrator's token is made once.
    let registry = registry.restart();
    let again = std::fs::read_to_string(&token).expect("still there");
    assert_eq!(again, admin);
    assert_eq!(registry.run(&format!("services {as_admin}")).code, OK);
    registry.stop();
}

#[test]
fn namespaces_come_and_go() {
    let registry = Registry::start(&[]);
    assert_eq!(
        registry.run("namespace create blue --description sky").code,
        OK
    );
    assert_eq!(
        registry
            .run("register orders a --address h --port 80 --namespace blue")
            .code,
        OK
    );
    assert_eq!(registry.run("namespace delete blue").code, CONFLICT);
    assert_eq!(
        registry.json("services --namespace blue")["services"][0]["service"],
        "orders"
    );
    assert_eq!(registry.run("instances orders").code, NOT_FOUND);
    registry.stop();
}

#[test]
fn a_watch_shows_what_changes_and_survives_a_restart() {
    let registry = Registry::start(&[]);
    registry.run("register orders a --address h --port 80 --persistent");
    let watch = registry.spawn("watch orders --output json");
    let first = watch.line_with("snapshot");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(first["data"]["instances"][0]["id"], "a");
    registry.run("register orders b --address h --port 80 --persistent");
    watch.line_with("\"upserted\"");
    let registry = registry.restart();
    registry.run("register orders c --address h --port 80 --persistent");
    watch.line_with("\"id\":\"c\"");
    registry.stop();
}

#[test]
fn a_held_registration_goes_with_its_process() {
    let registry = Registry::start(&[]);
    let held = registry.spawn("register orders a --address h --port 80 --hold");
    held.line_with("is registered");
    assert_eq!(registry.run("instances orders").code, OK);
    held.interrupt();
    held.ended();
    eventually("deregistered", || {
        registry.json("instances orders --all")["instances"]
            .as_array()
            .is_some_and(Vec::is_empty)
    });
    registry.stop();
}

#[test]
fn a_backup_brings_everything_back() {
    let registry = Registry::start(&[]);
    registry.run("register orders a --address h --port 80 --persistent");
    let file = registry.dir().join("saved");
    let saved = registry.json(&format!("backup {}", file.display()));
    assert_eq!(
        saved["bytes"],
        std::fs::metadata(&file).expect("there").len()
    );
    assert_eq!(
        registry.run(&format!("backup {}", file.display())).code,
        USAGE
    );
    registry.run("deregister orders a");
    let epoch = registry.json("status")["epoch"].clone();
    let restored = registry.json(&format!("restore {}", file.display()));
    assert_ne!(restored["epoch"], epoch);
    assert_eq!(registry.json("instances orders")["instances"][0]["id"], "a");
    std::fs::write(&file, "rubbish").expect("written");
    let refused = registry.run(&format!("restore {}", file.display()));
    assert_eq!(refused.code, USAGE, "{}", refused.err);
    assert!(refused.err.contains("invalid-backup"), "{}", refused.err);
    registry.stop();
}

#[test]
fn a_start_that_is_refused_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("r.toml");
    std::fs::write(&file, "[http]\nadress = \"x\"\n").expect("written");
    let broken = format!("serve --config {}", file.display());
    for (line, part) in [
        (
            "serve --http 0.0.0.0:0",
            "set access.anonymous = \"never\" and tls.certificate and tls.key",
        ),
        (
            "serve --set http.adress=1",
            "flag --set http.adress: there is no option 'adress'",
        ),
        (
            "serve --store mongodb",
            "flag --store: store.backend: 'mongodb' is neither embedded nor etcd://HOST:PORT",
        ),
        ("serve --set log.filter=info,=", "log.filter"),
        (broken.as_str(), "r.toml:2:1: there is no option 'adress'"),
        (&broken.replace("serve", "config check"), "r.toml:2:1"),
        (
            "config check --set tls.key=k --set tls.certificate=c",
            "tls: can't read c",
        ),
        ("demo --http 0.0.0.0:0", "only listens on this machine"),
    ] {
        let output = run(command(line).current_dir(dir.path()));
        assert_eq!(output.code, USAGE, "{line}: {}", output.err);
        assert!(output.err.contains(part), "{line}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{line}: {}", output.err);
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("listed").count(),
        1,
        "nothing was written"
    );
    assert_eq!(
        run(command("config check").current_dir(dir.path())).code,
        OK
    );
}

#[test]
fn a_second_registry_leaves_the_first_one_alone() {
    let registry = Registry::start(&[]);
    let dir = registry.dir().display();
    let second = run(&mut command(&format!(
        "serve --http 127.0.0.1:0 --data-dir {dir}"
    )));
    assert_ne!(second.code, OK);
    let url = registry.url();
    let taken = run(&mut command(&format!(
        "serve --http {} --data-dir {dir}/other",
        url.trim_start_matches("http://")
    )));
    assert_ne!(taken.code, OK);
    assert!(taken.err.contains("can't listen on"), "{}", taken.err);
    assert_eq!(registry.run("status").code, OK);
    registry.stop();
}

#[test]
fn encryption_works_from_end_to_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("made");
    std::fs::write(&certificate, pair.cert.pem()).expect("written");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    let registry = Registry::start(&[
        "--set",
        &format!("tls.certificate={}", certificate.display()),
        "--set",
        &format!("tls.key={}", key.display()),
    ]);
    let url = registry.url().replace("http:", "https:");
    let trusted = format!("status --url {url} --ca-file {}", certificate.display());
    let output = registry.run(&trusted);
    assert_eq!(output.code, OK, "{}", output.err);
    let output = registry.run(&format!("status --url {url}"));
    assert_eq!(output.code, UNREACHABLE, "{}", output.err);
    registry.stop();
}

#[test]
fn metrics_and_readiness_are_served() {
    let registry = Registry::start(&[]);
    let metrics = registry.get("/metrics");
    assert!(
        metrics.contains("paste_registry_connections_open 1"),
        "{metrics}"
    );
    // What the reference names is there, whatever has happened so far.
    let named = include_str!("../../../../docs/reference/metrics.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for name in named {
        assert!(
            metrics.contains(&format!("\n{name}")),
            "{name} in {metrics}"
        );
    }
    assert!(registry.get("/readyz").contains("200 OK"));
    registry.stop();
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&mut command(&format!("completion {shell}")));
        assert_eq!(output.code, OK);
        assert!(output.out.contains("paste-registry"));
    }
}

#[test]
fn the_demo_moves_and_takes_everything_with_it() {
    let demo = process::spawn(&mut command("demo --http 127.0.0.1:0"));
    let line = demo.line_with("The registry is at");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http"))
        .expect("a URL");
    let url = url.trim_end_matches(',').to_owned();
    let offered = || {
        let output = run(command("services --output json").env("PASTE_REGISTRY_URL", &url));
        serde_json::from_str::<Value>(&output.out).unwrap_or_default()
    };
    eventually("everybody is registered", || {
        let services = offered();
        let services = services["services"].as_array().into_iter().flatten();
        services
            .filter_map(|service| service["instances"].as_u64())
            .sum::<u64>()
            == 7
    });
    let children = process::children_of(demo.id());
    assert_eq!(children.len(), 7);
    demo.interrupt();
    demo.line_with("The demo is over");
    demo.ended();
    eventually("the children are gone", || {
        children
            .iter()
            .all(|child| !std::path::Path::new(&format!("/proc/{child}")).exists())
    });
}
