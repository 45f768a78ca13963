//! The record: a folder for each day and machine, with what was measured and how.

use std::fmt::Write;
use std::fs;

use crate::machine::Machine;
use crate::measure::{Goal, Outcome};
use crate::{Arguments, Failure};

/// Writes README.md, results.json and results.csv; called after every row, so that a run that stops leaves what it has.
pub(crate) fn keep(
    arguments: &Arguments,
    machine: &Machine,
    outcomes: &[Outcome],
    failures: &[String],
) -> Result<(), Failure> {
    let folder = arguments
        .record
        .join(format!("{}-{}", machine.date, machine.slug()));
    fs::create_dir_all(&folder)?;
    let record = serde_json::json!({
        "machine": machine,
        "pairs": arguments.pairs,
        "seconds": arguments.seconds,
        "outcomes": outcomes,
        "not_measured": failures,
    });
    fs::write(
        folder.join("results.json"),
        serde_json::to_string_pretty(&record)? + "\n",
    )?;
    fs::write(folder.join("results.csv"), csv(outcomes)?)?;
    fs::write(
        folder.join("README.md"),
        page(arguments, machine, outcomes, failures)?,
    )?;
    Ok(())
}

/// The table that a person reads.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut table = String::from(
        "| row | registry | reference | result | target | reached | cpu, registry | cpu, reference |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let sign = if outcome.goal == Goal::AtLeast {
            "≥"
        } else {
            "≤"
        };
        let target = outcome
            .target
            .map_or_else(|| "-".to_owned(), |target| format!("{sign} {target}"));
        let reached = match outcome.reached() {
            None => "-",
            Some(true) => "yes",
            Some(false) => "no",
        };
        let reference = match outcome.reference {
            0.0 => "-".to_owned(),
            reference => format!("{} {}", number(reference), outcome.reference_name),
        };
        let result = match outcome.reference {
            0.0 => number(outcome.ours),
            _ => format!("{:.2}", outcome.result),
        };
        table.push_str(&format!(
            "| {} | {} {} | {reference} | {result} | {target} | {reached} | {} | {} |\n",
            outcome.row,
            number(outcome.ours),
            outcome.unit,
            cpu(outcome.ours_cpu_us),
            cpu(outcome.reference_cpu_us),
        ));
    }
    table
}

fn cpu(microseconds: f64) -> String {
    if microseconds > 0.0 {
        format!("{microseconds:.2} us")
    } else {
        "-".to_owned()
    }
}

fn number(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn csv(outcomes: &[Outcome]) -> Result<String, Failure> {
    let mut csv = String::from(
        "row,unit,pair,registry,registry_cpu_us,reference,reference_value,reference_cpu_us\n",
    );
    for outcome in outcomes {
        let (row, reference) = (&outcome.row, &outcome.reference_name);
        if outcome.pairs.is_empty() {
            writeln!(csv, "\"{row}\",{},,{},,,,", outcome.unit, outcome.ours)?;
        }
        for (number, (ours, theirs)) in (1..).zip(&outcome.pairs) {
            writeln!(
                csv,
                "\"{row}\",{},{number},{},{},\"{reference}\",{},{}",
                outcome.unit, ours.value, ours.cpu_us, theirs.value, theirs.cpu_us
            )?;
        }
    }
    Ok(csv)
}

fn page(
    arguments: &Arguments,
    machine: &Machine,
    outcomes: &[Outcome],
    failures: &[String],
) -> Result<String, Failure> {
    let mut page = format!("# Bench of {} on {}\n\n", machine.date, machine.processor);
    writeln!(
        page,
        "{} cores, {}, {}, {} open files.\n",
        machine.cores, machine.memory, machine.system, machine.open_files
    )?;
    for version in &machine.versions {
        writeln!(page, "- {version}")?;
    }
    writeln!(
        page,
        "\nMade by `cargo xtask bench`: {} interleaved pairs a row of {} s each, the server on core 0, the load on core 1.\n\
         A result is the median of the pairs' ratios (registry to reference), or the value itself where there is no\n\
         reference; beside it the server's processor time per request. Single runs are in `results.csv`.\n",
        arguments.pairs, arguments.seconds
    )?;
    page.push_str(&table(outcomes));
    if !failures.is_empty() {
        page.push_str("\nNot measured:\n\n");
        for failure in failures {
            writeln!(page, "- {failure}")?;
        }
    }
    Ok(page)
}
