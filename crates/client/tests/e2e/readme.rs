//! The program of the README, as it stands there: the example `hello`, run.

use std::process::{Command, Stdio};

use crate::PATIENCE;
use crate::registry::{Registry, profile};

#[test]
fn the_program_of_the_readme_works() {
    let readme = include_str!("../../README.md");
    let program = include_str!("../../examples/hello.rs");
    let shown = program
        .split_once("\n\n")
        .map(|(_, program)| program.trim_end());
    assert!(
        readme.contains(shown.expect("a program")),
        "examples/hello.rs stands in the README"
    );
    let registry = Registry::start();
    let child = Command::new(profile().join("examples/hello"))
        .env(
            "PASTE_REGISTRY_URL",
            format!("http://{}", registry.address()),
        )
        .env_remove("PASTE_REGISTRY_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo builds examples with tests");
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output = ended
        .recv_timeout(PATIENCE)
        .expect("it ends")
        .expect("it ran");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("200 OK: hello"),
        "{output:?}"
    );
}
