//! The reference pages, made from the definitions themselves. `paste-registry reference docs/reference` writes them; a test
//! says when they have fallen behind.

use std::fmt::Write;
use std::path::Path;

use clap::Command;
use prometheus_client::metrics::MetricType;

use crate::cli;
use crate::config::{Config, Section, VARIABLE_PREFIX};
use crate::exit::{Done, Exit, Failure};
use crate::metrics::SPECS;

const MADE: &str = "<!-- Made from the source by `paste-registry reference docs/reference`. -->\n";

fn configuration() -> String {
    let mut page = format!(
        "# Configuration\n\n{MADE}\n\
         Options come from a TOML file (`--config FILE`), from the environment and from flags; later ones win. The option \
         `address` of the section `http` is written\n\n\
         - in the file: `address = \"127.0.0.1:7750\"` under `[http]`,\n\
         - in the environment: `{VARIABLE_PREFIX}HTTP_ADDRESS=127.0.0.1:7750`,\n\
         - as a flag: `--set http.address=127.0.0.1:7750`.\n\n\
         What is unknown or invalid stops the start, with its name and the place where it stands. `paste-registry config \
         check` says so without starting.\n"
    );
    for section in Config::default().sections() {
        write_section(&mut page, section);
    }
    page
}

fn write_section(page: &mut String, section: &dyn Section) {
    let text = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let _ = writeln!(
        page,
        "\n## `[{}]`\n\n{}\n",
        section.name(),
        text(section.doc())
    );
    for option in section.options() {
        let default = if option.default.is_empty() {
            "none".to_owned()
        } else {
            format!("`{}`", option.default)
        };
        let _ = writeln!(
            page,
            "- **`{}`**: {}\n  ({}; default {default})",
            option.key,
            text(option.doc),
            option.kind
        );
    }
}

fn command_line() -> String {
    let mut page = format!("# Command line\n\n{MADE}\n## Exit codes\n\n");
    for (exit, meaning) in Exit::MEANINGS {
        let _ = writeln!(page, "- `{}`: {meaning}", exit.code());
    }
    let mut command = cli::command().term_width(100);
    command.build();
    write_command(&mut page, &mut command);
    page
}

fn write_command(page: &mut String, command: &mut Command) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = command
        .get_bin_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    let _ = writeln!(
        page,
        "\n## `{name}`\n\n```text\n{}\n```",
        lines.join("\n").trim_end()
    );
    for below in command.get_subcommands_mut() {
        write_command(page, below);
    }
}

fn metrics() -> String {
    let mut page = format!(
        "# Metrics\n\n{MADE}\n\
         `GET /metrics` answers in the text format of Prometheus. The number of series is fixed, but for two of each node: no \
         name of a service, instance or client is a label.\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n"
    );
    for spec in SPECS {
        let (kind, suffix) = match spec.kind {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Histogram => ("histogram", ""),
            _ => ("gauge", ""),
        };
        let _ = writeln!(
            page,
            "| `paste_registry_{}{suffix}` | {kind} | {} | {} |",
            spec.name, spec.labels, spec.help
        );
    }
    page
}

/// The pages by their names.
fn pages() -> [(&'static str, String); 3] {
    [
        ("configuration.md", configuration()),
        ("cli.md", command_line()),
        ("metrics.md", metrics()),
    ]
}

/// Writes the pages into a folder.
pub(crate) fn write(folder: &Path) -> Done {
    for (name, page) in pages() {
        let path = folder.join(name);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, page))
            .map_err(|error| {
                Failure::caused(
                    Exit::Failed,
                    format!("can't write {}", path.display()),
                    &error,
                )
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
        for (name, page) in pages() {
            let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(
                found == page,
                "{name} has fallen behind: cargo run -p paste-registry -- reference docs/reference"
            );
        }
    }
}
