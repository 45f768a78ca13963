//! No function is longer than a screen: one that is has two thoughts.
//!
//! Read from the layout that rustfmt gives: a function ends at the first `}` under its own `fn`.

use super::sources::is_test_file;
use super::{File, Finding};

/// From the line of `fn` to the closing brace, both counted.
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that are longer all the same: path, name, lines. This list may only become shorter.
const LONG: [(&str, &str, usize); 0] = [];

/// Checks all source files, and that no entry of [`LONG`] is longer needed than it stands.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut still_long = Vec::new();
    // A table of cases is long without having two thoughts.
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    for file in sources.filter(|file| !is_test_file(&file.path)) {
        for function in functions(&file.text) {
            if function.lines <= FUNCTION_LINES_MAX {
                continue;
            }
            let known = LONG
                .iter()
                .find(|(path, name, _)| *path == file.path && *name == function.name);
            match known {
                Some(entry) if entry.2 >= function.lines => still_long.push(*entry),
                _ => findings.push(Finding::new(
                    &file.path,
                    function.first_line,
                    format!(
                        "`{}` has {} lines; the limit is {FUNCTION_LINES_MAX}",
                        function.name, function.lines
                    ),
                )),
            }
        }
    }
    for entry in LONG.iter().filter(|entry| !still_long.contains(entry)) {
        findings.push(Finding::new(
            "xtask/src/tidy/functions.rs",
            0,
            format!("`{}` is short now: take it off the list", entry.1),
        ));
    }
    findings
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    first_line: usize,
    lines: usize,
}

fn functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let without_body = lines[index..]
            .iter()
            .find(|line| line.ends_with('{') || line.ends_with(';') || line.ends_with('}'))
            .is_some_and(|line| !line.ends_with('{'));
        if without_body {
            continue;
        }
        if let Some(length) = lines[index..].iter().position(|line| *line == end) {
            found.push(Function {
                name,
                first_line: index + 1,
                lines: length + 1,
            });
        }
    }
    found
}

/// The name, if a function begins on this line.
fn function_name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    loop {
        match words.next()? {
            "fn" => break,
            "pub" | "const" | "async" | "unsafe" | "default" | "extern" | "\"C\"" => {}
            word if word.starts_with("pub(") => {}
            _ => return None,
        }
    }
    let name: String = words
        .next()?
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    // The `fn $name` of a macro has none.
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured_from_signature_to_brace() {
        let text = "\
fn one_line() {}
pub(crate) async fn long(
    a: u8,
) -> u8 {
    if a == 0 {
        return 1;
    }
    a
}
trait T {
    fn no_body(&self) -> u8;
    fn body(&self) {
        self.no_body();
    }
}
";
        let found: Vec<_> = functions(text)
            .into_iter()
            .map(|f| (f.name, f.first_line, f.lines))
            .collect();
        assert_eq!(
            found,
            [("long".to_owned(), 2, 8), ("body".to_owned(), 12, 3)]
        );
    }

    #[test]
    fn the_limit_is_exact() {
        let function = |body: usize| File {
            path: "a.rs".to_owned(),
            text: format!("fn f() {{\n{}}}\n", "    g();\n".repeat(body)),
        };
        assert!(check(&[function(FUNCTION_LINES_MAX - 2)]).is_empty());
        assert_eq!(check(&[function(FUNCTION_LINES_MAX - 1)]).len(), 1);
    }
}
