//! The commands for configuration items, against a real registry.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Output, Registry};
use crate::{CONFLICT, NOT_FOUND, OK, USAGE};

/// Runs a command with a text on its standard input.
fn with_input(registry: &Registry, line: &str, input: &str) -> Output {
    let mut command = registry.command(line);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ended");
    Output {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn set(registry: &Registry, content: &str) {
    let output = with_input(registry, "config set shop/app.yaml - -m why", content);
    assert_eq!(output.code, OK, "{}", output.err);
}

fn get(registry: &Registry) -> String {
    registry.run("config get shop/app.yaml").out
}

#[test]
fn what_is_published_is_read_byte_for_byte_and_undone_step_by_step() {
    let registry = Registry::start(&[]);
    for content in ["port: 1", "port: 2\r\n\n", "# ünï\nport: 3\n"] {
        set(&registry, content);
        assert_eq!(get(&registry), content, "exactly");
    }
    let history = registry.json("config history shop/app.yaml");
    let numbers: Vec<_> = history
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| one["release"].clone())
        .collect();
    assert_eq!(numbers, [json!(3), json!(2), json!(1)], "newest first");
    assert_eq!(history[0]["comment"], "why");
    for expected in ["port: 2\r\n\n", "port: 1"] {
        let back = registry.run("config rollback shop/app.yaml");
        assert_eq!(back.code, OK, "{}", back.err);
        assert_eq!(get(&registry), expected);
    }
    assert_eq!(registry.run("config rollback shop/app.yaml").code, CONFLICT);
    assert_eq!(
        registry.run("config get shop/app.yaml --release 3").out,
        "# ünï\nport: 3\n"
    );
    let diff = registry
        .run("config diff shop/app.yaml --from 1 --to 3")
        .out;
    assert!(diff.contains("-port: 1\n+# ünï\n+port: 3\n"), "{diff}");

    let refused = with_input(
        &registry,
        "config set shop/app.yaml - --output json",
        "port: [",
    );
    assert_eq!((refused.code, refused.out.as_str()), (USAGE, ""));
    let problem: Value = serde_json::from_str(&refused.err).expect("a problem document");
    assert_eq!(problem["code"], "invalid-content");
    assert_eq!(registry.run("config get shop/none").code, NOT_FOUND);
    let missing = registry.run("config set shop/app.yaml /nowhere");
    assert_eq!(missing.code, USAGE);
    assert!(missing.err.contains("/nowhere"), "{}", missing.err);
    assert_eq!(registry.run("config delete shop/app.yaml").code, OK);
    assert_eq!(registry.run("config get shop/app.yaml").code, NOT_FOUND);
}

#[test]
fn a_trial_is_begun_widened_and_ended() {
    let registry = Registry::start(&[]);
    set(&registry, "a: 1\n");
    let begun = with_input(
        &registry,
        "config gray shop/app.yaml - --zone eu-1",
        "a: 2\n",
    );
    assert_eq!(begun.code, OK, "{}", begun.err);
    let listed = registry.json("config list --group shop");
    assert_eq!(listed[0]["gray"]["audience"], json!({"zones": ["eu-1"]}));
    let widened = registry.json("config gray shop/app.yaml --percent 50");
    assert_eq!(widened["gray"]["audience"], json!({"percent": 50}));
    assert_eq!(get(&registry), "a: 1\n");
    registry.json("config gray shop/app.yaml --promote");
    assert_eq!(get(&registry), "a: 2\n");
    assert_eq!(
        registry.run("config gray shop/app.yaml --abort").code,
        NOT_FOUND
    );
    let who = registry.json("config who shop/app.yaml");
    assert_eq!(
        (&who["release"], &who["subscribers"]),
        (&json!(2), &json!([]))
    );
}

#[test]
fn items_travel_in_folders_and_zip_files() {
    let registry = Registry::start(&[]);
    set(&registry, "a: 1\n");
    let other = with_input(&registry, "config set shared/db.json -", "{\"pool\": 9}");
    assert_eq!(other.code, OK, "{}", other.err);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["out", "out.zip"] {
        let path = folder.path().join(name);
        let path = path.to_str().expect("text");
        let exported = registry.run(&format!("config export {path}"));
        assert_eq!(exported.code, OK, "{}", exported.err);
        assert_eq!(
            registry.run(&format!("config export {path}")).code,
            USAGE,
            "it is there"
        );
        let again = registry.json(&format!("config import {path}"));
        assert_eq!(again["changed"], json!([]), "nothing differs");
        let staging = registry.json(&format!(
            "config import {path} --namespace {}",
            name.replace('.', "-")
        ));
        assert_eq!(
            staging["changed"],
            json!(["shared/db.json", "shop/app.yaml"])
        );
    }
    let file = folder.path().join("out/shop/app.yaml");
    std::fs::write(&file, "a: 2\n").expect("written");
    let path = folder.path().join("out");
    let path = path.to_str().expect("text");
    let shown = registry.run(&format!("config import {path} --dry-run"));
    assert!(shown.out.contains("-a: 1\n+a: 2\n"), "{}", shown.out);
    assert_eq!(get(&registry), "a: 1\n", "it was only shown");
    registry.run(&format!("config import {path} -m import"));
    assert_eq!(get(&registry), "a: 2\n");
    let effective = registry.json("config effective shared shop");
    assert_eq!(effective["configs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn secrets_leave_only_where_they_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    std::fs::write(&keys, format!("one:{}=\n", "A".repeat(43))).expect("written");
    let keys = format!("configs.secret_keys_file={}", keys.display());
    let registry = Registry::start(&["--set", &keys]);
    set(&registry, "a: 1\n");
    let secret = with_input(&registry, "config set shop/password - --secret", "hunter2");
    assert_eq!(secret.code, OK, "{}", secret.err);
    let (out, all) = (folder.path().join("out"), folder.path().join("all"));
    let exported = registry.run(&format!("config export {}", out.display()));
    assert!(
        exported.err.contains("1 secrets are left out"),
        "{}",
        exported.err
    );
    assert!(out.join("shop/app.yaml").exists());
    assert!(!out.join("shop/password").exists());
    let exported = registry.run(&format!("config export {} --secrets", all.display()));
    assert_eq!(exported.code, OK, "{}", exported.err);
    let written = std::fs::read_to_string(all.join("shop/password"));
    assert_eq!(written.expect("it is there"), "hunter2");
}

#[test]
fn an_editor_changes_an_item() {
    let registry = Registry::start(&[]);
    let edit = |editor: &str| {
        let mut command = registry.command("config edit shop/app.yaml -m edited");
        command.env("EDITOR", editor).env("PATH", "/usr/bin:/bin");
        crate::process::run(&mut command)
    };
    let made = edit("printf 'a: 1\\n' >");
    assert_eq!(made.code, OK, "{}", made.err);
    assert_eq!(get(&registry), "a: 1\n");
    let changed = edit("sed -i s/1/2/");
    assert_eq!(changed.code, OK, "{}", changed.err);
    assert_eq!(get(&registry), "a: 2\n");
    assert_eq!(edit("true").out.trim(), "nothing was changed");
    assert_ne!(edit("false").code, OK);
    assert_eq!(get(&registry), "a: 2\n");
}
