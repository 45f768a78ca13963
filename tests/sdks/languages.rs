//! How the scenario agent of each language is built and started.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds an agent, and gives what starts it, or why it can't be built.
type Build = fn() -> Result<Start, String>;

/// Each language, by the name of its column.
const LANGUAGES: [(&str, Build); 5] = [
    ("rust", rust),
    ("python", python),
    ("typescript", typescript),
    ("go", go),
    ("java", java),
];

/// What starts an agent.
struct Start {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Start {
    fn of(program: impl Into<PathBuf>, arguments: &[&Path]) -> Self {
        let arguments = arguments.iter().map(|path| path.display().to_string());
        Self {
            program: program.into(),
            arguments: arguments.collect(),
            variables: Vec::new(),
        }
    }
}

/// A language whose agent is built.
pub struct Language {
    /// The name of its column.
    pub name: &'static str,
    /// Whether its programs go by a wall clock that faketime gives them. Go's ask the kernel.
    pub clock_can_be_wrong: bool,
    start: Start,
}

impl Language {
    /// A program that speaks as an agent, under a name of its own.
    pub fn of(name: &'static str, program: &Path) -> Self {
        Self {
            name,
            clock_can_be_wrong: true,
            start: Start::of(program, &[]),
        }
    }

    /// Starts an agent; nothing of what the environment says to clients of a registry reaches it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.start.program);
        command
            .args(&self.start.arguments)
            .envs(self.start.variables.clone())
            .env_remove("PASTE_REGISTRY_URL")
            .env_remove("PASTE_REGISTRY_TOKEN");
        command
    }
}

/// Builds the agents of all languages, or of those that `PASTE_SDKS` names. What can't be built comes with its reason.
pub fn build() -> Vec<(&'static str, Result<Language, String>)> {
    let chosen = env::var("PASTE_SDKS").ok();
    let chosen: Option<Vec<&str>> = chosen.as_ref().map(|names| names.split(',').collect());
    if let Some(names) = &chosen {
        let known = |name: &&str| LANGUAGES.iter().any(|(known, _)| known == name);
        assert!(names.iter().all(known), "PASTE_SDKS names {names:?}");
    }
    LANGUAGES
        .iter()
        .filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen.contains(name)))
        .map(|(name, build)| {
            let language = build().map(|start| Language {
                name,
                clock_can_be_wrong: *name != "go",
                start,
            });
            (*name, language)
        })
        .collect()
}

fn rust() -> Result<Start, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let package = "build --quiet --package paste-registry-client --example scenario";
    run(Command::new(cargo)
        .current_dir(root())
        .args(package.split(' ')))?;
    Ok(Start::of(target().join("examples/scenario"), &[]))
}

fn python() -> Result<Start, String> {
    let folder = root().join("sdk/python");
    let own = folder.join(".venv/bin/python");
    let program = if own.exists() { own } else { "python3".into() };
    let mut start = Start::of(program, &[&folder.join("scenario.py")]);
    let sources = folder.join("src").display().to_string();
    start.variables.push(("PYTHONPATH", sources));
    Ok(start)
}

fn typescript() -> Result<Start, String> {
    let folder = root().join("sdk/typescript");
    if !folder.join("node_modules").exists() {
        run(Command::new("npm")
            .args(["ci", "--silent", "--no-audit", "--no-fund"])
            .current_dir(&folder))?;
    }
    run(Command::new("npm")
        .args(["run", "--silent", "build:test"])
        .current_dir(&folder))?;
    let program = folder.join("dist-test/scenario.js");
    Ok(Start::of("node", &[&program]))
}

fn go() -> Result<Start, String> {
    let program = target().join("scenario-go");
    run(Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg("./cmd/scenario")
        .current_dir(root().join("sdk/go")))?;
    Ok(Start::of(program, &[]))
}

fn java() -> Result<Start, String> {
    let folder = root().join("sdk/java");
    let options = "-B -ntp -q -Dspotless.check.skip -pl samples -am compile";
    run(Command::new("mvn")
        .args(options.split(' '))
        .current_dir(&folder))?;
    let classes = ["client", "samples"].map(|module| {
        let path = folder.join(module).join("target/classes");
        path.display().to_string()
    });
    let mut start = Start::of("java", &[]);
    let arguments = [
        "-cp",
        &classes.join(":"),
        "registry.paste.scenario.Scenario",
    ];
    start.arguments = arguments.map(str::to_owned).to_vec();
    Ok(start)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = paste_tests::tail(&String::from_utf8_lossy(&said));
    Err(format!("{command:?} ended with {}: {said}", output.status))
}

/// The top of the repository.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("it is not the root").to_owned()
}

/// The folder of this build, `target/<profile>`.
fn target() -> PathBuf {
    // target/<profile>/deps/sdks-<hash> is what runs.
    let program = env::current_exe().expect("a program knows its own path");
    let folder = program.parent().and_then(Path::parent);
    folder.expect("it lies in target/<profile>/deps").to_owned()
}
