//! What the commands print: tables for people, the API's JSON for programs. Errors go to standard error, as one
//! sentence for people and as a problem document for programs.

use std::io::{self, Write};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::Value;

use crate::cli::Output;
use crate::exit::{Done, Exit, Failure};

/// Prints a line to standard output. A reader that went away (`| head`) ends the process quietly.
pub(crate) fn line(text: impl std::fmt::Display) -> Done {
    writeln!(io::stdout().lock(), "{text}")
        .map_err(|error| Failure::caused(Exit::Failed, "can't write to standard output", &error))
}

/// Prints bytes to standard output as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Done {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| Failure::caused(Exit::Failed, "can't write to standard output", &error))
}

/// Prints a line to standard error: for what is about the work and not its result.
pub(crate) fn note(text: impl std::fmt::Display) {
    // Whoever closed standard error doesn't want to know.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints JSON as it is, or `table` of it.
pub(crate) fn print(output: Output, value: &Value, table: impl FnOnce(&Value) -> String) -> Done {
    match output {
        Output::Json => line(value),
        Output::Table => line(table(value)),
    }
}

/// A column of a table: its header, and how to find the cell in a row.
pub(crate) type Column = (&'static str, fn(&Value) -> String);

/// A table of rows, each a field of the objects in a list: the header and how to find the cell.
pub(crate) fn table(rows: &Value, columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(columns.iter().map(|(header, _)| *header));
    for row in rows.as_array().into_iter().flatten() {
        table.add_row(columns.iter().map(|(_, cell)| cell(row)));
    }
    let text = table.to_string();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.trim_end().trim_start_matches(' '))
        .collect();
    lines.join("\n")
}

/// The text of a value, empty for none.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
