//! What the SDKs are built and tested with: it has to be on the machine, and new enough.

use std::process::Command;

use crate::process;

/// A program, and the oldest release of it that will do.
pub(super) struct Tool {
    program: &'static str,
    version: &'static str,
    /// The first two numbers.
    at_least: (u32, u32),
}

pub(super) const PYTHON: Tool = Tool::new("python3", "--version", (3, 10));
pub(super) const NODE: Tool = Tool::new("node", "--version", (20, 0));
pub(super) const NPM: Tool = Tool::new("npm", "--version", (9, 0));
pub(super) const GO: Tool = Tool::new("go", "version", (1, 22));
pub(super) const JDK: Tool = Tool::new("javac", "--version", (17, 0));
pub(super) const MAVEN: Tool = Tool::new("mvn", "--version", (3, 6));

impl Tool {
    const fn new(program: &'static str, version: &'static str, at_least: (u32, u32)) -> Self {
        Self {
            program,
            version,
            at_least,
        }
    }

    /// What is missing, if it isn't there or is too old.
    pub(super) fn missing(&self) -> Option<String> {
        let said = process::output(Command::new(self.program).arg(self.version));
        self.lack(said.ok().as_deref())
    }

    /// The same, judged by what it says of itself, if it is there.
    fn lack(&self, said: Option<&str>) -> Option<String> {
        let (major, minor) = self.at_least;
        let wanted = format!("{} {major}.{minor} or newer", self.program);
        match said.map(numbers) {
            None => Some(wanted),
            Some(None) => Some(format!("{wanted}, and its version can't be read")),
            Some(Some(found)) if found < self.at_least => {
                Some(format!("{wanted}, and finds {}.{}", found.0, found.1))
            }
            Some(Some(_)) => None,
        }
    }
}

/// The first two numbers with a dot between them.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    parts
        .filter_map(|part| {
            let mut numbers = part.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_tools_print_them() {
        for (text, expected) in [
            ("Python 3.11.2\n", Some((3, 11))),
            ("v20.19.2\n", Some((20, 19))),
            ("go version go1.22.5 linux/amd64\n", Some((1, 22))),
            ("javac 17.0.16\n", Some((17, 0))),
            (
                "\u{1b}[1mApache Maven 3.8.7\u{1b}[m\nMaven home: /usr/share/maven\n",
                Some((3, 8)),
            ),
            ("no number", None),
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_absent_or_too_old_is_missing() {
        for (said, missing) in [
            (Some("Python 3.10.0"), None),
            (Some("Python 4.0.0"), None),
            (
                Some("Python 3.9.9"),
                Some("python3 3.10 or newer, and finds 3.9"),
            ),
            (
                Some("?"),
                Some("python3 3.10 or newer, and its version can't be read"),
            ),
            (None, Some("python3 3.10 or newer")),
        ] {
            assert_eq!(PYTHON.lack(said).as_deref(), missing, "{said:?}");
        }
        let absent = Tool::new("paste-registry-no-such-program", "--version", (1, 0));
        assert!(absent.missing().is_some());
    }
}
