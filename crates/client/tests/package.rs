//! The package as it would be handed out, in an empty project of its own.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// The package, and what it needs of the workspace.
const PACKAGES: [&str; 4] = [
    "paste-registry-client",
    "paste-api",
    "paste-model",
    "paste-traffic",
];

fn run(command: &mut Command) {
    let status = command.status().expect("it can be started");
    assert!(status.success(), "{command:?}: {status}");
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).env("CARGO_TARGET_DIR", target);
    command
}

#[test]
#[ignore = "builds every dependency again, which takes minutes"]
fn an_empty_project_builds_with_the_package() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().expect("a folder");
    // With the profile of the workspace, what both need is built once.
    let target = workspace.join("target");
    let mut packaging = cargo(&workspace, &target);
    packaging.args([
        "package",
        "--allow-dirty",
        "--no-verify",
        "--exclude-lockfile",
    ]);
    for name in PACKAGES {
        packaging.args(["--package", name]);
    }
    run(&mut packaging);
    let version = env!("CARGO_PKG_VERSION");
    let mut manifest = format!(
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         paste-registry-client = \"{version}\"\ntokio = {{ version = \"1\", features = [\"full\"] }}\n\
         http-body-util = \"0.1\"\n[profile.dev]\ndebug = \"line-tables-only\"\n\
         [profile.dev.package.\"*\"]\nopt-level = 1\n[patch.crates-io]\n"
    );
    for name in PACKAGES {
        let file = target.join(format!("package/{name}-{version}.crate"));
        run(Command::new("tar")
            .arg("xzf")
            .arg(file)
            .arg("-C")
            .arg(folder.path()));
        manifest.push_str(&format!("{name} = {{ path = \"{name}-{version}\" }}\n"));
    }
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(folder.path().join("Cargo.toml"), manifest).expect("written");
    let program = include_str!("../examples/hello.rs");
    fs::write(folder.path().join("src/main.rs"), program).expect("written");
    fs::copy(
        workspace.join("Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .expect("a lock file");
    run(cargo(folder.path(), &target).arg("build"));
}
