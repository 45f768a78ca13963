//! Pages that are run as printed: what a reader types must do what the page says it does.
//!
//! Blocks of `sh` are what one types, blocks of `json` or `text` what must then appear, in which `…` stands for anything.
//! Addresses are moved out of the way of whatever else runs on this machine.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{registry, until};

/// A command, and the lines that must appear once it was given.
struct Step {
    command: String,
    shown: Vec<String>,
}

/// The steps between the two marks.
fn steps(page: &str) -> Vec<Step> {
    let tour = page
        .split_once("<!-- tour -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /tour -->"))
        .expect("the page marks its tour")
        .0;
    let mut steps: Vec<Step> = Vec::new();
    let mut block = "";
    for line in tour.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(kind), "") => {
                block = kind;
                if kind == "sh" {
                    steps.push(Step {
                        command: String::new(),
                        shown: Vec::new(),
                    });
                }
            }
            (Some(_), _) => block = "",
            (None, "sh") => {
                if let Some(step) = steps.last_mut() {
                    step.command.push_str(line);
                    step.command.push('\n');
                }
            }
            (None, "json" | "text") => {
                if let Some(step) = steps.last_mut() {
                    step.shown.push(line.to_owned());
                }
            }
            _ => {}
        }
    }
    steps
}

/// Whether `line` ends with what `shown` says, `…` standing for anything. Two commands may write at once, so a line may
/// begin with what another one hadn't ended.
fn matches(line: &str, shown: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(at) = (if shown.contains('…') {
        line.find(first)
    } else {
        line.rfind(first)
    }) else {
        return false;
    };
    let mut rest = &line[at + first.len()..];
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Types what `page`, a path from the root of the project, prints between its marks, and fails unless all that it says
/// appears. `moved` says which texts stand for which here.
pub fn follow(page: &str, moved: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{page}: {error}"));
    let steps = steps(&text);
    assert!(steps.len() >= 5, "{page} has {} commands", steps.len());
    let here = |text: &str| {
        moved
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let mut reader = Reader::open();
    let mut bash = reader.bash(&steps, here);
    for (number, step) in steps.iter().enumerate() {
        let mark = format!("@{number}\n");
        let seen = || reader.seen();
        for shown in step
            .shown
            .iter()
            .map(|line| here(line))
            .filter(|line| !line.is_empty())
        {
            until(&format!("`{}` shows `{shown}`", step.command), seen, || {
                let seen = seen();
                let (_, since) = seen.split_once(&mark)?;
                since
                    .lines()
                    .any(|line| matches(line, &shown))
                    .then_some(())
            });
        }
        reader.go_on();
    }
    assert!(
        crate::process::await_end(&mut bash.0).success(),
        "{}",
        reader.seen()
    );
}

/// A shell, which takes all that it started with it, also where the page promised too much.
struct Shell(Child);

impl Drop for Shell {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // A group that has ended can't be found.
        let _ended = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _reaped = self.0.wait();
    }
}

/// Who types the commands one by one, each when the one before has shown what the page says.
struct Reader {
    folder: tempfile::TempDir,
    gate: fs::File,
}

impl Reader {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let gate = folder.path().join("gate");
        let made = Command::new("mkfifo").arg(&gate).status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "mkfifo is needed"
        );
        // Open for both, so that neither side waits for the other to open.
        let gate = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(gate)
            .expect("a pipe");
        Self { folder, gate }
    }

    fn bash(&self, steps: &[Step], here: impl Fn(&str) -> String) -> Shell {
        let mut script = "exec 9<gate\ntrap 'kill $(jobs -p) 2>/dev/null; true' EXIT\n".to_owned();
        for (number, step) in steps.iter().enumerate() {
            let command = here(&step.command);
            script.push_str(&format!("echo; echo @{number}\n{command}read -r _ <&9\n"));
        }
        let printed = fs::File::create(self.folder.path().join("printed")).expect("a new file");
        let path = std::env::var("PATH").unwrap_or_default();
        let programs = registry::binary();
        let programs = programs.parent().unwrap_or(Path::new(".")).display();
        let child = Command::new("bash")
            .args(["-c", &script])
            .env("PATH", format!("{programs}:{path}"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(printed.try_clone().expect("a second handle"))
            .stderr(printed)
            // What it starts belongs to its group.
            .process_group(0)
            .spawn()
            .expect("bash runs");
        Shell(child)
    }

    /// All that was printed.
    fn seen(&self) -> String {
        fs::read_to_string(self.folder.path().join("printed")).unwrap_or_default()
    }

    fn go_on(&mut self) {
        self.gate
            .write_all(b"go on\n")
            .expect("the pipe takes a line");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_lines_may_leave_things_out() {
        for (line, shown, expected) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "bc", true),
            ("abcab", "ab", true),
            ("abc", "…", true),
            ("abc", "a…", true),
            ("abc", "…c", true),
            ("abc", "a…c", true),
            ("abc", "a…b", false),
            ("a-b-c", "a…b…c", true),
            ("{\"id\":\"one\",\"port\":1}", "{\"id\":\"one\",…}", true),
        ] {
            assert_eq!(matches(line, shown), expected, "{line} / {shown}");
        }
    }
}
